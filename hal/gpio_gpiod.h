/*
 * What the GPIO lines of Linux need of libgpiod, whichever version: gpio_gpiod1.c does it with 1.x,
 * gpio_gpiod2.c with 2.x, and the build takes the one that fits the library.
 */
#ifndef HAL_GPIO_GPIOD_H
#define HAL_GPIO_GPIOD_H
#include <stdbool.h>

#include "hal/gpio.h"

#define GPIOD_EVENTS 16 /* as the kernel keeps for a line */
#define GPIOD_NAME 32   /* as the kernel's names, with the NUL */

struct gpiod_node;  /* an open gpiochip */
struct gpiod_taken; /* a line of one that is ours */

struct gpiod_line_state {
	char name[GPIOD_NAME];     /* "" if it has none */
	bool used;                 /* by somebody */
	char consumer[GPIOD_NAME]; /* "" if that one is not named */
};

/* Open the gpiochip @path. 0, -ENOTTY: no gpiochip, or another errno of open. */
int gpiod_node_open(const char *path, struct gpiod_node **ret) MUST_CHECK;
void gpiod_node_close(struct gpiod_node *n); /* NULL is fine; its lines are released */

/* Of the node, while it is open: "gpiochip0", "pinctrl-bcm2711", 58. */
const char *gpiod_node_name(const struct gpiod_node *n);
const char *gpiod_node_label(const struct gpiod_node *n);
unsigned gpiod_node_lines(const struct gpiod_node *n);

/* The offset of the line called @name, or -ENOENT. */
int gpiod_node_find(struct gpiod_node *n, const char *name) MUST_CHECK;

/* How line @offset is. 0, or a negative errno: -ENODEV when the chip has gone. */
int gpiod_node_state(struct gpiod_node *n, unsigned offset,
		     struct gpiod_line_state *ret) MUST_CHECK;

/* Take line @offset. 0, -EBUSY, or another negative errno. */
int gpiod_take(struct gpiod_node *n, unsigned offset, const struct gpio_request *req,
	       struct gpiod_taken **ret) MUST_CHECK;
void gpiod_release(struct gpiod_taken *t); /* NULL is fine; before its node is closed */

/* The descriptor that is readable when there are edges; it does not block. */
int gpiod_taken_fd(const struct gpiod_taken *t);

/* The logical level: 0, 1 or a negative errno. */
int gpiod_taken_get(struct gpiod_taken *t) MUST_CHECK;
int gpiod_taken_set(struct gpiod_taken *t, bool level) MUST_CHECK;

/* Edges that are there, at most GPIOD_EVENTS: their count, -EAGAIN without, or another negative errno. */
int gpiod_taken_read(struct gpiod_taken *t, struct gpio_event *ret) MUST_CHECK;

#endif
