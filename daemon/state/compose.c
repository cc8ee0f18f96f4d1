/* Derived values: the graph, computing, composing. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/state/internal.h"
#include "daemon/state/table.h"

/* The worst of what the inputs are; none of them is closed. */
static enum value_state state_by_inputs(const struct value *v)
{
	enum value_state state = VALUE_OK;

	if (v->how.asks)
		return VALUE_OK;
	for (unsigned i = 0; i < v->input_count; i++) {
		if (v->inputs[i]->state == VALUE_UNSET)
			return VALUE_UNSET;
		if (v->inputs[i]->state == VALUE_STALE && !v->how.keep_stale)
			state = VALUE_STALE;
	}
	return state;
}

static int64_t measured_ns(const struct value *v)
{
	int64_t t_ns = v->inputs[0]->sample_ns;

	if (v->how.judge)
		(void)v->how.judge(v->how.arg, v->inputs, v->input_count, &t_ns);
	if (v->how.asks)
		return v->how.judge ? t_ns : rt_now();
	for (unsigned i = 1; i < v->input_count; i++)
		if (v->inputs[i]->sample_ns < t_ns)
			t_ns = v->inputs[i]->sample_ns;
	return t_ns;
}

int value_failed(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(transaction.why, sizeof(transaction.why), fmt, ap);
	va_end(ap);
	return code;
}

/* It could not be computed, with @r, or (0) it could. */
static void note_failure(struct value *v, int r)
{
	const char *why = transaction.why[0] ? transaction.why : NULL;

	if (r < 0 && r != v->compute_error)
		LOG(WARNING, "%s cannot be computed: %s; it is stale",
		    v->info.name ? v->info.name : "a derived value",
		    why ? why : strerror(-r));
	v->compute_error = r;
	if (!v->failure && r == 0)
		return;
	free(v->failure);
	v->failure = r < 0 && why ? strdup(why) : NULL;
}

static void compute(struct value *v)
{
	struct datum d = datum_null();
	int r;

	transaction.why[0] = '\0';
	r = v->how.compute(v->how.arg, v->inputs, v->input_count, &d);
	if (r == -EAGAIN)
		return;
	note_failure(v, r < 0 ? r : 0);
	if (r < 0)
		return;
	v->computed = true;
	value_store(v, &d, measured_ns(v));
}

static void take_time(struct value *v, int64_t t_ns)
{
	if (v->how.judge && t_ns != v->sample_ns)
		transaction_mark(v, MARK_REFRESHED);
	v->sample_ns = t_ns;
}

static enum value_state judged(const struct value *v)
{
	int64_t t_ns;

	return v->how.judge(v->how.arg, v->inputs, v->input_count, &t_ns);
}

/* What it holds is what the inputs say, or what they once said. */
static void take_state(struct value *v)
{
	enum value_state state = v->how.judge ? judged(v) : state_by_inputs(v);

	if (!v->computed)
		state = VALUE_UNSET;
	else if (v->compute_error != 0)
		state = VALUE_STALE;
	if (state != v->state)
		transaction_mark(v, MARK_STATE);
	v->state = state;
}

void derived_update(struct value *v)
{
	if (state_by_inputs(v) != VALUE_UNSET) {
		if (!v->computed || v->compute_error != 0 || v->how.asks ||
		    v->input_marks & (MARK_EDGE | MARK_STATE))
			compute(v);
		else
			transaction_mark(v, MARK_REFRESHED);
		if (v->compute_error == 0)
			take_time(v, measured_ns(v));
	}
	take_state(v);
}

void *value_derivation(const struct value *v,
		       int (*by)(void *arg, struct value *const *inputs, unsigned n,
				 struct datum *ret))
{
	return v->how.compute == by ? v->how.arg : NULL;
}

void value_recompute(struct value *v)
{
	if (v->state == VALUE_CLOSED || v->state == VALUE_UNSET)
		return;
	(void)transaction_enter();
	transaction_mark(v, MARK_LATER);
	if (v->how.judge) {
		derived_update(v);
	} else {
		compute(v);
		take_state(v);
	}
	transaction_leave(true);
}

void derived_detach(struct value *v)
{
	for (unsigned i = 0; i < v->input_count; i++) {
		struct value *in = v->inputs[i];
		unsigned at = 0;

		while (in->outputs[at] != v)
			at++;
		in->output_count--;
		memmove(&in->outputs[at], &in->outputs[at + 1],
			(in->output_count - at) * sizeof(struct value *));
	}
	v->input_count = 0;
}

static int add_output(struct value *in, struct value *out)
{
	if (in->output_count == in->output_cap) {
		unsigned cap = in->output_cap ? 2 * in->output_cap : 4;
		struct value **grown =
			reallocarray(in->outputs, cap, sizeof(struct value *));

		if (!grown)
			return -ENOMEM;
		in->outputs = grown;
		in->output_cap = cap;
	}
	in->outputs[in->output_count++] = out;
	return 0;
}

/* The inputs are linked one by one, so that detaching undoes what was done. */
static int attach(struct value *v, struct value *const *inputs, unsigned n)
{
	v->inputs = malloc(n * sizeof(struct value *));
	if (!v->inputs)
		return -ENOMEM;
	memcpy(v->inputs, inputs, n * sizeof(struct value *));
	for (unsigned i = 0; i < n; i++) {
		int r = inputs[i]->state == VALUE_CLOSED || inputs[i]->closing ? -EPIPE
									       : 0;

		if (r == 0 && inputs[i]->rank >= RANK_MAX)
			r = -ELOOP;
		if (r == 0)
			r = add_output(inputs[i], v);
		if (r < 0)
			return r;
		v->input_count++;
		if (v->rank <= inputs[i]->rank)
			v->rank = inputs[i]->rank + 1;
	}
	return 0;
}

int value_derive(const struct value_info *info, struct value *const *inputs, unsigned n,
		 const struct derivation *how, struct value **ret)
{
	struct value *v;
	int r;

	if (n == 0)
		return -EINVAL;
	if (transaction.running)
		return -EBUSY;
	r = value_new(info, &v);
	if (r < 0)
		return r;
	v->rank = 1;
	r = attach(v, inputs, n);
	if (r < 0) {
		derived_detach(v);
		v->state = VALUE_CLOSED;
		value_unref(v);
		return r;
	}
	v->how = *how;
	(void)transaction_enter();
	derived_update(v);
	transaction_leave(true);
	*ret = v;
	return 0;
}

/*
 * A composed value makes a table at each change. It keeps its last two: the older one is used again
 * when nobody holds it any more, so that composing settles on two tables and allocates no more.
 */
struct composition {
	struct keys *keys;
	struct table *newer, *older;
};

static void composition_free(void *arg)
{
	struct composition *c = arg;

	table_unref(c->newer);
	table_unref(c->older);
	keys_unref(c->keys);
	free(c);
}

static struct table *table_of(struct composition *c)
{
	struct table *t = c->older;

	if (t && t->refs == 1) {
		c->older = c->newer;
		c->newer = t;
		return t;
	}
	t = table_new(c->keys);
	if (!t)
		return NULL;
	table_unref(c->older);
	c->older = c->newer;
	c->newer = t;
	return t;
}

static int composition_compute(void *arg, struct value *const *inputs, unsigned n,
			       struct datum *ret)
{
	struct table *t = table_of(arg);

	if (!t)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		datum_fini(&t->values[i]);
		t->values[i] = datum_copy(&inputs[i]->now);
	}
	t->refs++;
	*ret = (struct datum){.type = DATUM_TABLE, .t = t};
	return 0;
}

int value_compose(const struct value_info *info, const char *const *keys,
		  struct value *const *inputs, unsigned n, bool keep_stale,
		  struct value **ret)
{
	struct composition *c = calloc(1, sizeof(*c));
	const struct derivation how = {.compute = composition_compute,
				       .arg_free = composition_free,
				       .arg = c,
				       .keep_stale = keep_stale};
	int r;

	if (!c)
		return -ENOMEM;
	c->keys = keys_new(keys, n);
	r = c->keys ? value_derive(info, inputs, n, &how, ret) : -ENOMEM;
	if (r < 0)
		composition_free(c);
	return r;
}
