/* The physics: the calls, passed on to the kind of world. */
#include "hal/world.h"

void world_start(struct world *w)
{
	w->ops->start(w);
}

void world_stop(struct world *w)
{
	w->ops->stop(w);
}

void world_free(struct world *w)
{
	if (w)
		w->ops->free(w);
}

int64_t world_next_ns(struct world *w, int64_t last_ns, int64_t period_ns)
{
	return w->ops->next_ns(w, last_ns, period_ns);
}

void world_measure(struct world *w, int64_t t_ns, struct world_motion *ret)
{
	w->ops->measure(w, t_ns, ret);
}
