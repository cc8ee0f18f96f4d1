/*
 * The task dump: who is there, what each waits for and since when, its deadline, and who cancelled it.
 */
#ifndef DAEMON_RT_DUMP_H
#define DAEMON_RT_DUMP_H
#include <stdint.h>
#include <stdio.h>

#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"

enum task_state {
	TASK_RUNNING, /* it is the one that asks */
	TASK_READY,   /* waits for its turn */
	TASK_WAITING,
};
const char *task_state_name(enum task_state state);

/* What there is to be told of a task; lives as long as the call that shows it. */
struct task_info {
	const char *name;
	unsigned depth; /* below the root */
	enum task_state state;
	enum task_band band;
	char waits_for[192]; /* "value battery.percent (< 20)"; "" unless it waits */
	int64_t waits_ns;    /* for how long by now */
	int64_t deadline_ns; /* the effective one, and the end of a grace; TIME_NEVER: none */
	bool cancelled;      /* hard; else, with @cause, softly */
	const struct cancel_cause *cause; /* NULL: neither */
	uint64_t steps;
	char where[256]; /* of task_set_trace(), "" without one */
};

/* Call @fn for each task, a parent before its children. @fn must not suspend. */
void task_each(void (*fn)(void *arg, const struct task_info *info), void *arg);

/* Write one as text: a line, and below it where it is. */
void task_info_print(FILE *out, const struct task_info *info);

/* Write all. */
void task_dump(FILE *out);

#endif
