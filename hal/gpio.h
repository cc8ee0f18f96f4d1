/*
 * GPIO lines: inputs with edges and their time stamps, outputs. Behind them a Linux gpiochip
 * (gpio_linux.c) or simulated lines (gpio_sim.c).
 */
#ifndef HAL_GPIO_H
#define HAL_GPIO_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"

enum gpio_edge { GPIO_EDGE_NONE, GPIO_EDGE_RISING, GPIO_EDGE_FALLING, GPIO_EDGE_BOTH };
enum gpio_bias { GPIO_BIAS_AS_IS, GPIO_BIAS_PULL_UP, GPIO_BIAS_PULL_DOWN, GPIO_BIAS_OFF };

/* How a line is asked for. */
struct gpio_request {
	const char *line;     /* its name, "GPIO22", or "gpiochip0:22" */
	const char *consumer; /* who uses it: shown by gpioinfo */
	bool output;
	bool active_low;     /* levels and edges are then the logical ones */
	bool level;          /* of an output at the start */
	enum gpio_edge edge; /* of an input */
	enum gpio_bias bias;
};

/* An edge as the kernel saw it. */
struct gpio_event {
	int64_t t_ns;  /* CLOCK_MONOTONIC or the virtual clock */
	bool level;    /* after the edge, logical */
	uint32_t lost; /* edges that did not fit the queue before this one */
};

struct gpio_line;

struct gpio_ops {
	int (*get)(struct gpio_line *l); /* 0, 1 or a negative errno */
	int (*set)(struct gpio_line *l, bool level);
	int (*wait)(struct gpio_line *l, struct gpio_event *ret); /* suspends */
	void (*close)(struct gpio_line *l);
};

/* The part of a line that all kinds share; embedded in theirs. */
struct gpio_line {
	const struct gpio_ops *ops;
	char name[32];
};

/* Where lines come from: the Linux chips or a simulated board. */
struct gpio_provider {
	const char *name;
	/* 0; -ENOENT: no such line; -EBUSY: in use; -EACCES: no permission; -EINVAL; -ENOMEM. */
	int (*open)(struct gpio_provider *p, const struct gpio_request *req,
		    struct gpio_line **ret);
};

/*
 * Take the line that @req names, as it wants it. Returns 0 with a line that the caller closes, or what the
 * provider's open() returns.
 */
int gpio_open(struct gpio_provider *p, const struct gpio_request *req,
	      struct gpio_line **ret) MUST_CHECK;
void gpio_close(struct gpio_line *l); /* NULL is fine; outputs keep their level */

/* The logical level: 0 or 1, or a negative errno. -EPERM: an input cannot be set. */
int gpio_get(struct gpio_line *l) MUST_CHECK;
int gpio_set(struct gpio_line *l, bool level) MUST_CHECK;

/*
 * Wait for the next edge; edges queue up to 16 deep while nobody waits.
 * Returns 0; -EBUSY when another task waits; -EPERM for a line not opened for edges; -ENODEV when the
 * chip has gone; -EBADF when the line is closed meanwhile; -ECANCELED. Suspends.
 */
int gpio_wait(struct gpio_line *l, struct gpio_event *ret) MUST_CHECK;

/* The same until @t_ns at the latest: -ETIMEDOUT. Suspends. */
int gpio_wait_until(struct gpio_line *l, int64_t t_ns, struct gpio_event *ret) MUST_CHECK;

#endif
