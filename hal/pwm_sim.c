/* Simulated PWM outputs. */
#include "hal/pwm_sim.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/list.h"

struct pwm_board {
	struct pwm_provider provider;
	struct list outputs;
};

struct sim_out {
	struct pwm_out out;
	struct link link;
	bool used;
	int64_t pulse_ns;
};

static int sim_set(struct pwm_out *p, int64_t period_ns, int64_t pulse_ns)
{
	(void)period_ns;
	container_of(p, struct sim_out, out)->pulse_ns = pulse_ns;
	return 0;
}

static void sim_close(struct pwm_out *p)
{
	container_of(p, struct sim_out, out)->used = false;
}

static struct sim_out *find(const struct pwm_board *b, const char *name)
{
	list_each(o, &b->outputs, struct sim_out, link)
	{
		if (strcmp(o->out.name, name) == 0)
			return o;
	}
	return NULL;
}

static int board_open(struct pwm_provider *p, const char *output, struct pwm_out **ret)
{
	static const struct pwm_ops ops = {.set = sim_set, .close = sim_close};
	struct pwm_board *b = container_of(p, struct pwm_board, provider);
	struct sim_out *o = find(b, output);
	size_t len = strlen(output);

	if (!o) {
		if (len == 0 || len >= sizeof(o->out.name))
			return -EINVAL;
		o = calloc(1, sizeof(*o));
		if (!o)
			return -ENOMEM;
		o->out.ops = &ops;
		memcpy(o->out.name, output, len);
		list_push(&b->outputs, &o->link);
	}
	if (o->used)
		return -EBUSY;
	o->used = true;
	*ret = &o->out;
	return 0;
}

struct pwm_board *pwm_board_new(void)
{
	struct pwm_board *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->provider = (struct pwm_provider){.name = "sim", .open = board_open};
	list_init(&b->outputs);
	return b;
}

void pwm_board_free(struct pwm_board *b)
{
	if (!b)
		return;
	list_each_safe(o, &b->outputs, struct sim_out, link)
	{
		assert(!o->used);
		free(o);
	}
	free(b);
}

struct pwm_provider *pwm_board_provider(struct pwm_board *b)
{
	return &b->provider;
}

double pwm_board_pulse_s(const struct pwm_board *b, const char *output)
{
	const struct sim_out *o = find(b, output);

	return o && o->pulse_ns > 0 ? (double)o->pulse_ns / (double)NS_PER_S
				    : (double)NAN;
}
