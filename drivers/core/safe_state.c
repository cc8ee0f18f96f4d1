/* Safe states: prepared writes, and a lock between the loop and whoever acts in its place. */
#include "drivers/core/safe_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void safe_state_init(struct safe_state *s, const struct driver *driver,
		     const void *settings, struct dev_io *io)
{
	*s = (struct safe_state){.driver = driver, .settings = settings, .io = io};
	(void)pthread_mutex_init(&s->lock, NULL); /* default attributes: cannot fail */
}

void safe_state_fini(struct safe_state *s)
{
	safe_state_clear(s);
	(void)pthread_mutex_destroy(&s->lock);
}

void safe_state_clear(struct safe_state *s)
{
	free(s->writes);
	s->writes = NULL;
	s->n = 0;
}

int safe_state_add(struct safe_state *s, const uint8_t *raw, size_t len)
{
	struct safe_write *w;

	if (s->n == SAFE_WRITES_MAX)
		return -ENOSPC;
	w = realloc(s->writes, (s->n + 1) * sizeof(*w));
	if (!w)
		return -ENOMEM;
	s->writes = w;
	w += s->n++;
	w->len = len;
	memcpy(w->raw, raw, len);
	return 0;
}

void safe_state_open(struct safe_state *s, bool open)
{
	(void)pthread_mutex_lock(&s->lock);
	s->open = open;
	(void)pthread_mutex_unlock(&s->lock);
}

/* With the lock. */
static int write_pin(struct safe_state *s, const uint8_t *raw, size_t len)
{
	return s->open ? s->driver->write(s->io, s->settings, raw, len) : -ENODEV;
}

int safe_state_write(struct safe_state *s, const uint8_t *raw, size_t len)
{
	bool pin = s->driver->bus == BUS_GPIO || s->driver->bus == BUS_PWM;
	int r;

	if (atomic_load(&s->sent))
		return -EALREADY;
	if (s->driver->bus == BUS_PEER && !s->io->peer.port)
		return -ENODEV;
	if (!pin)
		return s->driver->write(s->io, s->settings, raw, len);
	(void)pthread_mutex_lock(&s->lock);
	r = write_pin(s, raw, len);
	(void)pthread_mutex_unlock(&s->lock);
	return r;
}

/*
 * On I2C the encoded bytes are what goes over the wire; on pins writing does not suspend (driver.h). Another
 * service goes safe by itself when commands are not repeated.
 */
static int send_one(struct safe_state *s, const struct safe_write *w)
{
	int r;

	switch (s->driver->bus) {
	case BUS_I2C:
		return i2c_write_now(&s->io->i2c, w->raw, w->len);
	case BUS_GPIO:
	case BUS_PWM:
		(void)pthread_mutex_lock(&s->lock);
		r = write_pin(s, w->raw, w->len);
		(void)pthread_mutex_unlock(&s->lock);
		return r;
	case BUS_NONE:
	case BUS_IIO:
	case BUS_PEER:
	case BUS_TOPIC:
		break;
	}
	return 0;
}

int safe_state_send(struct safe_state *s)
{
	int r = 0;

	/* Before: the loop, back meanwhile, writes no more. After: it hears of it, even if it asked meanwhile. */
	atomic_store(&s->sent, true);
	for (size_t i = 0; i < s->n; i++) {
		int e = send_one(s, &s->writes[i]);

		r = r == 0 ? e : r;
	}
	atomic_store(&s->sent, true);
	return r;
}

bool safe_state_was_sent(struct safe_state *s)
{
	return atomic_load_explicit(&s->sent, memory_order_relaxed) &&
	       atomic_exchange(&s->sent, false);
}
