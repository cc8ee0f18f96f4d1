/* GPIO lines by libgpiod 1.x: an open chip owns its lines, each of which has a descriptor of its own. */
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>

#include "hal/gpio_gpiod.h"

/* The two structs are libgpiod's own, by names that both versions can have. */
struct gpiod_node {
	struct gpiod_chip *chip;
};

struct gpiod_taken {
	struct gpiod_line *line; /* of the chip */
	int fd;                  /* of edges; -1: none asked for */
};

int gpiod_node_open(const char *path, struct gpiod_node **ret)
{
	struct gpiod_node *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->chip = gpiod_chip_open(path);
	if (!n->chip) {
		int r = -errno;

		free(n);
		return r;
	}
	*ret = n;
	return 0;
}

void gpiod_node_close(struct gpiod_node *n)
{
	if (n)
		gpiod_chip_close(n->chip);
	free(n);
}

const char *gpiod_node_name(const struct gpiod_node *n)
{
	return gpiod_chip_name(n->chip);
}

const char *gpiod_node_label(const struct gpiod_node *n)
{
	return gpiod_chip_label(n->chip);
}

unsigned gpiod_node_lines(const struct gpiod_node *n)
{
	return gpiod_chip_num_lines(n->chip);
}

int gpiod_node_find(struct gpiod_node *n, const char *name)
{
	struct gpiod_line *line = gpiod_chip_find_line(n->chip, name);

	return line ? (int)gpiod_line_offset(line) : -ENOENT;
}

int gpiod_node_state(struct gpiod_node *n, unsigned offset, struct gpiod_line_state *ret)
{
	struct gpiod_line *line = gpiod_chip_get_line(n->chip, offset);
	const char *name;
	const char *consumer;

	/* The chip keeps what it read first. */
	if (!line || gpiod_line_update(line) < 0)
		return -errno;
	name = gpiod_line_name(line);
	consumer = gpiod_line_consumer(line);
	ret->used = gpiod_line_is_used(line);
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name ? name : "");
	(void)snprintf(ret->consumer, sizeof(ret->consumer), "%s",
		       consumer ? consumer : "");
	return 0;
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

/* The descriptor of the line's edges, which is made not to block. */
static int open_edges(struct gpiod_taken *t)
{
	int flags;

	t->fd = gpiod_line_event_get_fd(t->line);
	flags = t->fd < 0 ? -1 : fcntl(t->fd, F_GETFL);
	return flags < 0 || fcntl(t->fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int gpiod_take(struct gpiod_node *n, unsigned offset, const struct gpio_request *req,
	       struct gpiod_taken **ret)
{
	const struct gpiod_line_request_config config = {
		.consumer = req->consumer,
		.request_type = request_type(req),
		.flags = request_flags(req),
	};
	struct gpiod_taken *t = calloc(1, sizeof(*t));
	int r = 0;

	if (!t)
		return -ENOMEM;
	t->fd = -1;
	t->line = gpiod_chip_get_line(n->chip, offset);
	if (!t->line || gpiod_line_request(t->line, &config, req->level) < 0) {
		r = -errno;
		free(t);
		return r;
	}
	if (!req->output && req->edge != GPIO_EDGE_NONE)
		r = open_edges(t);
	if (r < 0) {
		gpiod_release(t);
		return r;
	}
	*ret = t;
	return 0;
}

void gpiod_release(struct gpiod_taken *t)
{
	if (t)
		gpiod_line_release(t->line);
	free(t);
}

int gpiod_taken_fd(const struct gpiod_taken *t)
{
	return t->fd;
}

int gpiod_taken_get(struct gpiod_taken *t)
{
	int level = gpiod_line_get_value(t->line);

	return level < 0 ? -errno : level;
}

int gpiod_taken_set(struct gpiod_taken *t, bool level)
{
	return gpiod_line_set_value(t->line, level) < 0 ? -errno : 0;
}

/* How many were lost this interface of the kernel does not tell: always 0. */
int gpiod_taken_read(struct gpiod_taken *t, struct gpio_event *ret)
{
	struct gpiod_line_event events[GPIOD_EVENTS];
	int n = gpiod_line_event_read_fd_multiple(t->fd, events, GPIOD_EVENTS);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		ret[i] = (struct gpio_event){
			.t_ns = events[i].ts.tv_sec * NS_PER_S + events[i].ts.tv_nsec,
			.level = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE,
		};
	return n > 0 ? n : -EAGAIN;
}
