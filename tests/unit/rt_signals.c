/* Signals as values. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/signals.h"
#include "tests/unit/rt_run.h"

static const int usr[] = {SIGUSR1, SIGUSR2, 0};
static volatile sig_atomic_t handled;

static void count(int signo)
{
	(void)signo;
	handled++;
}

RT_TEST(signals, R10_B42_two_kinds_while_nobody_listens_are_both_delivered)
{
	struct signals s;
	int sum = 0;

	expect(signals_open(&s, usr), 0);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	for (int i = 0; i < 2; i++) {
		int signo = signals_recv(&s);

		cr_assert(signo > 0);
		sum += signo;
	}
	cr_assert(eq(int, sum, SIGUSR1 + SIGUSR2));
	signals_close(&s);
	return 0;
}

RT_TEST(signals, R10_B42_what_was_not_received_goes_to_the_old_handler)
{
	struct signals s;

	handled = 0;
	signal(SIGUSR1, count);
	expect(signals_open(&s, usr), 0);
	kill(getpid(), SIGUSR1);
	cr_assert(eq(int, handled, 0));
	signals_close(&s);
	cr_assert(eq(int, handled, 1));
	return 0;
}

static int receives(void *arg)
{
	say("%d", signals_recv(arg));
	return 0;
}

RT_TEST(signals, R10_B42_a_second_consumer_is_refused)
{
	struct nursery n;
	struct signals s;

	expect(signals_open(&s, usr), 0);
	nursery_open(&n);
	nursery_go(&n, "a", receives, &s);
	expect(task_wait_all_blocked(), 0);
	expect(signals_recv(&s), -EBUSY);
	kill(getpid(), SIGUSR1);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "10"));
	signals_close(&s);
	return 0;
}

static int receives_burst(void *arg)
{
	for (int i = 0; i < 5; i++) {
		kill(getpid(), SIGUSR1);
		expect(signals_recv(arg), SIGUSR1);
		say("s");
	}
	return 0;
}

static int turns(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		say("t");
		expect(task_checkpoint(), 0);
	}
	return 0;
}

RT_TEST(signals, R10_B42_bursts_do_not_starve_others)
{
	struct nursery n;
	struct signals s;

	expect(signals_open(&s, usr), 0);
	nursery_open(&n);
	nursery_go(&n, "burst", receives_burst, &s);
	nursery_go(&n, "other", turns, NULL);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "t s t s t s t s t s"));
	signals_close(&s);
	return 0;
}

static void no_log(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)text;
	(void)arg;
}

/* Asked to end, it says so and goes on until it must. */
static int stubborn(void *arg)
{
	const struct task_opt opt = {.name = "guard", .service = true};
	static int64_t grace_ns = 5 * NS_PER_S;
	struct nursery n;
	int r;

	nursery_open(&n);
	expect(nursery_start_ready(&n, &opt, signals_guard, &grace_ns, NULL), 0);
	kill(getpid(), SIGTERM);
	expect(task_wait_all_blocked(), 0);
	cr_assert(task_cancelling());
	expect(task_check(), 0);
	cr_assert(eq(str, (char *)scope_cause()->reason, "Terminated"));
	cr_assert(eq(int, scope_cause()->source, CANCEL_SHUTDOWN));
	if (arg)
		kill(getpid(), SIGINT);
	r = task_sleep_forever();
	cr_assert(eq(i64, rt_now(), arg ? 0 : grace_ns));
	return nursery_close(&n, r);
}

Test(signals, R10_the_first_asks_and_the_second_insists)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	log_set_sink(no_log, NULL);
	expect(rt_run(&conf, stubborn, NULL), -ECANCELED);
	expect(rt_run(&conf, stubborn, &conf), -ECANCELED);
}
