/* Waiters: predicates, and telling those that match. */
#include "daemon/state/waiter.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "daemon/rt/rt.h"
#include "daemon/state/internal.h"

#define LOOKS_MAX 8

/* Inline, as it runs for every waiter of every set. */
static inline int test(const struct pred *p, const struct datum *now,
		       const struct datum *old)
{
	bool number = now->type == DATUM_NUMBER;

	switch (p->op) {
	case PRED_ANY:
		return 1;
	case PRED_EQ:
		return datum_equal(now, &p->datum);
	case PRED_NE:
		return !datum_equal(now, &p->datum);
	case PRED_LT:
		return number && now->n < p->a;
	case PRED_LE:
		return number && now->n <= p->a;
	case PRED_GT:
		return number && now->n > p->a;
	case PRED_GE:
		return number && now->n >= p->a;
	case PRED_BETWEEN:
		return number && now->n >= p->a && now->n <= p->b;
	case PRED_OUTSIDE:
		return number && (now->n < p->a || now->n > p->b);
	case PRED_TRUE:
		return now->type == DATUM_BOOL && now->b;
	case PRED_FALSE:
		return now->type == DATUM_BOOL && !now->b;
	case PRED_CHANGED:
		return old && !datum_equal(now, old);
	case PRED_STALE:
		return 0;
	case PRED_FN:
		return p->fn(p->arg, now, old);
	}
	return 0;
}

int pred_test(const struct pred *p, const struct datum *now, const struct datum *old)
{
	return test(p, now, old);
}

void waiter_describe(const struct waiter *w, char *buf, size_t size)
{
	static const char *const words[] = {
		[PRED_ANY] = "anything",    [PRED_EQ] = "==",
		[PRED_NE] = "!=",           [PRED_LT] = "<",
		[PRED_LE] = "<=",           [PRED_GT] = ">",
		[PRED_GE] = ">=",           [PRED_BETWEEN] = "between",
		[PRED_OUTSIDE] = "outside", [PRED_TRUE] = "is true",
		[PRED_FALSE] = "is false",  [PRED_CHANGED] = "changed",
		[PRED_STALE] = "is stale",  [PRED_FN] = "a function",
	};
	const struct pred *p = &w->pred;
	int n = snprintf(buf, size, "%s", words[p->op]);

	if (p->op == PRED_EQ || p->op == PRED_NE) {
		n += snprintf(buf + n, size - (size_t)n, " ");
		(void)datum_print(&p->datum, 6, buf + n, size - (size_t)n);
	} else if (p->op >= PRED_LT && p->op <= PRED_GE) {
		snprintf(buf + n, size - (size_t)n, " %.6g", p->a);
	} else if (p->op == PRED_BETWEEN || p->op == PRED_OUTSIDE) {
		snprintf(buf + n, size - (size_t)n, " %.6g and %.6g", p->a, p->b);
	}
}

static inline int look(const struct waiter *w, const struct value *v,
		       const struct datum *old)
{
	if (v->state != VALUE_OK) {
		if (w->pred.op == PRED_STALE)
			return v->state == VALUE_STALE;
		if (v->state != VALUE_STALE || !w->stale_use)
			return 0;
	}
	if (w->fresh_ns > 0 && rt_now() - v->sample_ns > w->fresh_ns)
		return 0;
	return test(&w->pred, &v->now, old);
}

/*
 * What a function sets follows its look, and may change what it has looked at: then that look does not
 * count.
 */
int waiter_look(const struct waiter *w, const struct value *v)
{
	for (int i = 0; i < LOOKS_MAX; i++) {
		uint64_t version = v->version;
		bool entered;
		int r;

		if (v->state == VALUE_CLOSED)
			return -EPIPE;
		if (w->pred.op != PRED_FN)
			return look(w, v, NULL);
		entered = transaction_enter();
		r = look(w, v, NULL);
		transaction_leave(entered);
		if (v->version == version && v->state != VALUE_CLOSED)
			return r;
	}
	return v->state == VALUE_CLOSED ? -EPIPE : -ELOOP;
}

void waiter_add(struct waiter *w, struct value *v)
{
	assert(v->state != VALUE_CLOSED && v->home == &transaction);
	w->v = v;
	if (w->fresh_ns > 0)
		v->fresh_waiters++;
	list_push(&v->waiters, &w->link);
}

void waiter_remove(struct waiter *w)
{
	if (!waiter_added(w))
		return;
	if (transaction.waiter_next == &w->link)
		transaction.waiter_next = w->link.next;
	if (w->fresh_ns > 0)
		w->v->fresh_waiters--;
	link_remove(&w->link);
}

/* Is @w one of those that look when these marks are set? */
static inline bool concerns(const struct waiter *w, unsigned marks)
{
	if (marks & MARK_EDGE)
		return true;
	if (marks & MARK_STATE)
		return !w->edge || w->pred.op == PRED_STALE;
	return w->fresh_ns > 0 && !w->edge;
}

void waiters_tell(struct value *v)
{
	struct transaction *tx = &transaction;
	const struct datum *old = v->marks & MARK_STORED ? &v->old : &v->now;
	unsigned marks = v->marks;

	if (!(marks & (MARK_EDGE | MARK_STATE)) && v->fresh_waiters == 0)
		return;
	for (struct link *k = v->waiters.head.next; k != &v->waiters.head;
	     k = tx->waiter_next) {
		struct waiter *w = container_of(k, struct waiter, link);
		int r;

		tx->waiter_next = k->next;
		if (!concerns(w, marks))
			continue;
		r = look(w, v, w->edge ? old : NULL);
		if (r == 0 && !w->every)
			continue;
		if (!waiter_added(w))
			continue; /* its own predicate has cancelled it */
		if (r < 0)
			waiter_remove(w);
		w->tell(w, r, &v->now, w->edge ? old : NULL);
	}
}

void waiters_end(struct value *v)
{
	struct waiter *w;

	while ((w = list_first(&v->waiters, struct waiter, link)) != NULL) {
		waiter_remove(w);
		w->tell(w, -EPIPE, &v->now, NULL);
	}
}
