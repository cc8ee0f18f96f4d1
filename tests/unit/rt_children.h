/* Children that nurseries are tested with: one ends, one fails, one is there until it is cancelled. */
#ifndef TESTS_UNIT_RT_CHILDREN_H
#define TESTS_UNIT_RT_CHILDREN_H
#include <errno.h>

#include "daemon/rt/nursery.h"
#include "tests/unit/rt_run.h"

static inline int done(void *arg)
{
	(void)arg;
	return say("done");
}

static inline int fails(void *arg)
{
	return error_set(-EIO, "no answer at 0x%02x", *(int *)arg);
}

static inline int forever(void *arg)
{
	int r = task_sleep_forever();

	(void)arg;
	say("cancelled%d", r == -ECANCELED);
	return r;
}

static int address = 0x68; /* what it fails with */

#endif
