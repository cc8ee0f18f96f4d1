/*
 * The panel on a terminal: attitude and values, behaviours, actuators, and as many of the last lines as
 * there is room for. Plain ANSI (ECMA-48) sequences; drawn over itself, each line cleared to its end, and
 * cut where the terminal ends.
 */
#include <math.h>
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
#define CUT "\033[?7l"
#define WRAP "\033[?7h"

#define BAR 21
/* A terminal of this many rows, besides those for behaviours and actuators, has room for the panel. */
#define ROWS_MIN 18
#define DEG_PER_RAD 57.295779513082320877

static void end_row(struct view *v)
{
	fputs(TO_END "\n", v->out);
	v->row++;
}

static void put_heading(struct view *v, const char *text)
{
	fprintf(v->out, BOLD "%s" PLAIN, text);
	end_row(v);
}

/* Where @x is in a bar from @min to @max; -1: nowhere. */
static int bar_place(double x, double min, double max)
{
	return isnan(x) || max <= min ? -1
				      : (int)lround((x - min) / (max - min) * (BAR - 1));
}

/* A bar from @min to @max with marks at @x and at zero. */
static void put_bar(FILE *out, double x, double min, double max)
{
	int at = bar_place(x, min, max), zero = bar_place(0, min, max);

	fputs("[", out);
	for (int i = 0; i < BAR; i++)
		fputs(i == at ? "\342\226\210" : i == zero ? "|" : "\302\267", out);
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

static void put_angle(struct view *v, const char *label, const char *name)
{
	double rad = number(v, name);

	fprintf(v->out, "  %-8s", label);
	put_bar(v->out, rad, -3.14159265, 3.14159265);
	if (isnan(rad))
		fputs("  unknown", v->out);
	else
		fprintf(v->out, " %+7.1f deg", rad * DEG_PER_RAD);
	end_row(v);
}

/* Booleans side by side, those that are true in bold, in rows of less than @width: the end of a row would
 * wipe a character in the last column. */
static void put_booleans(struct view *v, size_t width)
{
	size_t column = 1;

	fputs(" ", v->out);
	for (size_t i = 0; i < world_size(v->world); i++) {
		const struct value *value = world_at(v->world, i);
		const struct datum *d = value_get(value);
		bool known = value_state(value) == VALUE_OK;
		char text[VALUE_NAME_MAX + 2];
		size_t len;

		if (d->type != DATUM_BOOL)
			continue;
		len = (size_t)snprintf(text, sizeof(text), " %s%s",
				       value_info(value)->name, known ? "" : "?");
		if (column > 1 && column + len >= width) {
			end_row(v);
			fputs(" ", v->out);
			column = 1;
		}
		column += len;
		fprintf(v->out, "%s%s" PLAIN, known && d->b ? BOLD : DIM, text);
	}
	end_row(v);
}

static void put_behaviours(struct view *v)
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
		fprintf(v->out, "  %-10s %s%s" PLAIN, v->conf->behaviours[i].name,
			strcmp(state, "running") == 0 ? "\033[1;33m" : "", state);
		end_row(v);
	}
}

static void put_actuators(struct view *v)
{
	for (size_t i = 0; i < body_size(v->body); i++) {
		struct body_part p = body_part(v->body, i);
		char text[64];

		fprintf(v->out, "  %-8s", p.name);
		put_bar(v->out, (double)p.value, p.min, p.max);
		fprintf(v->out, " %s", view_part_text(&p, text, sizeof(text)));
		end_row(v);
	}
}

/* The last lines, at most @most. */
static void put_lines(struct view *v, unsigned most)
{
	uint64_t n = most < VIEW_LINES ? most : VIEW_LINES;
	uint64_t first = v->n_lines > n ? v->n_lines - n : 0;

	for (uint64_t i = first; i < v->n_lines; i++) {
		const struct view_line *l = &v->lines[i % VIEW_LINES];

		fprintf(v->out, "%8.2f  %s%-5s" PLAIN "  %s", view_seconds(v, l->t_ns),
			view_who_colour(l->who), view_who_name(l->who), l->text);
		end_row(v);
	}
}

/* Terminals that do not tell are the usual size. */
static struct winsize terminal_size(const struct view *v)
{
	struct winsize size = {0};

	if (ioctl(fileno(v->out), TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	return size;
}

static void put_state(struct view *v, size_t width)
{
	put_heading(v, "senses");
	put_angle(v, "roll", "attitude.roll");
	put_angle(v, "pitch", "attitude.pitch");
	put_booleans(v, width);
	put_heading(v, "behaviours");
	put_behaviours(v);
	put_heading(v, "actuators");
	put_actuators(v);
	end_row(v);
}

void view_draw(struct view *v)
{
	struct winsize size = terminal_size(v);

	/* The first time: a screen of its own, so that the user's is there again afterwards. */
	if (!v->drawn)
		fputs(ALTERNATE HIDE_CURSOR CUT CLEAR, v->out);
	v->drawn = true;
	v->row = 0;
	fputs(HOME, v->out);
	fprintf(v->out, BOLD "%s" PLAIN "  %.1f s  (Ctrl-C ends)", v->conf->robot.name,
		view_seconds(v, rt_now()));
	end_row(v);
	if (size.ws_row >= ROWS_MIN + v->conf->n_behaviours + body_size(v->body))
		put_state(v, size.ws_col);
	/* The last row stays empty: a line's end there would scroll. */
	if (v->row + 1 < size.ws_row)
		put_lines(v, size.ws_row - v->row - 1u);
	fputs(BELOW, v->out);
	fflush(v->out);
}

/* The last lines stay on the ordinary screen, so that one can read what happened. */
void view_undraw(struct view *v)
{
	if (!v->drawn)
		return;
	fputs(SHOW_CURSOR WRAP ORDINARY, v->out);
	put_lines(v, VIEW_LINES);
	fflush(v->out);
}
