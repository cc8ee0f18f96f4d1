/* Loops over changes. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/state/await.h"
#include "daemon/state/internal.h"

static size_t change_bytes(const struct transitions *t, const struct datum *now,
			   const struct datum *old)
{
	return t->account ? datum_bytes(now, t->account) + datum_bytes(old, t->account)
			  : 0;
}

static void drop_oldest(struct transitions *t)
{
	struct change *c = &t->ring[t->head];

	account_release(t->account, change_bytes(t, &c->now, &c->old));
	datum_fini(&c->now);
	datum_fini(&c->old);
	t->head = (t->head + 1) % t->cap;
	t->count--;
}

static void disarm(struct transitions *t)
{
	t->armed = false;
	waiter_remove(&t->waiter);
}

/* 0, or -ENOMEM: it is more than the account has. */
static int push(struct transitions *t, const struct datum *now, const struct datum *old)
{
	if (t->count == t->cap) {
		drop_oldest(t);
		t->dropped++;
	}
	if (!account_charge(t->account, change_bytes(t, now, old)))
		return -ENOMEM;
	t->ring[(t->head + t->count++) % t->cap] =
		(struct change){.now = datum_copy(now), .old = datum_copy(old)};
	return 0;
}

static void keep_change(struct waiter *w, int r, const struct datum *now,
			const struct datum *old)
{
	struct transitions *t = container_of(w, struct transitions, waiter);

	if (r < 0) {
		t->failed = r;
		t->armed = false;
	} else {
		t->failed = push(t, now, old);
		if (!t->queues || t->failed)
			disarm(t);
	}
	if (t->waiting) {
		t->waiting = false;
		task_wake(&t->wait, 0);
	}
}

static bool stop_waiting(struct wait *wait)
{
	struct transitions *t = container_of(wait, struct transitions, wait);

	t->waiting = false;
	if (!t->queues)
		disarm(t);
	return true;
}

static void describe(const struct wait *w, char *buf, size_t size)
{
	waiter_describe(&container_of(w, struct transitions, wait)->waiter, buf, size);
}

static void arm(struct transitions *t)
{
	if (t->armed || t->failed)
		return;
	if (t->v->state == VALUE_CLOSED) {
		t->failed = -EPIPE;
		return;
	}
	t->armed = true;
	waiter_add(&t->waiter, t->v);
}

int transitions_open(struct transitions *t, struct value *v, const struct pred *p,
		     const struct await_opt *opt, unsigned queue)
{
	*t = (struct transitions){
		.waiter = {.edge = true, .pred = *p, .tell = keep_change},
		.wait = {.kind = "transition",
			 .what = v->info.name,
			 .abort = stop_waiting,
			 .describe = describe},
		.v = v,
		.cap = queue > 0 ? queue : 1,
		.queues = queue > 0,
	};
	if (opt) {
		t->waiter.stale_use = opt->stale_use;
		t->waiter.fresh_ns = opt->fresh_ns;
		t->account = opt->account;
	}
	if (!account_charge(t->account, t->cap * sizeof(t->ring[0])))
		return -ENOMEM;
	t->ring = calloc(t->cap, sizeof(t->ring[0]));
	if (!t->ring) {
		account_release(t->account, t->cap * sizeof(t->ring[0]));
		return -ENOMEM;
	}
	value_ref(v);
	arm(t);
	return 0;
}

/* Hand out the oldest change. */
static void take(struct transitions *t, struct datum *ret_now, struct datum *ret_old)
{
	const struct change *c = &t->ring[t->head];

	if (ret_now)
		*ret_now = datum_copy(&c->now);
	if (ret_old)
		*ret_old = datum_copy(&c->old);
	drop_oldest(t);
}

int transitions_next(struct transitions *t, struct datum *ret_now, struct datum *ret_old)
{
	int r = await_check();

	if (r < 0)
		return r;
	if (t->count == 0)
		arm(t);
	if (t->count == 0 && !t->failed) {
		t->waiting = true;
		r = task_park(&t->wait);
		if (r < 0)
			return r;
	} else {
		task_yield();
	}
	if (t->count == 0)
		return t->failed;
	take(t, ret_now, ret_old);
	return 0;
}

void transitions_close(struct transitions *t)
{
	if (!t->v)
		return;
	disarm(t);
	while (t->count > 0)
		drop_oldest(t);
	free(t->ring);
	account_release(t->account, t->cap * sizeof(t->ring[0]));
	value_unref(t->v);
	t->v = NULL;
}
