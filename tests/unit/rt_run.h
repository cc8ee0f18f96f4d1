/*
 * What the tests of the runtime share: a test body that runs as the root task, once on each poller, on
 * the virtual clock; and a trace of what happened in which order.
 */
#ifndef TESTS_UNIT_RT_RUN_H
#define TESTS_UNIT_RT_RUN_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"

/* Words that tasks said, each after a space. */
static char said[4096];

static int next_turn; /* of turn() */

__attribute__((unused, format(printf, 1, 2))) static int say(const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	n += (size_t)snprintf(said + n, sizeof(said) - n, " ");
	vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	return 0;
}

/* What was said, which is forgotten by it. */
__attribute__((unused)) static const char *heard(void)
{
	static char copy[sizeof(said)];

	memcpy(copy, said, sizeof(said));
	said[0] = '\0';
	return copy[0] ? copy + 1 : "";
}

__attribute__((unused)) static void run_on(enum rt_clock clock, int (*fn)(void *arg))
{
	for (int p = RT_POLLER_EPOLL; p <= RT_POLLER_POLL; p++) {
		struct rt_conf conf = {.clock = clock, .poller = (enum rt_poller)p};

		said[0] = '\0';
		next_turn = 0;
		cr_assert(eq(int, rt_run(&conf, fn, NULL), 0), "poller %d", p);
	}
}

/*
 * Whether @call was a checkpoint, also when it need not have waited (R2): the loop has begun another pass
 * by its end.
 */
#define expect_checkpoint(call, want)                                                    \
	do {                                                                             \
		uint64_t passes_before = passes_now();                                   \
		cr_assert(eq(int, (int)(call), want));                                   \
		cr_assert(ne(u64, passes_now(), passes_before));                         \
	} while (0)

__attribute__((unused)) static uint64_t passes_now(void)
{
	struct rt_stats stats;

	rt_stats(&stats);
	return stats.passes;
}

/* A sequencer (T2): tasks that call turn(0), turn(1) ... go on in that order. */
__attribute__((unused)) static void turn(int n)
{
	while (next_turn != n)
		cr_assert(eq(int, task_checkpoint(), 0));
	next_turn++;
}

/* A program's root task @fn dies of the signal @signo and says @message. */
__attribute__((unused)) static void dies_with(const struct rt_conf *conf, int signo,
					      int (*fn)(void *), const char *message)
{
	char text[4096] = "";
	int status, out[2];
	pid_t pid;

	cr_assert(eq(int, pipe(out), 0));
	pid = fork();
	if (pid == 0) {
		dup2(out[1], STDERR_FILENO);
		signal(signo, SIG_DFL);
		(void)!rt_run(conf, fn, NULL);
		_exit(0);
	}
	close(out[1]);
	for (size_t n = 0; n < sizeof(text) - 1;) {
		ssize_t got = read(out[0], text + n, sizeof(text) - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(out[0]);
	waitpid(pid, &status, 0);
	cr_assert(strstr(text, message) != NULL, "%s", text);
	cr_assert(eq(int, status & 0x7f, signo), "status %x: %s", status, text);
}

__attribute__((unused)) static void dies_of(int signo, int (*fn)(void *),
					    const char *message)
{
	dies_with(NULL, signo, fn, message);
}

/* RT_TEST(suite, name) { ...the root task's body...; return 0; } */
#define RT_TEST_ON(clock, suite, name)                                                   \
	static int suite##_##name(void *arg);                                            \
	Test(suite, name)                                                                \
	{                                                                                \
		run_on(clock, suite##_##name);                                           \
	}                                                                                \
	static int suite##_##name(__attribute__((unused)) void *arg)

#define RT_TEST(suite, name) RT_TEST_ON(RT_CLOCK_VIRTUAL, suite, name)
#define RT_TEST_REAL(suite, name) RT_TEST_ON(RT_CLOCK_MONOTONIC, suite, name)

/* Did the body return this? For calls whose result is part of the test. */
#define expect(call, want) cr_assert(eq(int, call, want))

#endif
