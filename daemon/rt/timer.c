/* Timers: an intrusive pairing heap, ordered by deadline and then by the order of arming. */
#include "daemon/rt/timer.h"

#include "daemon/rt/internal.h"

static bool earlier(const struct timer *a, const struct timer *b)
{
	return a->t_ns != b->t_ns ? a->t_ns < b->t_ns : a->seq < b->seq;
}

/* Join two heaps. A root's prev and next are NULL; a first child's prev is its parent. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (earlier(b, a)) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* Join the children of a removed root: in pairs from left to right, then those from right to left. */
static struct timer *meld_children(struct timer *first)
{
	struct timer *pairs = NULL;
	struct timer *root = NULL;

	while (first) {
		struct timer *a = first;
		struct timer *b = a->next;

		first = b ? b->next : NULL;
		a->prev = a->next = NULL;
		if (b)
			b->prev = b->next = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *a = pairs;

		pairs = a->next;
		a->next = NULL;
		root = meld(root, a);
	}
	return root;
}

static void cut(struct timer *t)
{
	if (t->prev->child == t)
		t->prev->child = t->next;
	else
		t->prev->next = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->prev = t->next = NULL;
}

HOT void timer_arm(struct timer *t, int64_t t_ns)
{
	struct rt *rt = rt_this();

	timer_disarm(t);
	t->t_ns = t_ns;
	t->seq = ++rt->timer_seq;
	t->child = t->next = t->prev = NULL;
	t->armed = true;
	rt->timers = meld(rt->timers, t);
}

HOT void timer_disarm(struct timer *t)
{
	struct rt *rt;

	if (!t->armed)
		return;
	rt = rt_this();
	t->armed = false;
	if (rt->timers == t) {
		rt->timers = meld_children(t->child);
	} else {
		cut(t);
		rt->timers = meld(rt->timers, meld_children(t->child));
	}
	t->child = NULL;
}

/* A timer that is armed meanwhile waits for the next pass, or one that rearms itself would hold it. */
HOT bool timers_fire(struct rt *rt, int64_t now)
{
	uint64_t last = rt->timer_seq;
	bool any = false;

	while (rt->timers && rt->timers->t_ns <= now && rt->timers->seq <= last) {
		struct timer *t = rt->timers;

		timer_disarm(t);
		t->fn(t);
		any = true;
	}
	return any;
}
