/*
 * The panel on a terminal: attitude and values, behaviours, actuators, and the last lines. Plain ANSI
 * (ECMA-48) sequences; drawn over itself, each line cleared to its end.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/app/view_internal.h"
#include "daemon/rt/rt.h"

#define HOME "\033[H"
#define CLEAR "\033[2J"
#define TO_END "\033[K"
#define BELOW "\033[J"
#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"
#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define ALTERNATE "\033[?1049h"
#define ORDINARY "\033[?1049l"

#define BAR 21
#define DEG_PER_RAD 57.295779513082320877

/* A bar from @min to @max with a mark at @x. */
static void put_bar(FILE *out, double x, double min, double max)
{
	int at = isnan(x) || max <= min
			 ? -1
			 : (int)lround((x - min) / (max - min) * (BAR - 1));

	fputs("[", out);
	for (int i = 0; i < BAR; i++)
		fputs(i == at ? "\342\226\210" : i == BAR / 2 ? "|" : "\302\267", out);
	fputs("]", out);
}

static double number(const struct view *v, const char *name)
{
	const struct value *value = world_find(v->world, name);
	const struct datum *d = value ? value_get(value) : NULL;

	return d && d->type == DATUM_NUMBER && value_state(value) == VALUE_OK
		       ? d->n
		       : (double)NAN;
}

static void put_angle(const struct view *v, const char *label, const char *name)
{
	double rad = number(v, name);

	fprintf(v->out, "  %-8s", label);
	put_bar(v->out, rad, -3.14159265, 3.14159265);
	if (isnan(rad))
		fputs("  unknown" TO_END "\n", v->out);
	else
		fprintf(v->out, " %+7.1f deg" TO_END "\n", rad * DEG_PER_RAD);
}

/* Booleans side by side, those that are true in bold. */
static void put_booleans(const struct view *v)
{
	fputs(" ", v->out);
	for (size_t i = 0; i < world_size(v->world); i++) {
		const struct value *value = world_at(v->world, i);
		const struct datum *d = value_get(value);

		if (d->type != DATUM_BOOL)
			continue;
		if (value_state(value) != VALUE_OK)
			fprintf(v->out, DIM " %s?" PLAIN, value_info(value)->name);
		else if (d->b)
			fprintf(v->out, BOLD " %s" PLAIN, value_info(value)->name);
		else
			fprintf(v->out, DIM " %s" PLAIN, value_info(value)->name);
	}
	fputs(TO_END "\n", v->out);
}

static void put_behaviours(const struct view *v)
{
	for (size_t i = 0; i < v->conf->n_behaviours; i++) {
		char name[VALUE_NAME_MAX];
		const struct value *value;
		const struct datum *d;
		const char *state = "not loaded";

		snprintf(name, sizeof(name), "behaviour.%s.state",
			 v->conf->behaviours[i].name);
		value = world_find(v->world, name);
		d = value ? value_get(value) : NULL;
		if (d && d->type == DATUM_STRING)
			state = datum_text(d);
		fprintf(v->out, "  %-10s %s%s" PLAIN TO_END "\n",
			v->conf->behaviours[i].name,
			strcmp(state, "running") == 0 ? "\033[1;33m" : "", state);
	}
}

static void put_actuators(const struct view *v)
{
	for (size_t i = 0; i < body_size(v->body); i++) {
		struct body_part p = body_part(v->body, i);
		char text[64];

		fprintf(v->out, "  %-8s", p.name);
		put_bar(v->out, (double)p.value, p.min, p.max);
		fprintf(v->out, " %s" TO_END "\n",
			view_part_text(&p, text, sizeof(text)));
	}
}

static void put_lines(const struct view *v)
{
	uint64_t first = v->n_lines > VIEW_LINES ? v->n_lines - VIEW_LINES : 0;

	for (uint64_t i = first; i < v->n_lines; i++) {
		const struct view_line *l = &v->lines[i % VIEW_LINES];

		fprintf(v->out, "%8.2f  %s%-5s" PLAIN "  %s" TO_END "\n",
			view_seconds(v, l->t_ns), view_who_colour(l->who),
			view_who_name(l->who), l->text);
	}
}

void view_draw(struct view *v)
{
	static const char title[] =
		BOLD "%s" PLAIN "  %.1f s  (Ctrl-C ends)" TO_END "\n\n";

	/* The first time: a screen of its own, so that the user's is there again afterwards. */
	if (!v->drawn)
		fputs(ALTERNATE HIDE_CURSOR CLEAR, v->out);
	v->drawn = true;
	fputs(HOME, v->out);
	fprintf(v->out, title, v->conf->robot.name, view_seconds(v, rt_now()));
	fputs(BOLD "senses" PLAIN TO_END "\n", v->out);
	put_angle(v, "roll", "attitude.roll");
	put_angle(v, "pitch", "attitude.pitch");
	put_booleans(v);
	fputs(BOLD "behaviours" PLAIN TO_END "\n", v->out);
	put_behaviours(v);
	fputs(BOLD "actuators" PLAIN TO_END "\n", v->out);
	put_actuators(v);
	fputs(TO_END "\n", v->out);
	put_lines(v);
	fputs(BELOW, v->out);
	fflush(v->out);
}

/* The last lines stay on the ordinary screen, so that one can read what happened. */
void view_undraw(struct view *v)
{
	if (!v->drawn)
		return;
	fputs(SHOW_CURSOR ORDINARY, v->out);
	put_lines(v);
	fflush(v->out);
}
