/* Simulated GPIO lines: levels driven from two sides, edges with time stamps, a queue for each line. */
#include "hal/gpio_sim.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/list.h"
#include "daemon/rt/error.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"

#define EVENTS_MAX 16 /* as the kernel keeps for a line */

struct gpio_board {
	struct gpio_provider provider;
	struct list lines;
};

/* A task that waits for an edge, which is handed to it as it comes. */
struct edge_wait {
	struct wait wait;
	struct sim_line *line;
	struct gpio_event event;
};

struct sim_line {
	struct gpio_line line;
	struct link link;
	bool level;  /* physical */
	bool driven; /* somebody has set the level, if only once */
	bool gone;   /* its chip was removed: it cannot be opened, what is open fails */
	bool used;   /* requested; the rest is the request */
	char consumer[32];
	bool output, active_low;
	enum gpio_edge edge;
	uint32_t lose; /* so many edges to come are not seen */
	bool stuck;    /* the level stays, whoever drives it */
	struct edge_wait *waiter;
	struct gpio_watch *watch; /* NULL: nobody */
	/* Invariant: event[first .. first + count) modulo EVENTS_MAX, oldest first; empty while a
	 * task waits. */
	struct gpio_event event[EVENTS_MAX];
	unsigned first, count;
};

static struct sim_line *sim_of(struct gpio_line *l)
{
	return container_of(l, struct sim_line, line);
}

static bool logical(const struct sim_line *l)
{
	return l->level != l->active_low;
}

static bool edge_wanted(const struct sim_line *l, bool level)
{
	switch (l->edge) {
	case GPIO_EDGE_NONE:
		return false;
	case GPIO_EDGE_RISING:
		return level;
	case GPIO_EDGE_FALLING:
		return !level;
	case GPIO_EDGE_BOTH:
		return true;
	}
	return false;
}

/* The oldest makes room, as in the kernel; the next in the queue tells how many are missing. */
static void enqueue(struct sim_line *l, const struct gpio_event *e)
{
	if (l->count == EVENTS_MAX) {
		uint32_t lost = l->event[l->first].lost + 1;

		l->first = (l->first + 1) % EVENTS_MAX;
		l->count--;
		l->event[l->first].lost += lost;
	}
	l->event[(l->first + l->count++) % EVENTS_MAX] = *e;
}

static void emit(struct sim_line *l, int64_t t_ns)
{
	struct gpio_event e = {.t_ns = t_ns, .level = logical(l)};
	struct edge_wait *w = l->waiter;

	if (!edge_wanted(l, e.level))
		return;
	if (l->lose > 0) {
		l->lose -= l->lose != GPIO_FAULT_ALWAYS;
		return;
	}
	if (!w) {
		enqueue(l, &e);
		return;
	}
	l->waiter = NULL;
	w->event = e;
	task_wake(&w->wait, 0);
}

static bool edge_abort(struct wait *w)
{
	container_of(w, struct edge_wait, wait)->line->waiter = NULL;
	return true;
}

static int gone_error(const struct sim_line *l)
{
	return error_set(-ENODEV, "line %s: its chip has gone", l->line.name);
}

static int line_get(struct gpio_line *line)
{
	const struct sim_line *l = sim_of(line);

	return l->gone ? gone_error(l) : logical(l);
}

static int line_set(struct gpio_line *line, bool level)
{
	struct sim_line *l = sim_of(line);
	bool before = l->level;

	if (!l->output)
		return -EPERM;
	if (l->gone)
		return gone_error(l);
	if (l->stuck)
		return 0;
	l->level = level != l->active_low;
	l->driven = true;
	if (l->watch && l->level != before)
		l->watch->changed(l->watch, l->level);
	return 0;
}

static int line_wait(struct gpio_line *line, struct gpio_event *ret)
{
	struct sim_line *l = sim_of(line);
	struct edge_wait w = {
		.wait = {.kind = "edge", .what = line->name, .abort = edge_abort},
		.line = l,
	};
	int r = task_check();

	if (r < 0)
		return r;
	if (l->edge == GPIO_EDGE_NONE)
		return -EPERM;
	if (l->gone)
		return gone_error(l);
	if (l->waiter)
		return -EBUSY;
	if (l->count) {
		*ret = l->event[l->first];
		l->first = (l->first + 1) % EVENTS_MAX;
		l->count--;
		task_yield();
		return 0;
	}
	l->waiter = &w;
	r = task_park(&w.wait);
	if (r == 0)
		*ret = w.event;
	return r == -ENODEV ? gone_error(l) : r;
}

static void line_close(struct gpio_line *line)
{
	struct sim_line *l = sim_of(line);

	l->used = l->output = false;
	l->edge = GPIO_EDGE_NONE;
	l->first = l->count = 0;
	if (l->waiter)
		task_wake(&l->waiter->wait, -EBADF);
	l->waiter = NULL;
}

static const struct gpio_ops line_ops = {
	.get = line_get,
	.set = line_set,
	.wait = line_wait,
	.close = line_close,
};

static struct sim_line *find(const struct gpio_board *b, const char *name)
{
	list_each(l, &b->lines, struct sim_line, link)
	{
		if (strcmp(l->line.name, name) == 0)
			return l;
	}
	return NULL;
}

static int find_or_make(struct gpio_board *b, const char *name, struct sim_line **ret)
{
	struct sim_line *l = find(b, name);
	size_t len = strlen(name);

	if (!l) {
		if (len == 0 || len >= sizeof(l->line.name))
			return -EINVAL;
		l = calloc(1, sizeof(*l));
		if (!l)
			return -ENOMEM;
		l->line.ops = &line_ops;
		memcpy(l->line.name, name, len);
		list_push(&b->lines, &l->link);
	}
	*ret = l;
	return 0;
}

static int board_open(struct gpio_provider *p, const struct gpio_request *req,
		      struct gpio_line **ret)
{
	struct gpio_board *b = container_of(p, struct gpio_board, provider);
	struct sim_line *l;
	int r;

	if (req->output && req->edge != GPIO_EDGE_NONE)
		return -EINVAL;
	r = find_or_make(b, req->line, &l);
	if (r < 0)
		return r;
	if (l->gone)
		return error_set(-ENOENT, "no chip has a line %s", req->line);
	if (l->used)
		return error_set(-EBUSY, "line %s is used by %s", req->line, l->consumer);
	l->used = true;
	(void)snprintf(l->consumer, sizeof(l->consumer), "%s",
		       req->consumer ? req->consumer : "somebody");
	l->output = req->output;
	l->active_low = req->active_low;
	l->edge = req->edge;
	if (req->output)
		(void)line_set(&l->line, req->level); /* it is an output: cannot fail */
	else if (!l->driven)
		l->level = req->bias == GPIO_BIAS_PULL_UP;
	*ret = &l->line;
	return 0;
}

struct gpio_board *gpio_board_new(void)
{
	struct gpio_board *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->provider.name = "sim";
	b->provider.open = board_open;
	list_init(&b->lines);
	return b;
}

void gpio_board_free(struct gpio_board *b)
{
	if (!b)
		return;
	list_each_safe(l, &b->lines, struct sim_line, link)
	{
		assert(!l->used);
		free(l);
	}
	free(b);
}

struct gpio_provider *gpio_board_provider(struct gpio_board *b)
{
	return &b->provider;
}

int gpio_board_drive(struct gpio_board *b, const char *line, bool level, int64_t t_ns)
{
	struct sim_line *l;
	int r = find_or_make(b, line, &l);

	if (r < 0)
		return r;
	if (l->output || l->stuck)
		return 0;
	l->driven = true;
	if (l->level == level)
		return 0;
	l->level = level;
	emit(l, t_ns);
	return 0;
}

bool gpio_board_level(const struct gpio_board *b, const char *line)
{
	const struct sim_line *l = find(b, line);

	return l && l->level;
}

int gpio_board_watch(struct gpio_board *b, const char *line, struct gpio_watch *w)
{
	struct sim_line *l;
	int r = find_or_make(b, line, &l);

	if (r == 0)
		l->watch = w;
	return r;
}

bool gpio_board_used(const struct gpio_board *b, const char *line)
{
	const struct sim_line *l = find(b, line);

	return l && l->used;
}

static void remove_chip(struct sim_line *l, bool gone)
{
	l->gone = gone;
	if (gone && l->waiter)
		task_wake(&l->waiter->wait, -ENODEV);
	if (gone)
		l->waiter = NULL;
}

int gpio_board_fault(struct gpio_board *b, const char *line, enum gpio_fault fault,
		     uint32_t count)
{
	struct sim_line *l = find(b, line);

	if (!l)
		return -ENOENT;
	switch (fault) {
	case GPIO_FAULT_LOSE:
		l->lose = count;
		break;
	case GPIO_FAULT_STUCK:
		l->stuck = count > 0;
		break;
	case GPIO_FAULT_GONE:
		remove_chip(l, count > 0);
		break;
	case GPIO_FAULT_COUNT:
		return -EINVAL;
	}
	return 0;
}
