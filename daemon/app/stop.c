/* What the daemon does on a signal. */
#include "daemon/app/stop.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/rt/dump.h"
#include "daemon/rt/rt.h"

int stop_open(struct stop *s)
{
	static const int signos[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, 0};

	return signals_open(&s->signals, signos);
}

void stop_close(struct stop *s)
{
	signals_close(&s->signals);
}

int stop_run(void *stop)
{
	struct stop *s = stop;
	bool has_terminal = isatty(STDIN_FILENO) == 1;
	bool stopping = false;

	for (;;) {
		int signo = signals_recv(&s->signals);

		if (signo < 0)
			return signo;
		if (signo == SIGUSR1) {
			task_dump(stderr);
			continue;
		}
		if (signo == SIGHUP && s->reload && !has_terminal) {
			s->reload(s->arg);
			continue;
		}
		if (stopping)
			rt_cancel(strsignal(signo));
		else
			s->stop(s->arg, strsignal(signo));
		stopping = true;
	}
}
