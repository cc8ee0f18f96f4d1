/* One behaviour under supervision: what the supervisor's files share. */
#ifndef DAEMON_BEHAVE_SUPERVISED_H
#define DAEMON_BEHAVE_SUPERVISED_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/behave/behaviour.h"
#include "daemon/behave/supervisor.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/scope.h"

#define PARK_FAILURES 5
#define PARK_WITHIN_NS (60 * NS_PER_S)

struct supervisor {
	struct supervisor_conf conf;
	struct list all; /* of struct supervised */
};

enum activity {
	ACTIVITY_IDLE,
	ACTIVITY_WAITING,
	ACTIVITY_RUNNING,
	ACTIVITY_LEAVING,
	ACTIVITY_COOLING,
	ACTIVITY_PARKED,
};

struct supervised {
	struct behaviour b;
	struct supervisor *s;
	struct link link;
	char script[256];
	int result; /* of its script's last call */
	char *why;  /* how that failed, or NULL */

	/* While it runs. */
	struct child run;
	struct scope joining; /* gets a deadline when the run is to leave */
	int64_t began_ns;
	bool running; /* `joining` is entered */
	bool leaving;
	char leave_why[128];

	/* The last failures, the oldest first. */
	int64_t failed_ns[PARK_FAILURES];
	unsigned n_failures; /* in a row */
};

/* What a run came to. */
enum outcome { OUTCOME_DONE, OUTCOME_LEFT, OUTCOME_FAILED };

/*
 * Run it once, with its lease held, and release the lease. Returns 0 with the outcome, or -ECANCELED.
 * Suspends.
 */
int supervised_run(struct supervised *sb, enum outcome *ret) MUST_CHECK;

/* End the run that is under way, if any, with its wind-down. Does not suspend. */
void supervised_leave(struct supervised *sb, enum cancel_source source, const char *why);

/* Show @activity in its value, which lags behind when there is no memory. Does not suspend. */
void supervised_enter(struct supervised *sb, enum activity activity);

/* Tell the watcher. @why, @other, @resource: "" for none. */
void supervised_decide(struct supervised *sb, enum decision_kind kind, const char *other,
		       const char *resource, const char *why);

#endif
