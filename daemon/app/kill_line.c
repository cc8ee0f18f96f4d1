/* The kill line: one output with two levels. */
#include "daemon/app/kill_line.h"

#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/error.h"

int kill_line_open(struct kill_line *k, struct gpio_provider *gpio, const char *name)
{
	const struct gpio_request req = {
		.line = name, .consumer = "instinct kill line", .output = true};
	const struct error *e;
	int r;

	if (!name[0])
		return 0;
	r = gpio_open(gpio, &req, &k->line);
	if (r == 0)
		return 0;
	e = error_last(r);
	LOG(ERR, "safety.kill_line: %s: %s", name,
	    e && e->text[0] ? e->text : strerror(-r));
	return r;
}

static void set(struct kill_line *k, bool level)
{
	int r = k->line ? gpio_set(k->line, level) : 0;

	if (r < 0)
		LOG(CRIT, "safety.kill_line: %s cannot be set %s: %s", k->line->name,
		    level ? "high" : "low", strerror(-r));
}

void kill_line_arm(struct kill_line *k)
{
	if (!atomic_load(&k->tripped))
		set(k, true);
	/* Tripped in between, by the thread that watches this one. */
	if (atomic_load(&k->tripped))
		set(k, false);
}

void kill_line_trip(struct kill_line *k)
{
	atomic_store(&k->tripped, true);
	set(k, false);
}

void kill_line_close(struct kill_line *k)
{
	set(k, false);
	gpio_close(k->line);
	k->line = NULL;
}
