/* The view: lines for what happens; the panel is in view_terminal.c. */
#include "daemon/app/view.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app/view_internal.h"
#include "daemon/base/log.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"

#define DRAW_NS (100 * NS_PER_MS)
#define ACT_EVERY 3 /* plain lines about moving actuators: every so many turns */
#define DEG_PER_RAD 57.295779513082320877

static const struct {
	const char *name, *colour;
} whos[] = {
	[VIEW_SENSE] = {"sense", "\033[36m"}, [VIEW_THINK] = {"think", "\033[1;33m"},
	[VIEW_ACT] = {"act", "\033[32m"},     [VIEW_SAY] = {"say", "\033[35m"},
	[VIEW_LOG] = {"log", "\033[31m"},
};

const char *view_who_name(enum view_who who)
{
	return whos[who].name;
}

const char *view_who_colour(enum view_who who)
{
	return whos[who].colour;
}

double view_seconds(const struct view *v, int64_t t_ns)
{
	return (double)(t_ns - v->start_ns) * 1e-9;
}

/* Something happened: a line. */
PRINTF_LIKE(3, 4)
static void say(struct view *v, enum view_who who, const char *fmt, ...)
{
	struct view_line *l = &v->lines[v->n_lines++ % VIEW_LINES];
	va_list ap;

	l->t_ns = rt_now();
	l->who = who;
	va_start(ap, fmt);
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	va_end(ap);
	if (v->terminal)
		return; /* drawn with the panel */
	fprintf(v->out, "%8.2f  %-5s  %s\n", view_seconds(v, l->t_ns), whos[who].name,
		l->text);
	fflush(v->out);
}

const char *view_part_text(const struct body_part *p, char *buf, size_t size)
{
	if (isnan(p->value))
		snprintf(buf, size, "limp");
	else if (p->unit[0] == '\0')
		snprintf(buf, size, "%s", p->value >= 0.5f ? "on" : "off");
	else if (isnan(p->pulse_s))
		snprintf(buf, size, "%+.1f deg", (double)p->value * DEG_PER_RAD);
	else
		snprintf(buf, size, "%+.1f deg (%.0f us)", (double)p->value * DEG_PER_RAD,
			 p->pulse_s * 1e6);
	return buf;
}

/* Values that are shown when they change: what is true or not, and how sensors are. */
static void on_value(struct value_watch *w, struct value *value, bool changed)
{
	struct view *v = container_of(w, struct view, watch);
	const struct value_info *info = value_info(value);
	const struct datum *d = value_get(value);

	/* Of the robot's values; what a behaviour waits for has its text as a name, too. */
	if (!changed || !info->name || world_find(v->world, info->name) != value)
		return;
	if (value_state(value) == VALUE_STALE)
		say(v, VIEW_SENSE, "%s is stale: nothing new for too long", info->name);
	else if (d->type == DATUM_BOOL && (d->b || value_version(value) > 1))
		say(v, VIEW_SENSE, "%s is %s", info->name, d->b ? "true" : "false");
	else if (d->type == DATUM_STRING && strncmp(info->name, "health.", 7) == 0)
		say(v, VIEW_SENSE, "%s is %s", info->name, datum_text(d));
}

static void on_log(enum log_level level, const char *text, void *arg)
{
	/* What is merely notable is told by the values themselves. */
	if (level <= LOG_LEVEL_WARNING)
		say(arg, VIEW_LOG, "%s", text);
}

void view_decided(void *arg, const struct decision *d)
{
	say(arg, VIEW_THINK, "%s", d->text);
}

void view_printed(void *arg, const char *behaviour, const char *line)
{
	say(arg, VIEW_SAY, "%s: %s", behaviour, line);
}

static uint64_t writes(const struct body *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < body_size(b); i++)
		n += body_part(b, i).writes;
	return n;
}

/* All actuators in one line, while they move and once when they have come to rest. */
static void say_actuators(struct view *v)
{
	uint64_t now = writes(v->body);
	bool moving = now != v->seen_writes;
	char line[VIEW_LINE_MAX] = "";
	size_t len = 0;

	v->seen_writes = now;
	if (!moving && !v->moving)
		return;
	v->moving = moving;
	for (size_t i = 0; i < body_size(v->body) && len + 1 < sizeof(line); i++) {
		struct body_part p = body_part(v->body, i);
		char part[64];
		int n = snprintf(line + len, sizeof(line) - len, "%s%s %s", i ? ", " : "",
				 p.name, view_part_text(&p, part, sizeof(part)));

		len += n > 0 ? (size_t)n : 0;
	}
	if (strcmp(line, v->seen_line) == 0)
		return;
	memcpy(v->seen_line, line, sizeof(line));
	say(v, VIEW_ACT, "%s", line);
}

static void introduce(struct view *v)
{
	const struct config *c = v->conf;

	say(v, VIEW_SENSE, "%s: %zu sensors, %zu actuators, %zu behaviours%s",
	    c->robot.name, c->n_sensors, c->n_actuators, c->n_behaviours,
	    config_simulated(c) ? " (the hardware is simulated)" : "");
}

/* Some terminals, such as an editor's, know no control sequences and say so. */
static bool is_ansi(const char *term)
{
	return term && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

struct view *view_new(const struct config *c, struct world *world,
		      const struct body *body, FILE *out)
{
	struct view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->conf = c;
	v->world = world;
	v->body = body;
	v->out = out;
	v->terminal = isatty(fileno(out)) && is_ansi(getenv("TERM"));
	v->start_ns = rt_now();
	v->watch.fn = on_value;
	value_watch_add(&v->watch, NULL);
	log_set_sink(on_log, v);
	return v;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	log_set_sink(NULL, NULL);
	value_watch_remove(&v->watch);
	if (v->terminal)
		view_undraw(v);
	free(v);
}

int view_run(void *arg)
{
	struct view *v = arg;

	introduce(v);
	for (int64_t t = rt_now(), turn = 0;; turn++) {
		int r = task_sleep_until(t += DRAW_NS);

		if (r < 0)
			return r;
		if (v->terminal)
			view_draw(v); /* which shows the actuators */
		else if (turn % ACT_EVERY == 0)
			say_actuators(v);
		if (ferror(v->out))
			return -EPIPE;
	}
}
