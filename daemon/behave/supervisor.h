/*
 * The supervisor of behaviours: loads them, starts a run when its `when` turns true and its resources
 * can be had, winds it down when somebody more important comes, restarts what failed and parks what
 * fails again and again.
 *
 * Each behaviour has two values in the world: "behaviour.<name>.state" ("idle", "waiting", "running",
 * "leaving", "cooling", "parked") and, per parameter, "param.<name>.<parameter>".
 */
#ifndef DAEMON_BEHAVE_SUPERVISOR_H
#define DAEMON_BEHAVE_SUPERVISOR_H
#include <stddef.h>
#include <stdint.h>

#include "daemon/act/resource.h"
#include "daemon/base/conf.h"
#include "daemon/base/macros.h"
#include "daemon/state/world.h"

enum decision_kind {
	DECISION_STARTS, /* a run starts; why: "head.touched turned true" */
	DECISION_WAITS,  /* its `when` is true but somebody holds what it needs */
	DECISION_TAKES,  /* it will get a resource of the behaviour `other` */
	DECISION_ENDED,  /* the run came to its end */
	DECISION_LEFT,   /* the run was cancelled and has wound down; why: by whom */
	DECISION_FAILED, /* the run raised an error; why: the error with file:line */
	DECISION_PARKED, /* it failed too often and is not started again */
};

/* One decision; all texts are valid during the call only. */
struct decision {
	enum decision_kind kind;
	int64_t t_ns;
	const char *behaviour;
	const char *other;    /* the other behaviour concerned, or "" */
	const char *resource; /* what they met on, or "" */
	const char *why;      /* or "" */
	int64_t run_ns;       /* how long the run took, of ENDED, LEFT and FAILED */
	/* All of it as one line for people: "dizzy takes neck from nod". */
	const char *text;
};

struct supervisor_conf {
	struct world *world;
	struct resources *resources;
	const char *const
		*folders; /* where scripts are looked for, the first wins; NULL ends */
	size_t heap_max;  /* bytes per behaviour; 0: 4 MiB */
	/* Told of every decision; must not suspend. NULL: nobody. */
	void (*decided)(void *arg, const struct decision *d);
	/* A line that a script printed, without newline. NULL: the log, with the behaviour's name. */
	void (*print)(void *arg, const char *behaviour, const char *line);
	void *arg;
};

struct supervisor;

/* A supervisor without behaviours. @conf is copied, what it points to must outlive it. NULL without memory. */
struct supervisor *supervisor_new(const struct supervisor_conf *conf);

/* After supervisor_run() has ended. NULL is fine. */
void supervisor_free(struct supervisor *s);

/*
 * Load the behaviour @name from the file @script, which is looked for in the folders unless it has a
 * slash; "" stands for <name>.lua. @at is its entry in the configuration ("script", "priority", "params"), or NULL.
 * Returns 0; -ENOEXEC when the script is wrong, -ENOENT when there is none, -EINVAL when its entry in the
 * configuration is wrong, each with every reason in @errs, named with the file and line of the script or
 * the place in the configuration; -ENOMEM. Then nothing of it is left. Inside rt_run(). Suspends.
 */
int supervisor_load(struct supervisor *s, const char *name, const char *script,
		    const struct conf_at *at, struct conf_errors *errs) MUST_CHECK;

/*
 * A task function: supervises until it is cancelled; @arg is the supervisor. A soft cancellation lets runs
 * that are under way leave, with their grace and their wind-down, and starts no others; what they held
 * becomes safe. Suspends.
 */
int supervisor_run(void *arg);

#endif
