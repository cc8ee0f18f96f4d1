/*
 * Choosing: all cases are armed, and the first task_wake() on one of them takes the others back before
 * anything else runs. So at most one takes effect.
 */
#include "daemon/rt/choose.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "daemon/rt/internal.h"
#include "daemon/rt/rt.h"

struct choice {
	struct wait wait; /* the task's */
	struct choice_case *const *cases;
	size_t armed; /* cases before this one */
	int decided;  /* while arming: the case that was woken by it; -1: none */
};

static void take_back(struct choice *ch, const struct choice_case *but)
{
	for (size_t i = 0; i < ch->armed; i++) {
		struct wait *w = ch->cases[i]->wait;
		bool taken;

		if (ch->cases[i] == but)
			continue;
		w->parked = false;
		taken = w->abort(w);
		assert(taken);
	}
	ch->armed = 0;
}

void choice_decide(struct wait *w, int r)
{
	struct choice *ch = w->choice;
	size_t i = 0;

	assert(w->parked);
	while (ch->cases[i]->wait != w)
		i++;
	ch->cases[i]->result = r;
	w->parked = false;
	take_back(ch, ch->cases[i]);
	if (ch->wait.parked)
		task_wake(&ch->wait, (int)i);
	else
		ch->decided = (int)i;
}

static bool choice_abort(struct wait *w)
{
	take_back(container_of(w, struct choice, wait), NULL);
	return true;
}

/* Each case, as far as there is room. */
static void choice_describe(const struct wait *w, char *buf, size_t size)
{
	const struct choice *ch = container_of(w, struct choice, wait);
	char one[96];
	size_t n = 0;

	for (size_t i = 0; i < ch->armed && n < size; i++) {
		wait_print(ch->cases[i]->wait, one, sizeof(one));
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i > 0 ? ", " : "", one);
	}
}

int choose(struct choice_case *const *cases, size_t n)
{
	struct choice ch = {
		.wait = {.kind = "choice",
			 .abort = choice_abort,
			 .describe = choice_describe},
		.cases = cases,
		.decided = -1,
	};

	assert(n > 0);
	if (task_check() < 0)
		return -ECANCELED;
	for (; ch.armed < n; ch.armed++) {
		struct choice_case *c = cases[ch.armed];
		int r = c->arm(c);

		/* A predicate set off what an earlier case waits for. */
		if (ch.decided >= 0) {
			if (r == CHOICE_ARMED)
				(void)c->wait->abort(c->wait);
			task_yield();
			return ch.decided;
		}
		if (r <= 0) {
			int chosen = (int)ch.armed;

			c->result = r;
			take_back(&ch, NULL);
			task_yield();
			return chosen;
		}
		c->wait->task = task_self();
		c->wait->choice = &ch;
		c->wait->parked = true;
	}
	return task_park(&ch.wait);
}

static int arm_timer(struct choice_case *c)
{
	struct choice_timer *t = container_of(c, struct choice_timer, c);

	if (t->t_ns <= rt_now())
		return 0;
	sleep_arm(&t->sleep, t->t_ns);
	return CHOICE_ARMED;
}

struct choice_case *choice_timer(struct choice_timer *c, int64_t t_ns)
{
	*c = (struct choice_timer){.c = {.arm = arm_timer, .wait = &c->sleep.wait},
				   .t_ns = t_ns};
	return &c->c;
}

static int arm_fd(struct choice_case *c)
{
	int r = fd_arm(&container_of(c, struct choice_fd, c)->waiter);

	return r < 0 ? r : CHOICE_ARMED;
}

struct choice_case *choice_fd(struct choice_fd *c, int fd, enum fd_dir dir)
{
	*c = (struct choice_fd){.c = {.arm = arm_fd, .wait = &c->waiter.wait},
				.waiter = {.fd = fd, .dir = dir}};
	return &c->c;
}

static int arm_send(struct choice_case *c)
{
	struct choice_chan *s = container_of(c, struct choice_chan, c);
	int r = chan_try_send(s->chan, s->party.elem);

	if (r != -EAGAIN)
		return r;
	chan_arm_send(s->chan, &s->party);
	return CHOICE_ARMED;
}

static int arm_recv(struct choice_case *c)
{
	struct choice_chan *s = container_of(c, struct choice_chan, c);
	int r = chan_try_recv(s->chan, s->party.elem);

	if (r != -EAGAIN)
		return r;
	chan_arm_recv(s->chan, &s->party);
	return CHOICE_ARMED;
}

struct choice_case *choice_send(struct choice_chan *c, struct chan *chan,
				const void *elem)
{
	*c = (struct choice_chan){
		.c = {.arm = arm_send, .wait = &c->party.wait},
		.chan = chan,
		.party.elem = (void *)(uintptr_t)elem, /* only read from */
	};
	return &c->c;
}

struct choice_case *choice_recv(struct choice_chan *c, struct chan *chan, void *elem)
{
	*c = (struct choice_chan){
		.c = {.arm = arm_recv, .wait = &c->party.wait},
		.chan = chan,
		.party.elem = elem,
	};
	return &c->c;
}

static int arm_child(struct choice_case *c)
{
	struct choice_child *j = container_of(c, struct choice_child, c);

	if (j->child->state != CHILD_RUNNING)
		return 0;
	child_arm_join(j->child, &j->joiner);
	return CHOICE_ARMED;
}

struct choice_case *choice_child(struct choice_child *c, struct child *child)
{
	*c = (struct choice_child){.c = {.arm = arm_child, .wait = &c->joiner.wait},
				   .child = child};
	return &c->c;
}

static int arm_event(struct choice_case *c)
{
	struct choice_event *e = container_of(c, struct choice_event, c);

	event_arm(e->event, &e->waiter);
	return CHOICE_ARMED;
}

struct choice_case *choice_event(struct choice_event *c, struct event *e)
{
	*c = (struct choice_event){.c = {.arm = arm_event, .wait = &c->waiter.wait},
				   .event = e};
	return &c->c;
}
