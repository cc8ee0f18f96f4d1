/* GPIO lines: the calls, passed on to whatever is behind the line. */
#include "hal/gpio.h"

#include "daemon/rt/scope.h"

int gpio_open(struct gpio_provider *p, const struct gpio_request *req,
	      struct gpio_line **ret)
{
	return p->open(p, req, ret);
}

void gpio_close(struct gpio_line *l)
{
	if (l)
		l->ops->close(l);
}

int gpio_get(struct gpio_line *l)
{
	return l->ops->get(l);
}

int gpio_set(struct gpio_line *l, bool level)
{
	return l->ops->set(l, level);
}

int gpio_wait(struct gpio_line *l, struct gpio_event *ret)
{
	return l->ops->wait(l, ret);
}

int gpio_wait_until(struct gpio_line *l, int64_t t_ns, struct gpio_event *ret)
{
	struct scope scope;

	scope_enter_until(&scope, t_ns);
	return scope_leave_timeout(&scope, gpio_wait(l, ret));
}
