/*
 * Rule T3: whatever suspends behaves in the same way when it succeeds, is cancelled before or during,
 * completes and is cancelled in one pass, runs into a deadline, is closed while it waits, or is asked to
 * end (C7). One table of waits, one test for each case; out of memory is in tests/fault/rt_memory.c.
 */
#include "tests/unit/rt_kinds.h"

static int result; /* of the last wait */

static int waits(void *kind)
{
	int r = ((const struct wait_kind *)kind)->wait();

	say("%s", r >= 0 ? "done" : r == -ECANCELED ? "cancelled" : "failed");
	result = r;
	return r < 0 && r != -ECANCELED ? 0 : r;
}

static int waits_softly(void *kind)
{
	struct scope s;

	scope_enter_soft(&s);
	return scope_leave(&s, waits(kind));
}

enum wait_case {
	SUCCEEDS,
	CANCELLED_BEFORE,
	CANCELLED_DURING,
	COMPLETES_THEN_CANCELLED,
	DEADLINE,
	CLOSED,
	ASKED_TO_END,
};

/* Start the wait as a child, do to it what the case says; what it said tells. */
static const char *play(struct wait_kind *k, enum wait_case c)
{
	struct nursery n;

	nursery_open(&n);
	if (c == CANCELLED_BEFORE)
		nursery_cancel(&n, "before");
	nursery_go(&n, k->name, c == ASKED_TO_END ? waits_softly : waits, k);
	if (c != CANCELLED_BEFORE)
		let_it_wait(k);
	cr_assert(eq(str, said, ""), "%s did not wait", k->name);
	if (c == SUCCEEDS || c == COMPLETES_THEN_CANCELLED)
		k->complete();
	if (c == CLOSED)
		k->close();
	if (c == CANCELLED_DURING || c == COMPLETES_THEN_CANCELLED)
		nursery_cancel(&n, "during");
	if (c == DEADLINE)
		scope_set_deadline(&n.scope,
				   rt_now() + ((k->traits & HELD) ? 0 : NS_PER_S));
	if (c == ASKED_TO_END)
		scope_cancel_soft(&n.scope, CANCEL_EXPLICIT, 3600 * NS_PER_S, "please");
	expect(nursery_close(&n, 0), 0);
	return heard();
}

/* A wait that was cancelled consumed nothing: the next one gets what came. */
static void wait_again(struct wait_kind *k)
{
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, k->name, waits, k);
	let_it_wait(k);
	if (said[0] == '\0')
		k->complete();
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "done"), "%s again", k->name);
}

/* What @k is expected to say when @heard_word was heard. */
static const char *wanted(const struct wait_kind *k, const char *want,
			  const char *want_late, const char *heard_word)
{
	if ((k->traits & RACES) && strcmp(heard_word, want_late) == 0)
		return want_late;
	return (k->traits & LATE) ? want_late : want;
}

static void play_all(enum wait_case c, const char *want, const char *want_late)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct wait_kind k = kinds[i];
		char *word;

		if (c == CLOSED && !k.close)
			continue;
		if (k.setup)
			k.setup();
		word = (char *)play(&k, c);
		cr_assert(eq(str, word, (char *)wanted(&k, want, want_late, word)), "%s",
			  k.name);
		if (c == CLOSED)
			cr_assert(eq(int, result, k.closed), "%s", k.name);
		else if (c != SUCCEEDS)
			wait_again(&k);
		if (k.teardown)
			k.teardown();
	}
}

RT_TEST(waits, T3_success)
{
	play_all(SUCCEEDS, "done", "done");
	return 0;
}

RT_TEST(waits, T3_R2_cancelled_before)
{
	play_all(CANCELLED_BEFORE, "cancelled", "cancelled");
	return 0;
}

RT_TEST(waits, T3_cancelled_during)
{
	play_all(CANCELLED_DURING, "cancelled", "cancelled");
	return 0;
}

RT_TEST(waits, T3_C6_completed_then_cancelled_in_one_pass)
{
	play_all(COMPLETES_THEN_CANCELLED, "done", "cancelled");
	return 0;
}

RT_TEST(waits, T3_deadline)
{
	play_all(DEADLINE, "cancelled", "cancelled");
	return 0;
}

RT_TEST(waits, T3_V15_closed_while_waiting)
{
	play_all(CLOSED, "failed", "failed");
	return 0;
}

RT_TEST(waits, T3_C7_asked_to_come_to_an_end)
{
	play_all(ASKED_TO_END, "cancelled", "cancelled");
	return 0;
}
