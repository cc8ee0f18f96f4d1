/* Events. */
#include "daemon/rt/event.h"

#include <errno.h>

#include "daemon/rt/internal.h"

struct waiter {
	struct wait wait;
	struct link link;
};

void event_init(struct event *e, const char *name)
{
	e->count = 0;
	e->name = name;
	list_init(&e->waiters);
}

void event_set(struct event *e)
{
	struct link *k;

	e->count++;
	while ((k = list_pop(&e->waiters)) != NULL)
		task_wake(&container_of(k, struct waiter, link)->wait, 0);
}

static bool event_abort(struct wait *w)
{
	link_remove(&container_of(w, struct waiter, wait)->link);
	return true;
}

int event_wait(struct event *e)
{
	struct waiter w = {
		.wait = {.kind = "event", .what = e->name, .abort = event_abort}};

	if (task_check() < 0)
		return -ECANCELED;
	list_push(&e->waiters, &w.link);
	return task_park(&w.wait);
}

void event_listen(struct event_listener *l, struct event *e, bool repeat_last)
{
	l->event = e;
	l->seen = e->count - repeat_last;
}

int event_next(struct event_listener *l)
{
	int r = l->seen == l->event->count ? event_wait(l->event) : task_checkpoint();

	if (r == 0)
		l->seen = l->event->count;
	return r;
}
