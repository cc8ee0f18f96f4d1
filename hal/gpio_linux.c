/* GPIO lines of Linux: finding them, waiting for their edges, and noticing that their chip has gone. */
#include "hal/gpio_linux.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/rt/error.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"
#include "hal/gpio_gpiod.h"
#include "hal/node.h"

#define NODES "/dev/gpiochip*"
#define HINT "does this machine have GPIO lines?"

/* Kernels before 6.7 do not wake who waits for the edges of a chip that is removed: look now and then. */
#define LOOK_NS NS_PER_S

struct linux_line {
	struct gpio_line line;
	struct gpiod_node *node;
	struct gpiod_taken *taken;
	unsigned offset;
	bool output;
	/* Invariant: event[first .. count) have been read and are not yet given out. */
	struct gpio_event event[GPIOD_EVENTS];
	unsigned first, count;
};

static struct linux_line *linux_of(struct gpio_line *l)
{
	return container_of(l, struct linux_line, line);
}

/* A failure @r that is the chip's end gets a text. */
static int explain(const struct linux_line *l, int r)
{
	return r == -ENODEV ? error_set(r, "line %s: its chip has gone", l->line.name)
			    : r;
}

static int linux_get(struct gpio_line *line)
{
	return explain(linux_of(line), gpiod_taken_get(linux_of(line)->taken));
}

static int linux_set(struct gpio_line *line, bool level)
{
	const struct linux_line *l = linux_of(line);

	if (!l->output)
		return -EPERM;
	return explain(l, gpiod_taken_set(l->taken, level));
}

static int still_there(const struct linux_line *l)
{
	struct gpiod_line_state state;

	return explain(l, gpiod_node_state(l->node, l->offset, &state));
}

/* Wait until there may be edges. Suspends. */
static int await_edges(const struct linux_line *l)
{
	int fd = gpiod_taken_fd(l->taken);

	for (;;) {
		int64_t look_ns = time_add(rt_now(), LOOK_NS);
		struct scope scope;
		int r;

		if (scope_effective_deadline() <= look_ns)
			return fd_wait_kept(fd);
		scope_enter_until(&scope, look_ns);
		r = scope_leave_timeout(&scope, fd_wait_kept(fd));
		if (r == -ETIMEDOUT)
			r = still_there(l);
		else
			return r;
		if (r < 0)
			return r;
	}
}

/* Wait until there are edges, and take what there is. Suspends. */
static int fetch(struct linux_line *l)
{
	for (;;) {
		int r = await_edges(l);

		if (r < 0)
			return r;
		r = gpiod_taken_read(l->taken, l->event);
		if (r > 0) {
			l->first = 0;
			l->count = (unsigned)r;
			return 0;
		}
		if (r != -EAGAIN && r != -EINTR)
			return explain(l, r);
	}
}

static int linux_wait(struct gpio_line *line, struct gpio_event *ret)
{
	struct linux_line *l = linux_of(line);
	int r = task_check();

	if (r < 0)
		return r;
	if (gpiod_taken_fd(l->taken) < 0)
		return -EPERM;
	if (l->first < l->count) {
		*ret = l->event[l->first++];
		task_yield();
		return 0;
	}
	r = fetch(l);
	if (r == 0)
		*ret = l->event[l->first++];
	return r;
}

static void linux_close(struct gpio_line *line)
{
	struct linux_line *l = linux_of(line);

	if (l->taken && gpiod_taken_fd(l->taken) >= 0)
		fd_forget(gpiod_taken_fd(l->taken));
	gpiod_release(l->taken);
	gpiod_node_close(l->node);
	free(l);
}

static const struct gpio_ops linux_ops = {
	.get = linux_get,
	.set = linux_set,
	.wait = linux_wait,
	.close = linux_close,
};

/* Keep in @best, "" at first, which name is nearest to @word, now that there is @candidate. */
static void keep_nearest(const char *word, char best[GPIOD_NAME], const char *candidate)
{
	const char *names[] = {candidate, best};

	if (candidate[0] && nearest_name(word, names, best[0] ? 2 : 1) == candidate)
		(void)snprintf(best, GPIOD_NAME, "%s", candidate);
}

/* Is the chip @n called @chip: "gpiochip0", "0", or by its label? */
static bool is_called(const struct gpiod_node *n, const char *chip)
{
	const char *name = gpiod_node_name(n);

	return strcmp(name, chip) == 0 || strcmp(gpiod_node_label(n), chip) == 0 ||
	       (strncmp(name, "gpiochip", 8) == 0 && strcmp(name + 8, chip) == 0);
}

static int no_such_chip(const char *chip, const char *nearest, int r)
{
	char node[48];

	(void)snprintf(node, sizeof(node), "%s%s", chip[0] == '/' ? "" : "/dev/", chip);
	if (r == -ENOENT && nearest[0])
		return error_set(r,
				 "there is no GPIO chip %s, neither by name nor by "
				 "label; did you mean %s?",
				 chip, nearest);
	return r == -ENOENT ? node_error(node, r, NODES, HINT) : r;
}

/* Open the chip called @chip. One that is closed to us may be the one. */
static int open_chip(const char *chip, struct gpiod_node **ret)
{
	char nearest[GPIOD_NAME] = "";
	int r = -ENOENT;
	glob_t found;

	if (chip[0] == '/') {
		r = gpiod_node_open(chip, ret);
		return r < 0 ? node_error(chip, r, NODES, HINT) : 0;
	}
	if (glob(NODES, 0, NULL, &found) != 0)
		return no_such_chip(chip, nearest, -ENOENT);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct gpiod_node *n;
		int e = gpiod_node_open(found.gl_pathv[i], &n);

		if (e < 0) {
			r = node_error(found.gl_pathv[i], e, NODES, HINT);
			continue;
		}
		if (is_called(n, chip)) {
			*ret = n;
			r = 0;
			break;
		}
		keep_nearest(chip, nearest, gpiod_node_label(n));
		keep_nearest(chip, nearest, gpiod_node_name(n));
		gpiod_node_close(n);
	}
	globfree(&found);
	return r < 0 ? no_such_chip(chip, nearest, r) : 0;
}

/* The chip and the line that "chip:offset" means. */
static int find_by_offset(const char *name, struct linux_line *l)
{
	const char *colon = strrchr(name, ':');
	char chip[GPIOD_NAME];
	char *end;
	unsigned long offset = strtoul(colon + 1, &end, 10);
	int r;

	if (end == colon + 1 || *end != '\0' || offset > UINT_MAX)
		return error_set(-EINVAL, "%s: behind the colon goes the line's number",
				 name);
	(void)snprintf(chip, sizeof(chip), "%.*s", (int)(colon - name), name);
	r = open_chip(chip, &l->node);
	if (r < 0)
		return r;
	if (offset >= gpiod_node_lines(l->node))
		return error_set(-ENOENT, "%s: %s has the lines 0 to %u", name,
				 gpiod_node_name(l->node), gpiod_node_lines(l->node) - 1);
	l->offset = (unsigned)offset;
	return 0;
}

static void nearest_line(struct gpiod_node *n, const char *name, char best[GPIOD_NAME])
{
	struct gpiod_line_state state;

	for (unsigned i = 0; i < gpiod_node_lines(n); i++)
		if (gpiod_node_state(n, i, &state) == 0)
			keep_nearest(name, best, state.name);
}

static int no_such_line(const char *name, const char *nearest, int r)
{
	if (r != -ENOENT)
		return r;
	if (nearest[0])
		return error_set(r, "no chip has a line %s; did you mean %s?", name,
				 nearest);
	return error_set(r,
			 "no chip has a line %s; lines without a name are "
			 "\"gpiochip0:22\"",
			 name);
}

/* The first line called @name on any chip. A chip that is closed to us may be the one that has it. */
static int find_by_name(const char *name, struct linux_line *l)
{
	char nearest[GPIOD_NAME] = "";
	int r = -ENOENT;
	glob_t found;

	if (glob(NODES, 0, NULL, &found) != 0)
		return error_set(r, "there is no line %s, nor any %s: %s", name, NODES,
				 HINT);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct gpiod_node *n;
		int offset = gpiod_node_open(found.gl_pathv[i], &n);

		if (offset < 0) {
			r = node_error(found.gl_pathv[i], offset, NODES, HINT);
			continue;
		}
		offset = gpiod_node_find(n, name);
		if (offset >= 0) {
			l->node = n;
			l->offset = (unsigned)offset;
			r = 0;
			break;
		}
		nearest_line(n, name, nearest);
		gpiod_node_close(n);
	}
	globfree(&found);
	return r < 0 ? no_such_line(name, nearest, r) : 0;
}

static int take(struct linux_line *l, const struct gpio_request *req)
{
	struct gpio_request named = *req;
	struct gpiod_line_state state;
	int r;

	if (!named.consumer)
		named.consumer = "instinct";
	r = gpiod_take(l->node, l->offset, &named, &l->taken);
	if (r == -EBUSY && gpiod_node_state(l->node, l->offset, &state) == 0)
		return error_set(r, "line %s is used by %s", req->line,
				 state.consumer[0] ? state.consumer : "the kernel");
	return r < 0 ? error_set(r, "line %s: %s", req->line, strerror(-r)) : 0;
}

static int linux_open(struct gpio_provider *p, const struct gpio_request *req,
		      struct gpio_line **ret)
{
	struct linux_line *l;
	int r;

	(void)p;
	if (req->output && req->edge != GPIO_EDGE_NONE)
		return error_set(-EINVAL, "line %s: an output has no edges to wait for",
				 req->line);
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->line.ops = &linux_ops;
	l->output = req->output;
	(void)snprintf(l->line.name, sizeof(l->line.name), "%s", req->line);
	r = strchr(req->line, ':') ? find_by_offset(req->line, l)
				   : find_by_name(req->line, l);
	if (r == 0)
		r = take(l, req);
	if (r < 0) {
		linux_close(&l->line);
		return r;
	}
	*ret = &l->line;
	return 0;
}

struct gpio_provider *gpio_linux_provider(void)
{
	static struct gpio_provider provider = {.name = "linux", .open = linux_open};

	return &provider;
}
