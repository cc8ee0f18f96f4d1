/*
 * Expressions over values, as people write them in `when`, interlocks and scores:
 *
 *     head.touched and battery.percent > 20 and not stale(left.distance)
 *     vision.person.distance_m < param.distance_m or age(imu.accel) >= 250ms
 *
 *     or   and   not   == != < <= > >=   + -   * /   - (sign)      weakest first
 *     abs(x) min(x, ...) max(x, ...) age(name) stale(name)
 *     true false null  12  1.5e3  250ms  30deg  9.8m/s^2  'text'  "text"
 *
 * A name is that of the longest value there is; the rest are fields: keys of a table (`1`, `2`, ... in
 * arrays), `x y z` of a vector, `w x y z` of a quaternion. A comparison does not go on (`a < b < c` is
 * an error). A number with a unit becomes SI, or the unit that the value beside it declares; one without
 * is taken to be in that unit. Units of two dimensions do not compare, add, or share a min() or max().
 * A unit follows its number at once and is as long as it can be: `10m/s` is a speed.
 *
 * Truth has three values. A name that is unset, stale, closed, null or NaN is unknown, and so is what is
 * computed from it (as is a division by zero), except:
 *     `x and y` is false when one is false, `x or y` true when one is true;
 *     `x == null` and `x != null` ask: a null, or a key that a table lacks, is then known to be null
 *     (x itself must still be fresh);
 *     age(x) is in seconds since the last sample, infinite before the first, whatever the state;
 *     stale(x) is true when x is unset, stale or closed, and never unknown.
 * `not` of the unknown is unknown. In the end an unknown boolean is false, any other unknown null.
 */
#ifndef DAEMON_STATE_EXPR_H
#define DAEMON_STATE_EXPR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/state/datum.h"
#include "daemon/state/value.h"

#define EXPR_TEXT_MAX 4096 /* bytes of a text */
#define EXPR_DEPTH_MAX 32  /* parentheses and operations, one inside the other */
#define EXPR_NAME_MAX 128  /* bytes of a name with its fields, less one */

struct expr;

/* Where names come from: the world, with the caller's own reading of `param.NAME` and the like. */
struct expr_names {
	/* The value of that name, or NULL. */
	struct value *(*find)(void *arg, const char *name);
	/* A known name that was probably meant, valid until the next call, or NULL. */
	const char *(*nearest)(void *arg, const char *name);
	void *arg;
};

/* What is wrong, and where in the text; the column counts characters from 1. */
struct expr_error {
	unsigned line;
	unsigned col;
	char text[240]; /* UTF-8 without control characters */
};

/*
 * Read the @len bytes at @text and check names, types and units. The values found must outlive the
 * expression. Returns 0 with one to be freed by expr_free(); -EINVAL with the first mistake in *@err;
 * -ENOMEM (*@err says so too). Does not suspend.
 */
int expr_compile(const char *text, size_t len, const struct expr_names *names,
		 struct expr **ret, struct expr_error *err) MUST_CHECK;
void expr_free(struct expr *e); /* NULL is fine */

/* What it makes; EXPR_ANY when that depends on the data (an untyped value, a key of a table). */
enum expr_type { EXPR_ANY, EXPR_BOOL, EXPR_NUMBER, EXPR_STRING };
enum expr_type expr_type(const struct expr *e);
const char *expr_type_name(enum expr_type type);
const char *expr_text(const struct expr *e);

enum expr_truth { EXPR_FALSE, EXPR_TRUE, EXPR_UNKNOWN };

/*
 * Evaluate it now. *@ret is its result, null or (EXPR_BOOL) false when unknown; a string in it is
 * borrowed until one of its values is set (datum_copy() to keep it). Returns whether it is true:
 * EXPR_UNKNOWN also for a result that is known but no boolean. @ret may be NULL. Allocates nothing.
 */
enum expr_truth expr_eval(const struct expr *e, struct datum *ret);

/*
 * The next moment when the result may change although nothing is set, because an age() reaches what it
 * is compared with; TIME_NEVER if none. Only comparisons with a lone age(name) on one side have such
 * moments. age() elsewhere, as in a score, is evaluated when an input changes.
 */
int64_t expr_next_ns(const struct expr *e);

/* The values it reads, each once, in the order of the text. Lives as long as @e. */
struct value *const *expr_deps(const struct expr *e, unsigned *ret_n);

/* The operands of a top-level `and`, or the whole as the only one. */
struct expr_clause {
	size_t start, len;           /* bytes of expr_text() */
	enum expr_truth truth;       /* now */
	struct value *const *inputs; /* lives as long as the expression */
	unsigned n_inputs;
};
unsigned expr_clauses(const struct expr *e);
struct expr_clause expr_clause(const struct expr *e, unsigned i);

/*
 * A derived value that follows @take, which it takes over, also on failure. Freed by value_free(),
 * before the values that it reads. A boolean expression's value is always set; others are null while
 * unknown. Where age() decides, a timer evaluates it at that moment (inside rt_run()).
 * Returns as value_derive().
 */
int expr_value(struct expr *take, const struct value_info *info,
	       struct value **ret) MUST_CHECK;

#endif
