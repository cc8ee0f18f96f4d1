/* Quantities with units: one table, read both ways. */
#include "daemon/base/unit.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define G_M_S2 9.80665 /* standard gravity, by definition (CGPM 1901) */

/*
 * Grouped by dimension and, within one, from small to large. The order matters: unit_format() takes
 * the largest unit not above the value, and the first name wins where two mean the same.
 */
static const struct unit units[] = {
	{"", "", 1, 1},
	{"x", "", 1, 1},
	{"%", "", 1, 100},
	{"um", "m", 1, 1e6},
	{"mm", "m", 1, 1e3},
	{"cm", "m", 1, 100},
	{"m", "m", 1, 1},
	{"km", "m", 1e3, 1},
	{"ns", "s", 1, 1e9},
	{"us", "s", 1, 1e6},
	{"ms", "s", 1, 1e3},
	{"s", "s", 1, 1},
	{"m", "s", 60, 1},
	{"min", "s", 60, 1},
	{"h", "s", 3600, 1},
	{"d", "s", 86400, 1},
	{"Hz", "Hz", 1, 1},
	{"kHz", "Hz", 1e3, 1},
	{"MHz", "Hz", 1e6, 1},
	{"mrad", "rad", 1, 1e3},
	{"deg", "rad", M_PI, 180},
	{"rad", "rad", 1, 1},
	{"deg/s", "rad/s", M_PI, 180},
	{"dps", "rad/s", M_PI, 180},
	{"rpm", "rad/s", M_PI, 30},
	{"rad/s", "rad/s", 1, 1},
	{"deg/s^2", "rad/s^2", M_PI, 180},
	{"rad/s^2", "rad/s^2", 1, 1},
	{"mm/s", "m/s", 1, 1e3},
	{"cm/s", "m/s", 1, 100},
	{"km/h", "m/s", 1, 3.6},
	{"m/s", "m/s", 1, 1},
	{"mg", "m/s^2", G_M_S2, 1e3},
	{"m/s^2", "m/s^2", 1, 1},
	{"g", "m/s^2", G_M_S2, 1},
	{"mV", "V", 1, 1e3},
	{"V", "V", 1, 1},
	{"mAh", "Ah", 1, 1e3},
	{"Ah", "Ah", 1, 1},
	{"mA", "A", 1, 1e3},
	{"A", "A", 1, 1},
	{"mW", "W", 1, 1e3},
	{"W", "W", 1, 1},
	{"mohm", "ohm", 1, 1e3},
	{"ohm", "ohm", 1, 1},
	{"kohm", "ohm", 1e3, 1},
	{"Pa", "Pa", 1, 1},
	{"hPa", "Pa", 100, 1},
	{"mbar", "Pa", 100, 1},
	{"kPa", "Pa", 1e3, 1},
	{"bar", "Pa", 1e5, 1},
	{"nT", "T", 1, 1e9},
	{"uT", "T", 1, 1e6},
	{"mT", "T", 1, 1e3},
	{"T", "T", 1, 1},
	{"degC", "degC", 1, 1},
	{"lx", "lx", 1, 1},
	{"B", "B", 1, 1},
	{"kB", "B", 1e3, 1},
	{"KiB", "B", 1024, 1},
	{"MB", "B", 1e6, 1},
	{"MiB", "B", 1048576, 1},
	{"GB", "B", 1e9, 1},
	{"GiB", "B", 1073741824, 1},
};

const struct unit *unit_find(const char *name, size_t len, const char *dim)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		const struct unit *u = &units[i];

		if (strncmp(u->name, name, len) == 0 && u->name[len] == '\0' &&
		    (!dim || strcmp(u->dim, dim) == 0))
			return u;
	}
	return NULL;
}

/* The end of the decimal number at @s, or @s: strtod() alone would take "0x10", "inf" and " 1". */
static const char *number_end(const char *s)
{
	const char *p = s + (*s == '-' || *s == '+');
	const char *digits = p;
	const char *e;

	while (isdigit((unsigned char)*p))
		p++;
	if (p == digits)
		return s;
	if (*p == '.') {
		for (digits = ++p; isdigit((unsigned char)*p); p++)
			;
		if (p == digits)
			return s;
	}
	if (*p != 'e' && *p != 'E')
		return p;
	e = p + 1 + (p[1] == '-' || p[1] == '+');
	if (!isdigit((unsigned char)*e))
		return p;
	while (isdigit((unsigned char)*e))
		e++;
	return e;
}

/* "ms, s, min": all names of dimension @dim. */
static const char *names_of(const char *dim, char *buf)
{
	int n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(units[i].dim, dim) == 0 && units[i].name[0])
			n += snprintf(buf + n, (size_t)(UNIT_TEXT_MAX / 2 - n), "%s%s",
				      n ? ", " : "", units[i].name);
	return buf;
}

/* Say in @why what is wrong with the unit @got (may be ""), and what would be right. */
static int refuse(const char *got, const char *want, const struct unit *wanted, char *why)
{
	char list[UNIT_TEXT_MAX];
	const char *fits = wanted ? names_of(wanted->dim, list) : want;

	if (*got == '\0')
		snprintf(why, UNIT_TEXT_MAX, "no unit; units: %s", fits);
	else if (unit_find(got, strlen(got), NULL))
		snprintf(why, UNIT_TEXT_MAX, "\"%s\" does not fit here; units: %s", got,
			 fits);
	else
		snprintf(why, UNIT_TEXT_MAX, "unknown unit \"%.20s\"; units: %s", got,
			 fits);
	return -EINVAL;
}

int unit_parse(const char *text, const char *unit, double *ret, char *why)
{
	const struct unit *want = unit_find(unit, strlen(unit), NULL);
	const struct unit *got;
	const char *end = number_end(text);
	const char *name = end;
	double v = strtod(text, NULL);

	if (end == text || !isfinite(v)) {
		snprintf(why, UNIT_TEXT_MAX, "not a number with a unit");
		return -EINVAL;
	}
	while (*name == ' ')
		name++;
	if (want)
		got = unit_find(name, strlen(name), want->dim);
	else if (strcmp(name, unit) == 0)
		got = NULL;
	else
		return refuse(name, unit, NULL, why);
	if (want && !got)
		return refuse(name, unit, want, why);
	/* The same unit is not converted, so that a number comes through unharmed. */
	if (got != want && (got->mul != want->mul || got->div != want->div))
		v = v * got->mul / got->div * want->div / want->mul;
	if (!isfinite(v)) {
		snprintf(why, UNIT_TEXT_MAX, "too large");
		return -EINVAL;
	}
	*ret = v;
	return 0;
}

/* Units that a number is shown in, besides its own. */
static bool shown(const struct unit *u)
{
	static const char *const names[] = {"ns",      "us",  "ms",  "s",
					    "min",     "h",   "deg", "deg/s",
					    "deg/s^2", "KiB", "MiB", "GiB"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(u->name, names[i]) == 0)
			return true;
	return false;
}

const char *unit_format(double value, const char *unit, char *buf)
{
	const struct unit *own = unit_find(unit, strlen(unit), NULL);
	const struct unit *best = own;
	double v = value;

	for (size_t i = 0; own && i < ARRAY_LEN(units); i++) {
		const struct unit *u = &units[i];
		double in_u = value * own->mul / own->div * u->div / u->mul;
		bool whole =
			fabs(in_u - round(in_u)) < 1e-9 * fabs(in_u) && fabs(in_u) < 1e9;
		bool larger = u->mul / u->div > own->mul / own->div;

		if (strcmp(u->dim, own->dim) != 0 || !shown(u))
			continue;
		/* Angles are for people in degrees. Other values go down to the first unit in
		 * which they reach 1, and up while they stay whole. */
		if (u->mul == M_PI || (fabs(in_u) >= 1 && (!larger || whole))) {
			best = u;
			v = in_u;
		}
	}
	snprintf(buf, UNIT_TEXT_MAX, "%.6g%s", v, best ? best->name : unit);
	return buf;
}
