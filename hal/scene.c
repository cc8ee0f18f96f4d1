/* The physics: the calls, passed on to the kind of scene. */
#include "hal/scene.h"

void scene_start(struct scene *w)
{
	w->ops->start(w);
}

void scene_stop(struct scene *w)
{
	w->ops->stop(w);
}

void scene_free(struct scene *w)
{
	if (w)
		w->ops->free(w);
}

int64_t scene_next_ns(struct scene *w, int64_t last_ns, int64_t period_ns)
{
	return w->ops->next_ns(w, last_ns, period_ns);
}

void scene_measure(struct scene *w, int64_t t_ns, struct scene_motion *ret)
{
	w->ops->measure(w, t_ns, ret);
}
