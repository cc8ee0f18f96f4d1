/* Signals that ask the daemon to stop. */
#include "daemon/app/stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "daemon/base/log.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/rt.h"

static void stop_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

int stop_block_signals(void)
{
	sigset_t set;

	stop_set(&set);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

int stop_on_signals(void *unused)
{
	struct signalfd_siginfo info;
	sigset_t set;
	ssize_t n;
	int fd;

	(void)unused;
	stop_set(&set);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = fd_read(fd, &info, sizeof(info));
	if (n > 0) {
		LOG(INFO, "%s: stopping", strsignal((int)info.ssi_signo));
		rt_cancel(strsignal((int)info.ssi_signo));
		n = 0;
	}
	fd_close(fd);
	return (int)n;
}
