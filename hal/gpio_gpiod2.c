/*
 * GPIO lines by libgpiod 2.x: one request of one line for each of ours. Edges come with sequence numbers, so what
 * the kernel's queue dropped is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>

#include "hal/gpio_gpiod.h"

struct gpiod_node {
	struct gpiod_chip *chip;
	struct gpiod_chip_info *info;
};

struct gpiod_taken {
	struct gpiod_line_request *request;
	unsigned offset;
	bool edges;
	struct gpiod_edge_event_buffer *buffer;
	unsigned long
		seqno; /* of the last edge that was read; the kernel counts from 1 */
};

int gpiod_node_open(const char *path, struct gpiod_node **ret)
{
	struct gpiod_node *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->chip = gpiod_chip_open(path);
	n->info = n->chip ? gpiod_chip_get_info(n->chip) : NULL;
	if (!n->info) {
		r = -errno;
		gpiod_node_close(n);
		return r;
	}
	*ret = n;
	return 0;
}

void gpiod_node_close(struct gpiod_node *n)
{
	if (!n)
		return;
	gpiod_chip_info_free(n->info);
	if (n->chip)
		gpiod_chip_close(n->chip);
	free(n);
}

const char *gpiod_node_name(const struct gpiod_node *n)
{
	return gpiod_chip_info_get_name(n->info);
}

const char *gpiod_node_label(const struct gpiod_node *n)
{
	return gpiod_chip_info_get_label(n->info);
}

unsigned gpiod_node_lines(const struct gpiod_node *n)
{
	return (unsigned)gpiod_chip_info_get_num_lines(n->info);
}

int gpiod_node_find(struct gpiod_node *n, const char *name)
{
	int offset = gpiod_chip_get_line_offset_from_name(n->chip, name);

	return offset < 0 ? -errno : offset;
}

int gpiod_node_state(struct gpiod_node *n, unsigned offset, struct gpiod_line_state *ret)
{
	struct gpiod_line_info *info = gpiod_chip_get_line_info(n->chip, offset);
	const char *name;
	const char *consumer;

	if (!info)
		return -errno;
	name = gpiod_line_info_get_name(info);
	consumer = gpiod_line_info_get_consumer(info);
	ret->used = gpiod_line_info_is_used(info);
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name ? name : "");
	(void)snprintf(ret->consumer, sizeof(ret->consumer), "%s",
		       consumer ? consumer : "");
	gpiod_line_info_free(info);
	return 0;
}

/* The library refuses settings with an errno; with these it has no reason to. */
static int fill_settings(struct gpiod_line_settings *s, const struct gpio_request *req)
{
	static const enum gpiod_line_bias bias[] = {
		[GPIO_BIAS_AS_IS] = GPIOD_LINE_BIAS_AS_IS,
		[GPIO_BIAS_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
		[GPIO_BIAS_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
		[GPIO_BIAS_OFF] = GPIOD_LINE_BIAS_DISABLED,
	};
	static const enum gpiod_line_edge edge[] = {
		[GPIO_EDGE_NONE] = GPIOD_LINE_EDGE_NONE,
		[GPIO_EDGE_RISING] = GPIOD_LINE_EDGE_RISING,
		[GPIO_EDGE_FALLING] = GPIOD_LINE_EDGE_FALLING,
		[GPIO_EDGE_BOTH] = GPIOD_LINE_EDGE_BOTH,
	};

	gpiod_line_settings_set_active_low(s, req->active_low);
	if (gpiod_line_settings_set_direction(
		    s, req->output ? GPIOD_LINE_DIRECTION_OUTPUT
				   : GPIOD_LINE_DIRECTION_INPUT) < 0 ||
	    gpiod_line_settings_set_bias(s, bias[req->bias]) < 0 ||
	    gpiod_line_settings_set_edge_detection(s, edge[req->edge]) < 0 ||
	    gpiod_line_settings_set_event_clock(s, GPIOD_LINE_CLOCK_MONOTONIC) < 0 ||
	    gpiod_line_settings_set_output_value(
		    s, req->level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE) <
		    0)
		return -errno;
	return 0;
}

/* Ask the chip for the line. What the request is described by is not needed any more then. */
static int request(struct gpiod_node *n, struct gpiod_taken *t,
		   const struct gpio_request *req)
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	struct gpiod_line_config *lines = gpiod_line_config_new();
	struct gpiod_request_config *config = gpiod_request_config_new();
	int r = settings && lines && config ? fill_settings(settings, req) : -ENOMEM;

	if (r == 0) {
		gpiod_request_config_set_consumer(config, req->consumer);
		gpiod_request_config_set_event_buffer_size(config, GPIOD_EVENTS);
		if (gpiod_line_config_add_line_settings(lines, &t->offset, 1, settings) <
		    0)
			r = -errno;
	}
	if (r == 0) {
		t->request = gpiod_chip_request_lines(n->chip, config, lines);
		r = t->request ? 0 : -errno;
	}
	gpiod_request_config_free(config);
	gpiod_line_config_free(lines);
	gpiod_line_settings_free(settings);
	return r;
}

/* Reading blocks by default; a poll that is wrong once would stop the loop. */
static int make_nonblocking(const struct gpiod_taken *t)
{
	int fd = gpiod_line_request_get_fd(t->request);
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int gpiod_take(struct gpiod_node *n, unsigned offset, const struct gpio_request *req,
	       struct gpiod_taken **ret)
{
	struct gpiod_taken *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->offset = offset;
	t->edges = !req->output && req->edge != GPIO_EDGE_NONE;
	r = request(n, t, req);
	if (r == 0)
		r = make_nonblocking(t);
	if (r == 0 && t->edges) {
		t->buffer = gpiod_edge_event_buffer_new(GPIOD_EVENTS);
		r = t->buffer ? 0 : -ENOMEM;
	}
	if (r < 0) {
		gpiod_release(t);
		return r;
	}
	*ret = t;
	return 0;
}

void gpiod_release(struct gpiod_taken *t)
{
	if (!t)
		return;
	gpiod_edge_event_buffer_free(t->buffer);
	if (t->request)
		gpiod_line_request_release(t->request);
	free(t);
}

int gpiod_taken_fd(const struct gpiod_taken *t)
{
	return t->edges ? gpiod_line_request_get_fd(t->request) : -1;
}

int gpiod_taken_get(struct gpiod_taken *t)
{
	enum gpiod_line_value v = gpiod_line_request_get_value(t->request, t->offset);

	return v == GPIOD_LINE_VALUE_ERROR ? -errno : v == GPIOD_LINE_VALUE_ACTIVE;
}

int gpiod_taken_set(struct gpiod_taken *t, bool level)
{
	enum gpiod_line_value v =
		level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;

	return gpiod_line_request_set_value(t->request, t->offset, v) < 0 ? -errno : 0;
}

int gpiod_taken_read(struct gpiod_taken *t, struct gpio_event *ret)
{
	int n = gpiod_line_request_read_edge_events(t->request, t->buffer, GPIOD_EVENTS);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		struct gpiod_edge_event *e =
			gpiod_edge_event_buffer_get_event(t->buffer, (unsigned long)i);
		unsigned long seqno = gpiod_edge_event_get_line_seqno(e);

		ret[i] = (struct gpio_event){
			.t_ns = (int64_t)gpiod_edge_event_get_timestamp_ns(e),
			.level = gpiod_edge_event_get_event_type(e) ==
				 GPIOD_EDGE_EVENT_RISING_EDGE,
			.lost = (uint32_t)(seqno - t->seqno - 1),
		};
		t->seqno = seqno;
	}
	return n > 0 ? n : -EAGAIN;
}
