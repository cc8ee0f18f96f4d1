/*
 * Transactions: what was set is propagated to derived values, each once, inputs before outputs; then
 * waiters look at the consistent picture; then watches are told. Sets made meanwhile are queued and
 * become transactions of their own.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/internal.h"

#define QUEUE_MIN 16
#define QUEUE_MAX 4096
#define CHAIN_MAX 1000 /* transactions that one set may cause; more is a cycle */

_Thread_local struct transaction transaction;

static const char *name_of(const struct value *v)
{
	return v->info.name ? v->info.name : "(anonymous)";
}

void transaction_mark(struct value *v, unsigned marks)
{
	struct transaction *tx = &transaction;

	if (v->marks == 0) {
		value_ref(v);
		v->touched_next = NULL;
		if (tx->last)
			tx->last->touched_next = v;
		else
			tx->touched = v;
		tx->last = v;
	}
	v->marks |= marks;
}

static void make_due(struct value *v, unsigned input_marks)
{
	struct transaction *tx = &transaction;

	if (v->input_marks == 0) {
		v->due_next = NULL;
		if (tx->due[v->rank].last)
			tx->due[v->rank].last->due_next = v;
		else
			tx->due[v->rank].first = v;
		tx->due[v->rank].last = v;
		tx->due_count++;
	}
	v->input_marks |= input_marks;
}

/* What was stored is final now: was it a change? */
static void settle(struct value *v)
{
	if (v->marks & MARK_STORED && !(v->marks & MARK_CHANGED) &&
	    !datum_equal(&v->old, &v->now))
		v->marks |= MARK_CHANGED;
	if (v->marks & MARK_CHANGED && !(v->marks & MARK_COUNTED)) {
		v->marks |= MARK_COUNTED;
		v->version++;
		v->change_ns = v->marks & MARK_LATER ? rt_now() : v->sample_ns;
	}
	for (unsigned i = 0; i < v->output_count; i++)
		make_due(v->outputs[i], v->marks);
}

/* Rank by rank: what a derived value makes due has a higher rank than its own. */
static void propagate(struct transaction *tx)
{
	for (struct value *v = tx->touched; v; v = v->touched_next)
		if (v->state != VALUE_CLOSED)
			settle(v);
	for (unsigned rank = 1; tx->due_count > 0; rank++) {
		struct value *v;

		assert(rank <= RANK_MAX);
		while ((v = tx->due[rank].first) != NULL) {
			tx->due[rank].first = v->due_next;
			if (!v->due_next)
				tx->due[rank].last = NULL;
			tx->due_count--;
			derived_update(v);
			v->input_marks = 0;
			if (v->marks)
				settle(v);
		}
	}
}

static void tell_watches(struct value_watch *first, struct value *v)
{
	struct transaction *tx = &transaction;

	for (struct value_watch *w = first; w; w = tx->watch_next) {
		tx->watch_next = w->next;
		w->fn(w, v, (v->marks & MARK_EDGE) != 0);
	}
}

static void tell_all(struct transaction *tx)
{
	for (struct value *v = tx->touched; v; v = v->touched_next)
		if (v->state != VALUE_CLOSED)
			waiters_tell(v);
	for (struct value *v = tx->touched; v; v = v->touched_next) {
		if (v->watches)
			tell_watches(v->watches, v);
		if (tx->watches)
			tell_watches(tx->watches, v);
	}
}

static void run_one(struct transaction *tx)
{
	tx->running = true;
	propagate(tx);
	tell_all(tx);
	while (tx->touched) {
		struct value *v = tx->touched;

		tx->touched = v->touched_next;
		datum_fini(&v->old);
		v->marks = 0;
		value_unref(v);
	}
	tx->last = NULL;
	tx->running = false;
}

static struct queued *queue_front(struct transaction *tx)
{
	return &tx->queue[tx->queue_head];
}

/* Apply the oldest queued set; it belongs to @group. */
static void apply_queued(struct transaction *tx)
{
	struct queued q = *queue_front(tx);

	tx->queue_head = (tx->queue_head + 1) % tx->queue_cap;
	tx->queue_count--;
	if (q.touch && q.v->state != VALUE_CLOSED)
		transaction_mark(q.v, MARK_TOUCHED);
	else
		value_store(q.v, &q.d, q.t_ns);
	value_unref(q.v);
}

static void close_oldest(struct transaction *tx)
{
	struct value *v = tx->closing;

	tx->closing = v->closing_next;
	tx->running = true;
	value_end(v);
	tx->running = false;
	value_unref(v);
}

void transaction_run(void)
{
	struct transaction *tx = &transaction;

	if (tx->batch > 0 || tx->running)
		return;
	tx->chain = 0;
	tx->chain_reported = false;
	run_one(tx);
	while (tx->queue_count > 0 || tx->closing) {
		if (tx->queue_count == 0) {
			close_oldest(tx);
		} else {
			unsigned group = queue_front(tx)->group;

			while (tx->queue_count > 0 && queue_front(tx)->group == group)
				apply_queued(tx);
			tx->chain++;
		}
		run_one(tx);
	}
}

bool transaction_enter(void)
{
	bool enters = !transaction.running;

	transaction.running = true;
	return enters;
}

void transaction_leave(bool entered)
{
	if (!entered)
		return;
	transaction.running = false;
	transaction_run();
}

static int grow(struct transaction *tx)
{
	unsigned cap = tx->queue_cap ? 2 * tx->queue_cap : QUEUE_MIN;
	struct queued *q;

	if (cap > QUEUE_MAX)
		return -ENOMEM;
	q = malloc(cap * sizeof(*q));
	if (!q)
		return -ENOMEM;
	for (unsigned i = 0; i < tx->queue_count; i++)
		q[i] = tx->queue[(tx->queue_head + i) % tx->queue_cap];
	free(tx->queue);
	tx->queue = q;
	tx->queue_cap = cap;
	tx->queue_head = 0;
	return 0;
}

int transaction_queue(struct value *v, const struct datum *d, int64_t t_ns)
{
	struct transaction *tx = &transaction;
	struct queued *q;

	if (tx->chain >= CHAIN_MAX) {
		if (!tx->chain_reported)
			LOG(ERR,
			    "%s: predicates and watches set values without an end (%d "
			    "transactions from one set); this set and what follows is "
			    "refused",
			    name_of(v), CHAIN_MAX);
		tx->chain_reported = true;
		return -ELOOP;
	}
	if (tx->queue_count == tx->queue_cap && grow(tx) < 0)
		return -ENOMEM;
	q = &tx->queue[(tx->queue_head + tx->queue_count++) % tx->queue_cap];
	*q = (struct queued){.v = v, .t_ns = t_ns, .touch = d == NULL};
	q->group = tx->queued_batch > 0 ? tx->group : ++tx->group;
	if (d)
		q->d = datum_copy(d);
	value_ref(v);
	return 0;
}

void transaction_close(struct value *v)
{
	struct transaction *tx = &transaction;

	if (!v->closing) {
		v->closing = true;
		value_ref(v);
		v->closing_next = NULL;
		if (tx->closing)
			tx->closing_last->closing_next = v;
		else
			tx->closing = v;
		tx->closing_last = v;
	}
	transaction_run();
}

void value_batch_begin(void)
{
	struct transaction *tx = &transaction;

	if (!tx->running)
		tx->batch++;
	else if (tx->queued_batch++ == 0)
		tx->group++;
}

void value_batch_end(void)
{
	struct transaction *tx = &transaction;

	if (tx->running) {
		assert(tx->queued_batch > 0);
		tx->queued_batch--;
		return;
	}
	assert(tx->batch > 0);
	if (--tx->batch == 0)
		transaction_run();
}

void transaction_fini(void)
{
	free(transaction.queue);
	transaction.queue = NULL;
	transaction.queue_cap = transaction.queue_head = 0;
}
