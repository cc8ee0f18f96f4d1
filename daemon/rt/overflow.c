/*
 * Stack overflow: a touch of a task's guard is reported with the task's name before the process dies
 * of it. Everything in the handler is async-signal-safe.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/rt/internal.h"

static void say(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static void on_segv(int signo, siginfo_t *info, void *uc)
{
	struct rt *rt = rt_this_or_null();
	const struct task *t = rt ? rt->current : NULL;

	(void)uc;
	if (t && stack_in_guard(&t->stack, info->si_addr)) {
		say("<2>stack overflow in task ");
		say(t->name);
		say(": too deep a recursion or too large a frame\n");
	}
	/* Die of the fault itself, with a core dump that shows it. */
	signal(signo, SIG_DFL);
	raise(signo);
}

/* The handler needs a stack of its own: the task's has just run out. One per thread with a loop. */
void overflow_guard_install(void)
{
	static _Thread_local char alt[16384];
	stack_t ss = {.ss_sp = alt, .ss_size = sizeof(alt)};
	struct sigaction old;
	struct sigaction sa = {.sa_sigaction = on_segv,
			       .sa_flags = SA_SIGINFO | SA_ONSTACK};

	if (sigaction(SIGSEGV, NULL, &old) < 0)
		return;
	/* A debugger's, sanitizer's or test framework's handler stays. */
	if (old.sa_handler != SIG_DFL && old.sa_sigaction != on_segv)
		return;
	if (sigaltstack(&ss, NULL) < 0)
		return;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGSEGV, &sa, NULL);
}
