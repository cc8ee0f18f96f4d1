/* Chips that share an address at power-on. */
#include "drivers/core/xshut.h"

#include <errno.h>
#include <string.h>

/* How long a chip is held before it is released: far more than any needs. */
#define RESET_NS NS_PER_MS

void xshut_init(struct xshut *x, struct gpio_provider *gpio)
{
	*x = (struct xshut){.gpio = gpio};
	list_init(&x->pins);
	event_init(&x->idle, "xshut");
}

void xshut_join(struct xshut *x, struct xshut_pin *pin, const char *role,
		const char *line)
{
	*pin = (struct xshut_pin){.group = x, .role = role, .name = line};
	list_push(&x->pins, &pin->link);
}

/*
 * The one that has the line of @pin open, or @pin: while one sensor takes over from another, there are two with
 * the same line.
 */
static struct xshut_pin *owner(struct xshut_pin *pin)
{
	list_each(other, &pin->group->pins, struct xshut_pin, link)
	{
		if (other->line && strcmp(other->name, pin->name) == 0)
			return other;
	}
	return pin;
}

/* Another one with the same line gets it. */
void xshut_leave(struct xshut_pin *pin)
{
	link_remove(&pin->link);
	list_each(other, &pin->group->pins, struct xshut_pin, link)
	{
		if (!pin->line || strcmp(other->name, pin->name) != 0)
			continue;
		other->line = pin->line;
		pin->line = NULL;
	}
	gpio_close(pin->line);
	*pin = (struct xshut_pin){0};
}

/* Chips that run have their line open, and high; the others' are opened low. */
static int hold_all(const struct xshut *x)
{
	list_each(pin, &x->pins, struct xshut_pin, link)
	{
		const struct gpio_request req = {
			.line = pin->name, .consumer = pin->role, .output = true};
		int64_t start_ns = rt_now();
		int r = owner(pin)->line ? 0 : gpio_open(x->gpio, &req, &pin->line);
		const struct error *e = error_last(r);
		bool fresh = e && e->text[0] && e->t_ns >= start_ns;

		if (r < 0)
			return error_set(r, "%s cannot be held in reset: %s", pin->role,
					 fresh ? e->text : strerror(-r));
	}
	return 0;
}

/* Alone at the common address. Suspends. */
static int release(struct xshut_pin *pin, const struct driver *chip, struct dev_io *io,
		   uint8_t addr)
{
	int r = gpio_set(owner(pin)->line, false);

	if (r == 0)
		r = task_sleep(RESET_NS);
	if (r == 0) /* held: somebody has it open */
		r = gpio_set(owner(pin)->line, true);
	if (r == 0)
		r = task_sleep(chip->boot_ns);
	if (r < 0)
		return r;
	io->i2c.addr = chip->addrs[0];
	if (addr != chip->addrs[0])
		r = chip->set_address(io, addr);
	io->i2c.addr = addr;
	if (r == -ENXIO)
		return error_set(r,
				 "no answer at 0x%02x, where it starts, after the line "
				 "%s reset it (ENXIO)",
				 chip->addrs[0], pin->name);
	return r;
}

/* Suspends. */
static int take_turn(struct xshut *x)
{
	while (x->busy) {
		int r = event_wait(&x->idle);

		if (r < 0)
			return r;
	}
	x->busy = true;
	return 0;
}

int xshut_start(struct xshut_pin *pin, const struct driver *chip, struct dev_io *io,
		uint8_t addr)
{
	struct xshut *x = pin->group;
	int r = take_turn(x);

	if (r < 0)
		return r;
	r = hold_all(x);
	if (r == 0)
		r = release(pin, chip, io, addr);
	x->busy = false;
	event_set(&x->idle);
	return r;
}

void xshut_stop(struct xshut_pin *pin)
{
	struct xshut_pin *o = owner(pin);

	/* A line whose chip has gone is opened afresh. */
	if (o->line && gpio_set(o->line, false) < 0) {
		gpio_close(o->line);
		o->line = NULL;
	}
}
