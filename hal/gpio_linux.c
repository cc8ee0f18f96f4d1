/* GPIO lines of Linux by libgpiod 1.x: one open chip and one requested line for each of ours. */
#include "hal/gpio_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <gpiod.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/error.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/task.h"
#include "hal/node.h"

#define NODES "/dev/gpiochip*"
#define HINT "does this machine have GPIO lines?"
#define EVENTS_MAX 16 /* as the kernel keeps for a line */

struct linux_line {
	struct gpio_line line;
	struct gpiod_chip *chip;
	struct gpiod_line *handle; /* of the chip */
	int fd;                    /* of edges; the handle's; -1: none asked for */
	bool output;
	/* Invariant: event[first .. count) have been read and are not yet given out. */
	struct gpiod_line_event event[EVENTS_MAX];
	unsigned first, count;
};

static struct linux_line *linux_of(struct gpio_line *l)
{
	return container_of(l, struct linux_line, line);
}

static int linux_get(struct gpio_line *line)
{
	int level = gpiod_line_get_value(linux_of(line)->handle);

	return level < 0 ? -errno : level;
}

static int linux_set(struct gpio_line *line, bool level)
{
	const struct linux_line *l = linux_of(line);

	if (!l->output)
		return -EPERM;
	return gpiod_line_set_value(l->handle, level) < 0 ? -errno : 0;
}

static void give(struct linux_line *l, struct gpio_event *ret)
{
	const struct gpiod_line_event *e = &l->event[l->first++];

	*ret = (struct gpio_event){
		.t_ns = e->ts.tv_sec * NS_PER_S + e->ts.tv_nsec,
		.level = e->event_type == GPIOD_LINE_EVENT_RISING_EDGE,
	};
}

/* Wait until there are edges, and take what there is. */
static int fetch(struct linux_line *l)
{
	for (;;) {
		int r = fd_wait(l->fd, FD_READ);
		int n;

		if (r < 0)
			return r;
		n = gpiod_line_event_read_fd_multiple(l->fd, l->event, EVENTS_MAX);
		if (n > 0) {
			l->first = 0;
			l->count = (unsigned)n;
			return 0;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

static int linux_wait(struct gpio_line *line, struct gpio_event *ret)
{
	struct linux_line *l = linux_of(line);
	int r = task_check();

	if (r < 0)
		return r;
	if (l->fd < 0)
		return -EPERM;
	if (l->first < l->count) {
		give(l, ret);
		task_yield();
		return 0;
	}
	r = fetch(l);
	if (r == 0)
		give(l, ret);
	return r;
}

static void linux_close(struct gpio_line *line)
{
	struct linux_line *l = linux_of(line);

	if (l->fd >= 0)
		fd_forget(l->fd);
	gpiod_chip_close(l->chip); /* releases its lines */
	free(l);
}

static const struct gpio_ops linux_ops = {
	.get = linux_get,
	.set = linux_set,
	.wait = linux_wait,
	.close = linux_close,
};

/* The chip and the line that "chip:offset" means. */
static int find_by_offset(const char *name, struct linux_line *l)
{
	const char *colon = strrchr(name, ':');
	char chip[32];
	char node[48];
	char *end;
	unsigned long offset = strtoul(colon + 1, &end, 10);

	if (end == colon + 1 || *end != '\0' || offset > UINT_MAX)
		return error_set(-EINVAL, "%s: behind the colon goes the line's number",
				 name);
	(void)snprintf(chip, sizeof(chip), "%.*s", (int)(colon - name), name);
	l->chip = gpiod_chip_open_lookup(chip);
	if (!l->chip) {
		(void)snprintf(node, sizeof(node), "%s%s", chip[0] == '/' ? "" : "/dev/",
			       chip);
		return node_error(node, -errno, NODES, HINT);
	}
	if (offset >= gpiod_chip_num_lines(l->chip))
		return error_set(-ENOENT, "%s: %s has the lines 0 to %u", name,
				 gpiod_chip_name(l->chip),
				 gpiod_chip_num_lines(l->chip) - 1);
	l->handle = gpiod_chip_get_line(l->chip, (unsigned)offset);
	return l->handle ? 0 : -errno;
}

/* The first line called @name on any chip. A chip that is closed to us may be the one that has it. */
static int find_by_name(const char *name, struct linux_line *l)
{
	int r = -ENOENT;
	glob_t found;

	if (glob(NODES, 0, NULL, &found) != 0)
		return error_set(r, "there is no line %s, nor any %s: %s", name, NODES,
				 HINT);
	for (size_t i = 0; i < found.gl_pathc && !l->handle; i++) {
		l->chip = gpiod_chip_open(found.gl_pathv[i]);
		if (!l->chip) {
			r = node_error(found.gl_pathv[i], -errno, NODES, HINT);
			continue;
		}
		l->handle = gpiod_chip_find_line(l->chip, name);
		if (l->handle)
			break;
		gpiod_chip_close(l->chip);
		l->chip = NULL;
	}
	globfree(&found);
	if (l->handle)
		return 0;
	return r == -ENOENT ? error_set(r,
					"no chip has a line %s; lines without a name are "
					"\"gpiochip0:22\"",
					name)
			    : r;
}

static int request_type(const struct gpio_request *req)
{
	if (req->output)
		return GPIOD_LINE_REQUEST_DIRECTION_OUTPUT;
	switch (req->edge) {
	case GPIO_EDGE_NONE:
		break;
	case GPIO_EDGE_RISING:
		return GPIOD_LINE_REQUEST_EVENT_RISING_EDGE;
	case GPIO_EDGE_FALLING:
		return GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE;
	case GPIO_EDGE_BOTH:
		return GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
	}
	return GPIOD_LINE_REQUEST_DIRECTION_INPUT;
}

static int request_flags(const struct gpio_request *req)
{
	static const int bias[] = {
		[GPIO_BIAS_AS_IS] = 0,
		[GPIO_BIAS_PULL_UP] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP,
		[GPIO_BIAS_PULL_DOWN] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN,
		[GPIO_BIAS_OFF] = GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE,
	};

	return bias[req->bias] |
	       (req->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0);
}

static int request(struct linux_line *l, const struct gpio_request *req)
{
	const struct gpiod_line_request_config config = {
		.consumer = req->consumer ? req->consumer : "instinct",
		.request_type = request_type(req),
		.flags = request_flags(req),
	};
	const char *user;
	int flags;
	int r;

	if (gpiod_line_request(l->handle, &config, req->level) < 0) {
		r = -errno;
		user = gpiod_line_consumer(l->handle);
		if (r == -EBUSY)
			return error_set(r, "line %s is used by %s", req->line,
					 user ? user : "the kernel");
		return error_set(r, "line %s: %s", req->line, strerror(-r));
	}
	l->output = req->output;
	if (req->output || req->edge == GPIO_EDGE_NONE)
		return 0;
	l->fd = gpiod_line_event_get_fd(l->handle);
	flags = fcntl(l->fd, F_GETFL);
	return fcntl(l->fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
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
	l->fd = -1;
	(void)snprintf(l->line.name, sizeof(l->line.name), "%s", req->line);
	r = strchr(req->line, ':') ? find_by_offset(req->line, l)
				   : find_by_name(req->line, l);
	if (r == 0)
		r = request(l, req);
	if (r < 0) {
		if (l->chip)
			gpiod_chip_close(l->chip);
		free(l);
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
