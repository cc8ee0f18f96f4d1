/*
 * Quantities with units, as people write them: "250ms", "-60deg", "4MiB", "180 deg/s", "80%".
 *
 * A unit belongs to a dimension, which is named by its SI unit ("s", "rad/s", "m/s^2"; "B" for bytes,
 * "degC" for temperature, "" for plain numbers). Every unit but the customary ones of a dimension is a
 * multiple of that. The point is a point whatever the locale, because nobody calls setlocale().
 */
#ifndef DAEMON_BASE_UNIT_H
#define DAEMON_BASE_UNIT_H
#include "daemon/base/macros.h"

/*
 * One unit: a value in it, times mul, divided by div, is in SI. (Two factors, as 600 us / 1e6 is the
 * double nearest to 0.0006 while 600 us * 1e-6 is not.)
 */
struct unit {
	const char *name;
	const char *dim; /* the SI unit of its dimension */
	double mul;
	double div;
};

/*
 * The unit whose name is the @len bytes at @name, of dimension @dim; with @dim NULL the first one of
 * that name ("m" is the metre before it is the minute). NULL if there is none.
 */
const struct unit *unit_find(const char *name, size_t len, const char *dim);

/* Room for any text that this module writes. */
#define UNIT_TEXT_MAX 160

/*
 * Read @text, a number with a unit of the same dimension as @unit, and convert it to @unit, which may
 * be any unit of the table ("Hz", "rad", "g"); of a name that is not in it ("steps"), only itself fits.
 * For plain numbers (@unit "", "x" or "%") the text may lack a unit; for all others it must not.
 *
 * Returns 0, or -EINVAL with the reason and the units that fit in @why (UNIT_TEXT_MAX bytes).
 */
int unit_parse(const char *text, const char *unit, double *ret, char *why) MUST_CHECK;

/*
 * Write @value, in @unit, to @buf (UNIT_TEXT_MAX bytes) as a person would: 0.25 s as "250ms", 1.5708
 * rad as "90deg", 4194304 B as "4MiB". Up to 6 digits. Returns @buf.
 */
const char *unit_format(double value, const char *unit, char *buf);

#endif
