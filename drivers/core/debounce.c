/* Debouncing. */
#include "drivers/core/debounce.h"

#include "daemon/base/macros.h"

void debounce_start(struct debounce *d, int64_t hold_ns, bool level, int64_t t_ns)
{
	*d = (struct debounce){
		.hold_ns = hold_ns, .level = level, .input = level, .since_ns = t_ns};
}

bool debounce_advance(struct debounce *d, int64_t now_ns)
{
	if (now_ns < debounce_due_ns(d))
		return false;
	d->level = d->input;
	return true;
}

void debounce_input(struct debounce *d, bool level, int64_t t_ns)
{
	if (level == d->input)
		return;
	d->input = level;
	d->since_ns = t_ns;
}

int64_t debounce_due_ns(const struct debounce *d)
{
	return d->input == d->level ? TIME_NEVER : time_add(d->since_ns, d->hold_ns);
}
