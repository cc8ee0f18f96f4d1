/* What the two forms of the view share. */
#ifndef DAEMON_APP_VIEW_INTERNAL_H
#define DAEMON_APP_VIEW_INTERNAL_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/app/body.h"
#include "daemon/app/config.h"
#include "daemon/app/view.h"
#include "daemon/state/value.h"
#include "daemon/state/world.h"

#define VIEW_LINES 14
#define VIEW_LINE_MAX 160

/* Who speaks in a line. */
enum view_who { VIEW_SENSE, VIEW_THINK, VIEW_ACT, VIEW_SAY, VIEW_LOG };

struct view_line {
	int64_t t_ns;
	enum view_who who;
	char text[VIEW_LINE_MAX];
};

struct view {
	const struct config *conf;
	struct world *world;
	const struct body *body;
	FILE *out;
	bool terminal, drawn;
	unsigned row; /* of the panel, that is being drawn */
	int64_t start_ns;
	struct value_watch watch;
	struct view_line lines[VIEW_LINES]; /* a ring, of the terminal */
	uint64_t n_lines;
	uint64_t seen_writes; /* of all actuators, when they were last shown */
	char seen_line[VIEW_LINE_MAX];
	bool moving;
};

/* "sense", "think", "act", ...; and its colour as an SGR sequence. */
const char *view_who_name(enum view_who who);
const char *view_who_colour(enum view_who who);

/* What an actuator does: "-20.1 deg (1198 us)", "on", "limp". Returns @buf. */
const char *view_part_text(const struct body_part *p, char *buf, size_t size);

/* Seconds since the view began. */
double view_seconds(const struct view *v, int64_t t_ns);

/* view_terminal.c: draw the panel; leave the terminal as it was. */
void view_draw(struct view *v);
void view_undraw(struct view *v);

#endif
