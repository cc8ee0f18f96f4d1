/* Signals as values, on signalfd(2). */
#include "daemon/rt/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>

#include "daemon/base/log.h"
#include "daemon/rt/choose.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"

int signals_open(struct signals *s, const int *signos)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *signos; signos++)
		sigaddset(&set, *signos);
	s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	pthread_sigmask(SIG_BLOCK, &set, &s->before);
	return 0;
}

int signals_recv(struct signals *s)
{
	struct signalfd_siginfo info;
	ssize_t n = fd_read(s->fd, &info, sizeof(info));

	return n < 0 ? (int)n : (int)info.ssi_signo;
}

struct choice_case *choice_signal(struct choice_fd *c, struct signals *s)
{
	return choice_fd(c, s->fd, FD_READ);
}

void signals_close(struct signals *s)
{
	fd_close(s->fd);
	pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}

/* Ask to end, then insist. */
static int guard(struct signals *s, int64_t grace_ns)
{
	for (bool asked = false;; asked = true) {
		int signo = signals_recv(s);
		const char *name;

		if (signo < 0)
			return signo;
		name = strsignal(signo);
		if (asked) {
			LOG(NOTICE, "%s again: ending at once", name);
			rt_cancel(name);
		} else {
			LOG(NOTICE, "%s: ending within %.1f s", name,
			    (double)grace_ns / 1e9);
			rt_cancel_soft(grace_ns, name);
		}
	}
}

int signals_guard(void *grace_ns)
{
	static const int signos[] = {SIGTERM, SIGINT, 0};
	struct signals s;
	int r;

	r = signals_open(&s, signos);
	if (r < 0)
		return error_set(r, "signals cannot be received");
	(void)task_ready(NULL); /* may be an ordinary child */
	r = guard(&s, *(const int64_t *)grace_ns);
	signals_close(&s);
	return r;
}
