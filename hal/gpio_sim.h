/* Simulated GPIO: a board of named lines. The scene drives inputs and reads outputs. */
#ifndef HAL_GPIO_SIM_H
#define HAL_GPIO_SIM_H
#include "hal/gpio.h"

struct gpio_board;

/* A board; lines come into being when they are asked for. NULL without memory. */
struct gpio_board *gpio_board_new(void);
void gpio_board_free(struct gpio_board *b); /* NULL is fine; lines must be closed */
struct gpio_provider *gpio_board_provider(struct gpio_board *b);

/*
 * Drive a line from outside to the physical level @level, at @t_ns (its edge's time stamp). A line
 * that is an output keeps the level that its driver gave it. 0, -EINVAL for the name, or -ENOMEM.
 */
int gpio_board_drive(struct gpio_board *b, const char *line, bool level, int64_t t_ns);

/* The physical level of a line as driven by either side, else as pulled; false if nobody does. */
bool gpio_board_level(const struct gpio_board *b, const char *line);

/* Who sees what a driver does to an output: a model. Placed by the watcher. */
struct gpio_watch {
	/* The physical level has become @level. Must not suspend. */
	void (*changed)(struct gpio_watch *w, bool level);
};

/* Watch a line, as the only one; @w NULL: no more. 0, -EINVAL for the name, or -ENOMEM. */
int gpio_board_watch(struct gpio_board *b, const char *line,
		     struct gpio_watch *w) MUST_CHECK;

/* Faults on demand. */
enum gpio_fault {
	GPIO_FAULT_LOSE,  /* so many edges to come are not seen */
	GPIO_FAULT_STUCK, /* the level stays, whoever drives it */
	GPIO_FAULT_GONE, /* the line's chip is removed: what is open fails, nothing can be opened */
	GPIO_FAULT_COUNT,
};
#define GPIO_FAULT_ALWAYS UINT32_MAX

/*
 * Have the line @line misbehave, for @count edges (GPIO_FAULT_ALWAYS: all), or, where nothing is counted, until
 * @count is 0. Returns 0, or -ENOENT: nobody has asked for such a line yet.
 */
int gpio_board_fault(struct gpio_board *b, const char *line, enum gpio_fault fault,
		     uint32_t count) MUST_CHECK;

/* Is the line requested by a driver? */
bool gpio_board_used(const struct gpio_board *b, const char *line);

#endif
