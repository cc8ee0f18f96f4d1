/* Observable values: making, setting, age, closing, watching. */
#include "daemon/state/value.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/internal.h"

static const char *const state_names[] = {
	[VALUE_UNSET] = "unset",
	[VALUE_OK] = "ok",
	[VALUE_STALE] = "stale",
	[VALUE_CLOSED] = "closed",
};

const char *value_state_name(enum value_state state)
{
	return state_names[state];
}

/* Values belong to the thread that made them. */
static int mine(const struct value *v)
{
	if (v->home == &transaction)
		return 0;
	LOG(CRIT,
	    "%s: touched from a thread that is not its loop's; refused (use rt_post)",
	    v->info.name ? v->info.name : "(anonymous value)");
	return -EPERM;
}

static void became_old(struct timer *t);

int value_new(const struct value_info *info, struct value **ret)
{
	struct value *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->info = *info;
	v->home = &transaction;
	v->refs = 1;
	v->stale_timer.fn = became_old;
	list_init(&v->waiters);
	transaction.values++;
	*ret = v;
	return 0;
}

void value_unref(struct value *v)
{
	if (--v->refs > 0)
		return;
	assert(v->state == VALUE_CLOSED && !v->watches);
	datum_fini(&v->now);
	free(v->failure);
	if (v->how.arg_free)
		v->how.arg_free(v->how.arg);
	free(v->outputs);
	free(v->inputs);
	free(v->texts);
	free(v);
	if (--transaction.values == 0)
		transaction_fini();
}

void value_free(struct value *v)
{
	if (!v || mine(v) < 0)
		return;
	value_close(v);
	value_unref(v);
}

/* The texts move into one block. */
int value_own_texts(struct value *v)
{
	const char **texts[] = {&v->info.name, &v->info.unit, &v->info.help,
				&v->info.source};
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	at = malloc(size ? size : 1);
	if (!at)
		return -ENOMEM;
	free(v->texts);
	v->texts = at;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!*texts[i])
			continue;
		size = strlen(*texts[i]) + 1;
		memcpy(at, *texts[i], size);
		*texts[i] = at;
		at += size;
	}
	return 0;
}

static void arm(struct value *v, int64_t t_ns)
{
	/* Outside rt_run nothing gets old. */
	if (rt_current())
		timer_arm(&v->stale_timer, t_ns);
}

/*
 * The timer is armed once, not at each set: when it fires, the last sample tells whether it fired for
 * good.
 */
static void became_old(struct timer *t)
{
	struct value *v = container_of(t, struct value, stale_timer);
	int64_t due = time_add(v->sample_ns, v->info.stale_after_ns);

	if (due > rt_now()) {
		arm(v, due);
		return;
	}
	v->state = VALUE_STALE;
	transaction_mark(v, MARK_STATE);
	transaction_run();
}

static bool same(const struct value *v, const struct datum *d)
{
	if (v->info.dead_band > 0 && d->type == DATUM_NUMBER &&
	    v->now.type == DATUM_NUMBER && fabs(d->n - v->now.n) <= v->info.dead_band)
		return true;
	return datum_equal(&v->now, d);
}

void value_store(struct value *v, struct datum *d, int64_t t_ns)
{
	unsigned marks = MARK_REFRESHED;

	if (v->state == VALUE_CLOSED) {
		datum_fini(d);
		return;
	}
	/* The first datum is a change, even if it is null. */
	if (v->state == VALUE_UNSET)
		marks |= MARK_STATE | MARK_STORED | MARK_CHANGED;
	else if (v->state == VALUE_STALE)
		marks |= MARK_STATE;
	if (v->state != VALUE_UNSET && same(v, d)) {
		datum_fini(d);
	} else {
		if (v->marks & MARK_STORED)
			datum_fini(&v->now);
		else
			v->old = v->now;
		v->now = *d;
		marks |= MARK_STORED;
	}
	v->sample_ns = t_ns;
	if (value_derived(v)) {
		transaction_mark(v, marks & ~(unsigned)MARK_STATE);
		return;
	}
	v->state = VALUE_OK;
	if (v->info.stale_after_ns > 0 && !timer_armed(&v->stale_timer))
		arm(v, time_add(t_ns, v->info.stale_after_ns));
	transaction_mark(v, marks);
}

static int may_change(const struct value *v)
{
	int r = mine(v);

	return r < 0 ? r : v->state == VALUE_CLOSED || v->closing ? -EPIPE : 0;
}

int value_set_at(struct value *v, const struct datum *d, int64_t t_ns)
{
	struct datum copy;
	int r = may_change(v);

	if (r < 0)
		return r;
	if (value_derived(v))
		return -EROFS;
	if (v->info.typed && d->type != v->info.type && d->type != DATUM_NULL)
		return -EINVAL;
	if (transaction.running)
		return transaction_queue(v, d, t_ns);
	copy = datum_copy(d);
	value_store(v, &copy, t_ns);
	transaction_run();
	return 0;
}

int value_set(struct value *v, const struct datum *d)
{
	return value_set_at(v, d, rt_now());
}

int value_touch(struct value *v)
{
	int r = may_change(v);

	if (r < 0)
		return r;
	if (transaction.running)
		return transaction_queue(v, NULL, 0);
	transaction_mark(v, MARK_TOUCHED);
	transaction_run();
	return 0;
}

static void forget_age(struct value *v)
{
	if (timer_armed(&v->stale_timer) && rt_current())
		timer_disarm(&v->stale_timer);
}

void value_lapse(struct value *v)
{
	assert(!value_derived(v) && !transaction.running);
	if (mine(v) < 0 || v->state != VALUE_OK)
		return;
	forget_age(v);
	v->state = VALUE_STALE;
	transaction_mark(v, MARK_STATE);
	transaction_run();
}

void value_set_stale_after(struct value *v, int64_t ns)
{
	assert(!value_derived(v) && !transaction.running);
	if (mine(v) < 0)
		return;
	v->info.stale_after_ns = ns;
	forget_age(v);
	if (ns > 0 && v->state == VALUE_OK)
		arm(v, time_add(v->sample_ns, ns));
}

unsigned value_uses(const struct value *v, const char **ret_name)
{
	unsigned n = v->output_count;

	*ret_name = NULL;
	for (unsigned i = 0; i < v->output_count && !*ret_name; i++)
		*ret_name = v->outputs[i]->info.name;
	for (const struct link *k = v->waiters.head.next; k != &v->waiters.head;
	     k = k->next)
		n++;
	return n;
}

void value_end(struct value *v)
{
	if (v->state == VALUE_CLOSED)
		return;
	v->state = VALUE_CLOSED;
	forget_age(v);
	transaction_mark(v, MARK_STATE);
	waiters_end(v);
	/* Each takes itself off the list. */
	while (v->output_count > 0)
		value_end(v->outputs[v->output_count - 1]);
	derived_detach(v);
}

void value_close(struct value *v)
{
	if (v->state != VALUE_CLOSED && mine(v) == 0)
		transaction_close(v);
}

const struct datum *value_get(const struct value *v)
{
	return &v->now;
}

enum value_state value_state(const struct value *v)
{
	return v->state;
}

uint64_t value_version(const struct value *v)
{
	return v->version;
}

int64_t value_sample_ns(const struct value *v)
{
	return v->sample_ns;
}

int64_t value_change_ns(const struct value *v)
{
	return v->change_ns;
}

const struct value_info *value_info(const struct value *v)
{
	return &v->info;
}

bool value_is_derived(const struct value *v)
{
	return value_derived(v);
}

bool value_is_awaited(const struct value *v)
{
	return !list_empty(&v->waiters) || v->output_count > 0;
}

const char *value_failure(const struct value *v)
{
	if (v->compute_error == 0)
		return NULL;
	return v->failure ? v->failure : strerror(-v->compute_error);
}

void value_watch_add(struct value_watch *w, struct value *v)
{
	struct value_watch **end = v ? &v->watches : &transaction.watches;

	while (*end)
		end = &(*end)->next;
	*end = w;
	w->next = NULL;
	w->link = end;
	w->v = v;
	if (v)
		value_ref(v);
}

void value_watch_remove(struct value_watch *w)
{
	if (!w->link)
		return;
	if (transaction.watch_next == w)
		transaction.watch_next = w->next;
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	w->link = NULL;
	if (w->v)
		value_unref(w->v);
}
