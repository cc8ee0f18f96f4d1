/*
 * Predicates on data: a comparison, evaluated in nanoseconds, or a function.
 */
#ifndef DAEMON_STATE_PRED_H
#define DAEMON_STATE_PRED_H
#include "daemon/state/datum.h"

enum pred_op {
	PRED_ANY, /* always true: of transitions, every one */
	PRED_EQ,
	PRED_NE,
	PRED_LT, /* numbers only, like the next five; false on other types */
	PRED_LE,
	PRED_GT,
	PRED_GE,
	PRED_BETWEEN, /* a <= x <= b */
	PRED_OUTSIDE, /* x < a or x > b */
	PRED_TRUE,    /* is_true: the boolean true */
	PRED_FALSE,
	PRED_CHANGED, /* of transitions only: new differs from old */
	PRED_STALE,   /* no datum matters: the value is stale */
	PRED_FN,
};

/* A predicate; copied by assignment, what it points to is borrowed for the wait. */
struct pred {
	enum pred_op op;
	double a, b;
	struct datum datum; /* of EQ and NE */
	/*
	 * 1: matches, 0: does not, negative: fails this waiter with that errno. @old is NULL when no
	 * transition is looked at. Must not suspend; sets made in it are queued.
	 */
	int (*fn)(void *arg, const struct datum *now, const struct datum *old);
	void *arg;
};

/* 1, 0, or what a function failed with. Of PRED_STALE 0: a datum has no age. */
int pred_test(const struct pred *p, const struct datum *now, const struct datum *old);

#endif
