/*
 * The sample programs of the talks (C-1 to C-9), as far as they need no values, as one writes them in C. The
 * strings are the talks'. C-5, where a task runs on behind everybody's back and its error is never seen, cannot
 * be written: there is no way to start a task outside of a nursery. (In Lua: tests/behave/c*.lua.)
 */
#include <errno.h>

#include "daemon/rt/combine.h"
#include "daemon/rt/dump.h"
#include "daemon/rt/error.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/thread.h"
#include "tests/unit/rt_run.h"

/* A line, with the time before it. */
__attribute__((format(printf, 1, 2))) static void print(const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	n += (size_t)snprintf(said + n, sizeof(said) - n, "%.1f ",
			      (double)rt_now() / 1e9);
	va_start(ap, fmt);
	n += (size_t)vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	snprintf(said + n, sizeof(said) - n, "\n");
}

static void printed(const char *want)
{
	cr_assert(eq(str, said, (char *)want));
	said[0] = '\0';
}

/* C-1: four children, each of which calls a grandchild in the same task. */
static int grandchild(void)
{
	int r;

	print("👶👶孫コルーチン こんにちは");
	r = task_sleep(100 * NS_PER_MS);
	if (r < 0)
		return r;
	print("👶👶 さようなら");
	return 0;
}

static int child(void *arg)
{
	int r;

	(void)arg;
	print("👶子コルーチン こんにちは");
	r = grandchild();
	if (r < 0)
		return r;
	print("👶 さようなら");
	return 0;
}

RT_TEST(talks, C_1_nursery)
{
	struct nursery n;

	nursery_open(&n);
	for (int i = 0; i < 4; i++)
		nursery_go(&n, "child", child, NULL);
	expect(nursery_close(&n, 0), 0);
	print("閉園");
#define GREETING "0.0 👶子コルーチン こんにちは\n0.0 👶👶孫コルーチン こんにちは\n"
#define FAREWELL "0.1 👶👶 さようなら\n0.1 👶 さようなら\n"
	printed(GREETING GREETING GREETING GREETING FAREWELL FAREWELL FAREWELL FAREWELL
		"0.1 閉園\n");
	return 0;
}

/* The second to fail had been cancelled by then. */
#define TYPE_ERROR                                                                       \
	"type: TypeError (EPROTO), cancelled by value 0.000 s earlier: value failed "    \
	"(nursery)\n"

/* C-2: two of four fail at the same time; the nap is ended, and both errors arrive. */
static int succeeds(void *arg)
{
	task_set_value(arg); /* "成功" */
	return 0;
}

static int value_error(void *arg)
{
	(void)arg;
	return error_set(-EINVAL, "ValueError");
}

static int type_error(void *arg)
{
	(void)arg;
	return error_set(-EPROTO, "TypeError");
}

static int nap(void *arg)
{
	int r;

	(void)arg;
	print("長いコルーチン 開始");
	r = task_sleep(3 * NS_PER_S);
	if (r < 0)
		return r;
	print("👶👶👶");
	return 0;
}

RT_TEST(talks, C_2_two_errors)
{
	static char word[] = "成功";
	const struct task_opt opt = {.name = "succeeds"};
	struct child good;
	struct nursery n;
	char text[200];
	int r;

	nursery_open(&n);
	nursery_start(&n, &good, &opt, succeeds, word);
	nursery_go(&n, "value", value_error, NULL);
	nursery_go(&n, "type", type_error, NULL);
	nursery_go(&n, "nap", nap, NULL);
	r = nursery_close(&n, 0);
	print("%s", error_format(error_last(r), text, sizeof(text)));
	print("%s", (char *)good.value);
	expect(task_sleep(5 * NS_PER_S), 0);
	print("閉園");
	printed("0.0 長いコルーチン 開始\n"
		"0.0 value: ValueError (EINVAL); and 1 more: " TYPE_ERROR "0.0 成功\n"
		"5.0 閉園\n");
	return 0;
}

/* C-3: a nap under a time limit. */
RT_TEST(talks, C_3_move_on_after)
{
	struct scope limit;

	scope_enter_after(&limit, NS_PER_S);
	expect(scope_leave(&limit, nap(NULL)), 0);
	if (limit.absorbed)
		print("ちゃんとおきてね");
	print("おわり");
	printed("0.0 長いコルーチン 開始\n1.0 ちゃんとおきてね\n1.0 おわり\n");
	return 0;
}

/* C-4: a time limit is no error: nothing of it reaches who looks at errors around it. */
RT_TEST(talks, C_4_no_error_escapes)
{
	struct scope limit;
	struct nursery n;

	nursery_open(&n);
	scope_enter_after(&limit, NS_PER_S);
	if (nursery_close(&n, scope_leave(&limit, nap(NULL))) < 0)
		print("an error");
	cr_assert(error_last(-ECANCELED) == NULL);
	print("おわり");
	printed("0.0 長いコルーチン 開始\n1.0 おわり\n");
	return 0;
}

/* C-7: two count in parallel, one of them on a thread. */
static int named(void *line)
{
	return snprintf(line, 32, "Sub-interpreter: %d", *(char *)line);
}

static int counts_there(void *pool)
{
	for (int i = 0; i < 5; i++) {
		char line[32] = {(char)i};
		int r = thread_run(pool, named, line);

		if (r < 0)
			return r;
		print("%s", line);
		r = task_sleep(NS_PER_S);
		if (r < 0)
			return r;
	}
	return 0;
}

static int counts_here(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		int r;

		print("Main interpreter: %d", i);
		r = task_sleep(NS_PER_S);
		if (r < 0)
			return r;
	}
	return 0;
}

RT_TEST(talks, C_7_in_parallel)
{
	struct thread_pool *pool = thread_pool_open(1);
	struct call both[] = {
		CALL("here", counts_here, NULL),
		CALL("there", counts_there, pool),
	};

	cr_assert(pool != NULL);
	expect(wait_all(both, 2), 0);
	thread_pool_close(pool, 0);
	printed("0.0 Main interpreter: 0\n0.0 Sub-interpreter: 0\n"
		"1.0 Main interpreter: 1\n1.0 Sub-interpreter: 1\n"
		"2.0 Main interpreter: 2\n2.0 Sub-interpreter: 2\n"
		"3.0 Main interpreter: 3\n3.0 Sub-interpreter: 3\n"
		"4.0 Main interpreter: 4\n4.0 Sub-interpreter: 4\n");
	return 0;
}

/* C-8: to gather; each for itself; to cancel is to ask. */
static int coro_long(void *arg)
{
	int r = task_sleep(NS_PER_S);

	(void)arg;
	print(r < 0 ? "coro_long: Task was cancelled."
		    : "coro_long: Task is still running.");
	return r;
}

/* Run the call at @arg; its error is a result. */
static int guarded(void *arg)
{
	struct call *c = arg;

	c->result = c->fn(c->arg);
	return c->result == -ECANCELED ? c->result : 0;
}

RT_TEST(talks, C_8_gather)
{
	struct call together[] = {
		CALL("success", succeeds, NULL),
		CALL("value", value_error, NULL),
		CALL("type", type_error, NULL),
		CALL("long", coro_long, NULL),
	};
	struct call apart[ARRAY_LEN(together)];
	char text[200];
	int r = wait_all(together, ARRAY_LEN(together));

	print("%s", error_format(error_last(r), text, sizeof(text)));
	for (size_t i = 0; i < ARRAY_LEN(together); i++)
		apart[i] = (struct call)CALL(together[i].name, guarded, &together[i]);
	expect(wait_all(apart, ARRAY_LEN(apart)), 0);
	print("%d %d %d %d", together[0].result, together[1].result, together[2].result,
	      together[3].result);
	printed("0.0 coro_long: Task was cancelled.\n"
		"0.0 value: ValueError (EINVAL); and 1 more: " TYPE_ERROR
		"1.0 coro_long: Task is still running.\n"
		"1.0 0 -22 -71 0\n");
	return 0;
}

RT_TEST(talks, C_8_to_cancel_is_to_ask)
{
	const struct task_opt opt = {.name = "long"};
	struct nursery n;
	struct child task;

	nursery_open(&n);
	nursery_start(&n, &task, &opt, coro_long, NULL);
	expect(task_sleep(NS_PER_S / 2), 0);
	child_cancel(&task, CANCEL_EXPLICIT, "test");
	print("%s", child_state_name(task.state));
	expect(child_join(&task), 0);
	print("%s", child_state_name(task.state));
	expect(nursery_close(&n, 0), 0);
	print("DONE");
	printed("0.5 running\n"
		"0.5 coro_long: Task was cancelled.\n"
		"0.5 cancelled\n"
		"0.5 DONE\n");
	return 0;
}

/* C-9: customer, waiter, chef, cooking; who is the slow one? */
static int cooks(void *seconds)
{
	return task_sleep(*(int *)seconds * NS_PER_S);
}

static int asks(const char *whom, int (*fn)(void *), void *seconds)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, whom, fn, seconds);
	return nursery_close(&n, 0);
}

static int chef(void *seconds)
{
	return asks("cooking", cooks, seconds);
}

static int waiter(void *seconds)
{
	return asks("chef", chef, seconds);
}

static int customer(void *seconds)
{
	return asks("waiter", waiter, seconds);
}

static void dumped(char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	task_dump(out);
	fclose(out);
}

RT_TEST(talks, C_9_N8_find_the_slow_one)
{
	static int seconds[] = {1, 2, 3, 4, 5, 6, 30, 8, 9, 40};
	char text[2000];
	struct nursery n;

	nursery_open(&n);
	for (int i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "customer %d", i + 1);
		nursery_go(&n, text, customer, &seconds[i]);
	}
	expect(task_sleep(NS_PER_S / 2), 0);
	nursery_go(&n, "hungry", cooks, &seconds[9]);
	expect(task_sleep(11500 * NS_PER_MS), 0);
	dumped(text, sizeof(text));
#define OTHERS ": waits for nursery to close (1 child left), 12.000 s; 1 steps\n"
	cr_assert(
		eq(str, text,
		   "main: running; 3 steps\n"
		   "  customer 7" OTHERS "    waiter" OTHERS "      chef" OTHERS
		   "        cooking: waits for sleep (18.000 s left), 12.000 s; 1 steps\n"
		   "  hungry: waits for sleep (28.500 s left), 11.500 s; 1 steps\n"));
	nursery_cancel(&n, "closing time");
	return nursery_close(&n, 0);
}
