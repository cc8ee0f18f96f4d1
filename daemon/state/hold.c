/* Windows of time: how long something has been true without a break. */
#include "daemon/state/hold.h"

#include "daemon/base/macros.h"
#include "daemon/rt/rt.h"

void hold_break(struct hold *h)
{
	h->state = HOLD_NOT;
	if (timer_armed(&h->timer))
		timer_disarm(&h->timer);
}

/* Will the sample be too old before the window is full? */
static bool ages(const struct hold *h)
{
	return h->good_ns > 0 && h->good_ns < time_add(h->since_ns, h->for_ns);
}

static void end(struct timer *timer)
{
	struct hold *h = container_of(timer, struct hold, timer);

	if (h->state == HOLD_GAP || ages(h)) {
		h->state = HOLD_NOT;
		return;
	}
	h->state = HOLD_DONE;
	h->done(h);
}

static void run_until(struct hold *h, enum hold_state state, int64_t t_ns)
{
	h->state = state;
	h->timer.fn = end;
	timer_arm(&h->timer, t_ns);
}

bool hold_look(struct hold *h, bool holds, bool stale)
{
	int64_t end_ns;

	if (!holds) {
		if (stale && h->state == HOLD_RUNNING && h->grace_ns > 0)
			run_until(h, HOLD_GAP, time_add(rt_now(), h->grace_ns));
		else if (!stale || h->state != HOLD_GAP)
			hold_break(h);
		return false;
	}
	if (h->state == HOLD_NOT)
		h->since_ns = rt_now();
	end_ns = time_add(h->since_ns, h->for_ns);
	if (h->state != HOLD_DONE && end_ns <= rt_now()) {
		/* A gap may have outlasted the window. */
		hold_break(h);
		h->state = HOLD_DONE;
	}
	if (h->state == HOLD_DONE)
		return true;
	if (h->state != HOLD_RUNNING || h->good_ns > 0)
		run_until(h, HOLD_RUNNING, ages(h) ? h->good_ns + 1 : end_ns);
	return false;
}
