/* When a motion sensor's model measures. */
#include "hal/emul/clock.h"

#include "daemon/rt/rt.h"

/*
 * Does anything follow a sample at once: an edge at the pin, a paced scene's next one? If not, those that
 * are due are made when the bus asks, so that a fast clock alone does not wake the loop.
 */
static bool watched(const struct emul_clock *c)
{
	return c->pin || c->emul->scene->paced;
}

static void sample(struct emul_clock *c)
{
	scene_measure(c->emul->scene, c->due_ns, &c->motion);
	c->last_ns = c->sample_ns = c->due_ns;
	c->unread = true;
	c->ops->sample(c);
	emul_clock_arm(c);
}

static void tick(struct timer *t)
{
	sample(container_of(t, struct emul_clock, timer));
}

void emul_clock_init(struct emul_clock *c, const struct emul_clock_ops *ops,
		     const struct emul *e, unsigned keeps, bool pin)
{
	c->ops = ops;
	c->emul = e;
	c->keeps = keeps;
	c->pin = pin;
	c->timer.fn = tick;
}

void emul_clock_arm(struct emul_clock *c)
{
	struct scene *scene = c->emul->scene;

	timer_disarm(&c->timer);
	if (!c->emul->running || c->ops->asleep(c) || (scene->paced && c->unread))
		return;
	c->due_ns = scene_next_ns(scene, c->last_ns, c->ops->period_ns(c));
	if (c->due_ns != TIME_NEVER && watched(c))
		timer_arm(&c->timer, c->due_ns);
}

void emul_clock_restart(struct emul_clock *c)
{
	c->last_ns = rt_now();
	emul_clock_arm(c);
}

void emul_clock_stop(struct emul_clock *c)
{
	timer_disarm(&c->timer);
}

void emul_clock_catch_up(struct emul_clock *c)
{
	/* What is older than this has left any FIFO. */
	int64_t oldest_ns = rt_now() - c->keeps * c->ops->period_ns(c);

	if (watched(c) || !c->emul->running || c->ops->asleep(c))
		return;
	if (c->due_ns < oldest_ns) {
		c->last_ns = oldest_ns;
		emul_clock_arm(c);
	}
	while (c->due_ns <= rt_now())
		sample(c);
}

void emul_clock_read(struct emul_clock *c)
{
	if (!c->unread)
		return;
	c->unread = false;
	if (c->emul->scene->paced)
		emul_clock_arm(c);
}
