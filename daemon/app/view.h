/*
 * The view: what the robot senses, decides and does, for people. On a terminal a panel that is drawn
 * anew ten times a second; otherwise plain lines, one for each thing that happens.
 */
#ifndef DAEMON_APP_VIEW_H
#define DAEMON_APP_VIEW_H
#include <stdio.h>

#include "daemon/app/body.h"
#include "daemon/app/config.h"
#include "daemon/base/macros.h"
#include "daemon/behave/supervisor.h"
#include "daemon/state/world.h"

struct view;

/*
 * A view of a robot, written to @out; all is borrowed and outlives it. The log's lines go to it as long
 * as it lives. Inside rt_run(). NULL without memory.
 */
struct view *view_new(const struct config *c, struct world *world,
		      const struct body *body, FILE *out);
void view_free(struct view *v); /* NULL is fine; leaves the terminal as it was */

/* For the supervisor: a decision was made; a script printed a line. @arg is the view. */
void view_decided(void *arg, const struct decision *d);
void view_printed(void *arg, const char *behaviour, const char *line);

/* The task that draws: @arg is the view. Returns -ECANCELED; -EPIPE: nobody reads. Suspends. */
int view_run(void *arg);

#endif
