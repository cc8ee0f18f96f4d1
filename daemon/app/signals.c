/* The daemon's signals, as events of the loop. */
#include "daemon/app/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "daemon/rt/fd.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"

static void all_of_them(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
}

int signals_block(void)
{
	sigset_t set;

	all_of_them(&set);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

static int serve(const struct signals *s, int fd)
{
	bool stopping = false;

	for (;;) {
		struct signalfd_siginfo info;
		ssize_t n = fd_read(fd, &info, sizeof(info));
		int signo;

		if (n < 0)
			return (int)n;
		signo = (int)info.ssi_signo;
		if (signo == SIGUSR1)
			task_dump(stderr);
		else if (stopping)
			rt_cancel(strsignal(signo));
		else
			s->stop(s->arg, strsignal(signo));
		stopping = stopping || signo != SIGUSR1;
	}
}

int signals_run(void *signals)
{
	sigset_t set;
	int fd;
	int r;

	all_of_them(&set);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = serve(signals, fd);
	fd_close(fd);
	return r;
}
