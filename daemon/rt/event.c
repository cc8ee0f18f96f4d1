/* Events. */
#include "daemon/rt/event.h"

#include <errno.h>

#include "daemon/rt/internal.h"

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
		task_wake(&container_of(k, struct event_waiter, link)->wait, 0);
}

static bool event_abort(struct wait *w)
{
	link_remove(&container_of(w, struct event_waiter, wait)->link);
	return true;
}

void event_arm(struct event *e, struct event_waiter *w)
{
	w->wait = (struct wait){.kind = "event", .what = e->name, .abort = event_abort};
	list_push(&e->waiters, &w->link);
}

int event_wait(struct event *e)
{
	struct event_waiter w;

	if (task_check() < 0)
		return -ECANCELED;
	event_arm(e, &w);
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
