/* The physics: the calls, passed on to the kind of scene. */
#include "hal/scene.h"

void scene_start(struct scene *s)
{
	s->ops->start(s);
}

void scene_stop(struct scene *s)
{
	s->ops->stop(s);
}

void scene_free(struct scene *s)
{
	if (s)
		s->ops->free(s);
}

int64_t scene_next_ns(struct scene *s, int64_t last_ns, int64_t period_ns)
{
	return s->ops->next_ns(s, last_ns, period_ns);
}

void scene_measure(struct scene *s, int64_t t_ns, struct scene_motion *ret)
{
	s->ops->measure(s, t_ns, ret);
}

void scene_ambient(const struct scene *s, int64_t t_ns, struct scene_ambient *ret)
{
	s->ops->ambient(s, t_ns, ret);
}

const struct scene_ambient scene_still_room = {
	.pressure_pa = 101325,
	.temp_c = 25,
	.humidity = 0.45,
	.distance_m = 1,
	.supply_v = 7.4,
	.supply_a = 0.4,
};
