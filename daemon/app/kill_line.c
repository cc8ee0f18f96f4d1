/* The kill line: one output with two levels. */
#include "daemon/app/kill_line.h"

#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/error.h"
#include "daemon/rt/task.h"

#define LOOK_NS NS_PER_S

/* What is wrong with the line, by the last failure @r. */
static const char *why(int r)
{
	const struct error *e = error_last(r);

	return e && e->text[0] ? e->text : strerror(-r);
}

int kill_line_open(struct kill_line *k, struct gpio_provider *gpio, const char *name)
{
	const struct gpio_request req = {
		.line = name, .consumer = "instinct kill line", .output = true};
	int r;

	if (!name[0])
		return 0;
	r = gpio_open(gpio, &req, &k->line);
	if (r < 0)
		LOG(ERR, "safety.kill_line: %s: %s", name, why(r));
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

int kill_line_watch(void *kill_line)
{
	struct kill_line *k = kill_line;
	int r = 0;

	if (!k->line)
		return 0;
	while (r >= 0) {
		r = task_sleep(LOOK_NS);
		if (r < 0)
			return r;
		r = gpio_get(k->line);
	}
	LOG(CRIT,
	    "safety.kill_line: %s; nothing can be stopped by it until the next start",
	    why(r));
	return 0;
}

void kill_line_close(struct kill_line *k)
{
	set(k, false);
	gpio_close(k->line);
	k->line = NULL;
}
