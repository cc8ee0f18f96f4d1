/* Quantities with units, nearest names and UTF-8: the small tools of the configuration. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/base/unit.h"
#include "daemon/base/utf8.h"

static double parsed(const char *text, const char *unit)
{
	char why[UNIT_TEXT_MAX] = "";
	double v = (double)NAN;
	int r = unit_parse(text, unit, &v, why);

	cr_assert(eq(int, r, 0), "%s in %s: %s", text, unit, why);
	return v;
}

static const char *refused(const char *text, const char *unit)
{
	static char why[UNIT_TEXT_MAX];
	double v = 7;

	cr_assert(eq(int, unit_parse(text, unit, &v, why), -EINVAL), "%s in %s", text,
		  unit);
	cr_assert(eq(dbl, v, 7), "nothing is stored on failure");
	return why;
}

Test(unit, converts_exactly)
{
	cr_expect(eq(dbl, parsed("250ms", "s"), 0.25));
	cr_expect(eq(dbl, parsed("600us", "s"), 600e-6));
	cr_expect(eq(dbl, parsed("5m", "s"), 300));
	cr_expect(eq(dbl, parsed("1.2m", "m"), 1.2));
	cr_expect(eq(dbl, parsed("10cm", "m"), 0.1));
	cr_expect(eq(dbl, parsed("-60deg", "rad"), -60 * M_PI / 180));
	cr_expect(eq(dbl, parsed("180deg/s", "rad/s"), M_PI));
	cr_expect(eq(dbl, parsed("2000dps", "rad/s"), 2000 * M_PI / 180));
	cr_expect(eq(dbl, parsed("16g", "m/s^2"), 16 * 9.80665));
	cr_expect(eq(dbl, parsed("400kHz", "Hz"), 400000));
	cr_expect(eq(dbl, parsed("4MiB", "B"), 4194304));
	cr_expect(eq(dbl, parsed("1013.25 hPa", "Pa"), 101325));
	cr_expect(eq(dbl, parsed("1e3 mV", "V"), 1));
}

Test(unit, plain_numbers)
{
	cr_expect(eq(dbl, parsed("80%", ""), 0.8));
	cr_expect(eq(dbl, parsed("80%", "%"), 80));
	cr_expect(eq(dbl, parsed("4x", ""), 4));
	cr_expect(eq(dbl, parsed("-4.5", "x"), -4.5));
}

Test(unit, field_may_be_in_a_customary_unit)
{
	cr_expect(eq(dbl, parsed("8g", "g"), 8));
	cr_expect(eq(dbl, parsed("2000deg/s", "dps"), 2000));
	cr_expect(eq(dbl, parsed("0.5 kHz", "Hz"), 500));
	cr_expect(eq(dbl, parsed("3steps", "steps"), 3));
}

Test(unit, K1_refusals_say_which_units_fit)
{
	cr_expect(eq(str, (char *)refused("50", "Hz"), "no unit; units: Hz, kHz, MHz"));
	cr_expect(eq(str, (char *)refused("50ms", "Hz"),
		     "\"ms\" does not fit here; units: Hz, kHz, MHz"));
	cr_expect(eq(str, (char *)refused("5herz", "Hz"),
		     "unknown unit \"herz\"; units: Hz, kHz, MHz"));
	cr_expect(eq(str, (char *)refused("5", "steps"), "no unit; units: steps"));
	cr_expect(eq(str, (char *)refused("fast", "Hz"), "not a number with a unit"));
}

Test(unit, refuses_what_strtod_would_take)
{
	static const char *const bad[] = {"",      "0x10Hz",  "infHz", "nanHz",
					  " 5Hz",  "5,5Hz",   ".5Hz",  "5.Hz",
					  "--5Hz", "1e999Hz", "5Hz "};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refused(bad[i], "Hz");
}

Test(unit, formats_for_people)
{
	static const struct {
		double v;
		const char *unit;
		const char *text;
	} rows[] = {
		{0.25, "s", "250ms"},
		{1.5, "s", "1.5s"},
		{90, "s", "90s"},
		{120, "s", "2min"},
		{0.1234567, "s", "123.457ms"},
		{0, "s", "0s"},
		{M_PI / 2, "rad", "90deg"},
		{-M_PI, "rad/s", "-180deg/s"},
		{50, "Hz", "50Hz"},
		{4194304, "B", "4MiB"},
		{1500, "B", "1500B"},
		{0.5, "", "0.5"},
		{3, "steps", "3steps"},
	};
	char buf[UNIT_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		cr_expect(eq(str, (char *)unit_format(rows[i].v, rows[i].unit, buf),
			     (char *)rows[i].text));
}

Test(nearest, finds_typing_mistakes)
{
	static const char *const names[] = {"rate", "oversample", NULL, "accel_range",
					    "mount"};
	size_t n = ARRAY_LEN(names);

	cr_expect(eq(str, (char *)nearest_name("rte", names, n), "rate"));
	cr_expect(eq(str, (char *)nearest_name("Rate", names, n), "rate"));
	cr_expect(eq(str, (char *)nearest_name("raet", names, n), "rate"));
	cr_expect(eq(str, (char *)nearest_name("rate_hz", names, n), "rate"));
	cr_expect(eq(str, (char *)nearest_name("oversampling", names, n), "oversample"));
	cr_expect(eq(ptr, (void *)nearest_name("zebra", names, n), NULL));
	cr_expect(eq(ptr, (void *)nearest_name("", names, n), NULL));
	cr_expect(eq(ptr, (void *)nearest_name("rate", names, 0), NULL));
}

Test(nearest, long_words_have_no_neighbours)
{
	char word[200];
	const char *names[] = {word};

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	cr_expect(eq(ptr, (void *)nearest_name(word, names, 1), NULL));
	word[63] = '\0';
	cr_expect(eq(ptr, (void *)nearest_name(word, names, 1), word));
}

Test(utf8, well_formed_and_not)
{
	cr_expect(eq(sz, utf8_char("a", 1), 1));
	cr_expect(eq(sz, utf8_char("\xc3\xa9", 2), 2));
	cr_expect(eq(sz, utf8_char("\xe2\x82\xac", 3), 3));
	cr_expect(eq(sz, utf8_char("\xf0\x9f\x98\x80", 4), 4));
	cr_expect(eq(sz, utf8_char("", 0), 0));
	cr_expect(eq(sz, utf8_char("\xc3", 1), 0), "cut");
	cr_expect(eq(sz, utf8_char("\xc0\xaf", 2), 0), "overlong");
	cr_expect(eq(sz, utf8_char("\xe0\x80\xaf", 3), 0), "overlong");
	cr_expect(eq(sz, utf8_char("\xed\xa0\x80", 3), 0), "surrogate");
	cr_expect(eq(sz, utf8_char("\xf4\x90\x80\x80", 4), 0), "beyond U+10FFFF");
	cr_expect(eq(sz, utf8_char("\x80", 1), 0), "continuation");
}
