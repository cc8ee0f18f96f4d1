/* Stacks of tasks: their guard, their pool, what they cost. */
#include <alloca.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/stack.h"
#include "tests/sanitized.h"
#include "tests/unit/rt_run.h"

static int recurses(int depth)
{
	volatile char frame[1000];

	frame[0] = (char)depth;
	return depth < 0 ? 0 : recurses(depth + 1) + frame[0];
}

static int overflows(void *arg)
{
	(void)arg;
	return recurses(0);
}

static int in_a_child(void *arg)
{
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	nursery_go(&n, "recursive", overflows, NULL);
	return nursery_close(&n, 0);
}

Test(stack, an_overflow_is_reported_with_the_tasks_name)
{
#ifdef SANITIZED
	cr_skip_test("the sanitizer reports it itself");
#endif
	dies_of(SIGSEGV, in_a_child, "stack overflow in task recursive");
}

/* How many pages of a stack the kernel has given. */
static int resident_pages(const struct stack *s)
{
	unsigned char pages[STACK_DEFAULT / 4096];
	int count = 0;

	cr_assert(eq(int, mincore(s->lo, s->size, pages), 0));
	for (size_t i = 0; i < s->size / (size_t)sysconf(_SC_PAGESIZE); i++)
		count += pages[i] & 1;
	return count;
}

Test(stack, what_a_deep_task_touched_goes_back_to_the_kernel)
{
	struct stack_pool pool = {0};
	struct stack s, again;

	cr_assert(eq(int, stack_get(&pool, STACK_DEFAULT, &s), 0));
	memset(s.lo, 1, s.size);
	cr_assert(eq(int, resident_pages(&s),
		     (int)(s.size / (size_t)sysconf(_SC_PAGESIZE))));
	stack_put(&pool, &s);
	cr_assert(stack_pool_trim(&pool)); /* when there is time */
	cr_assert(not(stack_pool_trim(&pool)));
	cr_assert(eq(int, stack_get(&pool, STACK_DEFAULT, &again), 0));
	cr_assert(again.lo == s.lo);
	cr_assert(resident_pages(&again) <= 2);
	cr_assert(eq(sz, pool.deepest[0], STACK_DEFAULT));
	stack_put(&pool, &again);
	stack_pool_fini(&pool);
}

static int uses_stack(void *bytes)
{
	volatile char *frame = alloca((size_t) * (int *)bytes);

	for (int i = 0; i < *(int *)bytes; i += 1024)
		frame[i] = 1;
	return 0;
}

/* Pages that the kernel has given of the 32 KiB that begin 40 KiB below @frame. */
static int resident_below(const char *frame)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t lo = ((uintptr_t)frame - (uintptr_t)40 * 1024) / page * page;
	unsigned char pages[8];
	int count = 0;

	cr_assert(eq(int, mincore((void *)lo, (size_t)32 * 1024, pages), 0));
	for (size_t i = 0; i < 32 * 1024 / page; i++)
		count += pages[i] & 1;
	return count;
}

static int goes_deep_and_sleeps(void *arg)
{
	int bytes = 45000, here = 7;

	*(const char **)arg = (const char *)&here;
	expect(uses_stack(&bytes), 0);
	expect(task_sleep(10 * NS_PER_S), 0);
	expect(here, 7);
	expect(bytes, 45000);
	return uses_stack(&bytes);
}

RT_TEST(stack, what_a_sleeper_touched_goes_back_to_the_kernel)
{
	const char *frame = NULL;
	struct rt_stats stats;
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "deep", goes_deep_and_sleeps, &frame);
	expect(task_wait_all_blocked(), 0);
	cr_assert(gt(int, resident_below(frame), 5));
	expect(task_sleep(2 * NS_PER_S), 0);
	expect(task_sleep(NS_PER_S), 0); /* the look comes between */
	expect(resident_below(frame), 0);
	rt_stats(&stats);
	cr_assert(stats.stack_deepest >= 45000);
	return nursery_close(&n, 0);
}

RT_TEST(stack, the_deepest_use_is_kept)
{
	const int bytes[] = {20000, 40000, 10000};
	struct rt_stats stats;

	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		struct nursery n;

		nursery_open(&n);
		nursery_go(&n, "user", uses_stack, (void *)&bytes[i]);
		expect(nursery_close(&n, 0), 0);
		expect(task_sleep(NS_PER_MS),
		       0); /* its stack is put back and looked at */
		rt_stats(&stats);
		cr_assert(stats.stack_deepest >= (size_t)bytes[i]);
	}
	cr_assert(stats.stack_deepest >= 40000 && stats.stack_deepest < 56000, "%zu",
		  stats.stack_deepest);
	cr_assert(eq(sz, stats.stack_deepest_lua, 0));
	return 0;
}

Test(stack, the_pool_shrinks_when_there_is_time)
{
	struct stack_pool pool = {0};
	struct stack stacks[200];
	int turns = 0;

	for (size_t i = 0; i < ARRAY_LEN(stacks); i++)
		cr_assert(eq(int, stack_get(&pool, STACK_LUA, &stacks[i]), 0));
	for (size_t i = 0; i < ARRAY_LEN(stacks); i++)
		stack_put(&pool, &stacks[i]);
	while (stack_pool_trim(&pool))
		turns++;
	cr_assert(turns > 1); /* a few at a time */
	cr_assert(eq(u32, pool.count[0] + pool.count[1], 64));
	stack_pool_fini(&pool);
	cr_assert(eq(u32, pool.count[0] + pool.count[1], 0));
}

Test(stack, other_sizes_are_rounded_to_pages_and_not_kept)
{
	struct stack_pool pool = {0};
	struct stack s;

	cr_assert(eq(int, stack_get(&pool, 100001, &s), 0));
	cr_assert(s.size >= 100001 && s.size % (size_t)sysconf(_SC_PAGESIZE) == 0);
	cr_assert(stack_in_guard(&s, (char *)s.lo - 1));
	cr_assert(stack_in_guard(&s, (char *)s.lo - STACK_GUARD));
	cr_assert(not(stack_in_guard(&s, s.lo)));
	stack_put(&pool, &s);
	cr_assert(eq(u32, pool.count[0] + pool.count[1], 0));
}
