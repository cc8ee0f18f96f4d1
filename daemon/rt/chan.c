/* Channels. */
#include "daemon/rt/chan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/internal.h"

int chan_init(struct chan *c, const char *name, size_t elem_size, size_t cap)
{
	memset(c, 0, sizeof(*c));
	c->name = name;
	c->elem_size = elem_size;
	c->cap = cap;
	list_init(&c->senders);
	list_init(&c->receivers);
	c->sender_ends = c->receiver_ends = 1;
	if (cap > 0) {
		c->buf = calloc(cap, elem_size);
		if (!c->buf)
			return -ENOMEM;
	}
	return 0;
}

void chan_fini(struct chan *c)
{
	assert(!c->elem_size || (list_empty(&c->senders) && list_empty(&c->receivers)));
	free(c->buf);
	memset(c, 0, sizeof(*c));
}

size_t chan_count(const struct chan *c)
{
	return c->count;
}

static void put(struct chan *c, const void *elem)
{
	size_t i = (c->head + c->count) % c->cap;

	memcpy(c->buf + i * c->elem_size, elem, c->elem_size);
	c->count++;
}

static void get(struct chan *c, void *elem)
{
	memcpy(elem, c->buf + c->head * c->elem_size, c->elem_size);
	c->head = (c->head + 1) % c->cap;
	c->count--;
}

static struct chan_party *first(struct list *l)
{
	return list_first(l, struct chan_party, link);
}

/* The first that is not this very task, which may wait at both ends in one choose(). */
static struct chan_party *first_other(struct list *l)
{
	list_each(p, l, struct chan_party,
		  link) if (p->wait.task != task_self()) return p;
	return NULL;
}

static void finish(struct chan_party *p, int r)
{
	link_remove(&p->link);
	task_wake(&p->wait, r);
}

int chan_try_send(struct chan *c, const void *elem)
{
	struct chan_party *r = first_other(&c->receivers);

	if (c->closed || c->receiver_ends == 0)
		return -EPIPE;
	if (r) {
		memcpy(r->elem, elem, c->elem_size);
		finish(r, 0);
		return 0;
	}
	if (c->count == c->cap)
		return -EAGAIN;
	put(c, elem);
	return 0;
}

int chan_try_recv(struct chan *c, void *elem)
{
	struct chan_party *s = first_other(&c->senders);

	if (c->count > 0) {
		get(c, elem);
		if (s) { /* there is room for the first that waits */
			put(c, s->elem);
			finish(s, 0);
		}
		return 0;
	}
	if (s) {
		memcpy(elem, s->elem, c->elem_size);
		finish(s, 0);
		return 0;
	}
	return c->closed || c->sender_ends == 0 ? -EPIPE : -EAGAIN;
}

static bool party_abort(struct wait *w)
{
	link_remove(&container_of(w, struct chan_party, wait)->link);
	return true;
}

static void arm(struct list *end, const struct chan *c, const char *kind,
		struct chan_party *p)
{
	p->wait = (struct wait){.kind = kind, .what = c->name, .abort = party_abort};
	list_push(end, &p->link);
}

void chan_arm_send(struct chan *c, struct chan_party *p)
{
	arm(&c->senders, c, "channel to send", p);
}

void chan_arm_recv(struct chan *c, struct chan_party *p)
{
	arm(&c->receivers, c, "channel to receive", p);
}

int chan_send(struct chan *c, const void *elem)
{
	/* Only read from: the receiver copies out of it. */
	struct chan_party p = {.elem = (void *)(uintptr_t)elem};
	int r = task_check();

	if (r < 0)
		return r;
	r = chan_try_send(c, elem);
	if (r == -EAGAIN) {
		chan_arm_send(c, &p);
		return task_park(&p.wait);
	}
	if (r == 0)
		task_yield();
	return r;
}

int chan_recv(struct chan *c, void *elem)
{
	struct chan_party p = {.elem = elem};
	int r = task_check();

	if (r < 0)
		return r;
	r = chan_try_recv(c, elem);
	if (r == -EAGAIN) {
		chan_arm_recv(c, &p);
		return task_park(&p.wait);
	}
	if (r == 0)
		task_yield();
	return r;
}

static void end_all(struct list *parties)
{
	for (struct chan_party *p; (p = first(parties)) != NULL;)
		finish(p, -EPIPE);
}

void chan_close(struct chan *c)
{
	c->closed = true;
	end_all(&c->senders);
	end_all(&c->receivers);
}

void chan_clone_sender(struct chan *c)
{
	c->sender_ends++;
}

void chan_clone_receiver(struct chan *c)
{
	c->receiver_ends++;
}

void chan_close_sender(struct chan *c)
{
	assert(c->sender_ends > 0);
	/* Receivers wait only while nothing is queued and nobody sends. */
	if (--c->sender_ends == 0)
		end_all(&c->receivers);
}

void chan_close_receiver(struct chan *c)
{
	assert(c->receiver_ends > 0);
	if (--c->receiver_ends == 0)
		end_all(&c->senders);
}
