/* Configuration tables: what is read, what is refused, and with which words. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/conf.h"

struct limits {
	int count;
	double range_rad[2];
};

struct all {
	int oversample;
	int accel_range_g;
	int address;
	double rate_hz;
	float speed_rad_s;
	double below;
	bool on;
	char name[6];
	int safe;
	int64_t stale_after_ns;
	size_t room_bytes;
	struct limits limits;
};

static const char *const safes[] = {"limp", "hold", NULL};
static const char *const chips[] = {"bmp280", "icm20948", NULL};

static const struct conf_field limits_fields[] = {
	CONF_INT(limits, count, CONF_REQUIRED, 0, 5, "", "How many."),
	CONF_PAIR(limits, range_rad, -M_PI / 2, M_PI / 2, -M_PI, M_PI, "rad",
		  "From, to."),
	CONF_END,
};

static const struct conf_field fields[] = {
	CONF_INT(all, oversample, 4, 1, 16, "x", "Oversampling."),
	CONF_INT(all, accel_range_g, 8, 2, 16, "g", "Range."),
	CONF_ADDR(all, address, 0, "Address."),
	CONF_REAL(all, rate_hz, 10, 0.5, 50, "Hz", "How often."),
	CONF_REAL(all, speed_rad_s, 1, 0, M_PI, "rad/s", "How fast."),
	CONF_REAL(all, below, NAN, -INFINITY, INFINITY, "", "Optional."),
	CONF_BOOL(all, on, true, "Switch."),
	CONF_STRING(all, name, "body", "Name."),
	CONF_ENUM(all, safe, 0, safes, "Safe state."),
	CONF_DURATION_NS(all, stale_after_ns, 100 * NS_PER_MS, 0, 60 * NS_PER_S, "Age."),
	CONF_SIZE(all, room_bytes, 65536, 1024, 1 << 30, "Room."),
	CONF_TABLE(all, limits, limits_fields, "Limits."),
	CONF_MAP("sensors", limits_fields, "By role."),
	CONF_LIST("import", NULL, "Imports."),
	CONF_ANY("extra", "Anything."),
	CONF_GONE("frequency", "write \"rate\""),
	CONF_END,
};

/* A text, read: the struct, the errors one a line, and the result. */
struct reading {
	struct json_doc doc;
	struct conf_errors errs;
	struct all all;
	char lines[4096];
	int r;
};

static void read_text(struct reading *rd, const char *text)
{
	struct conf_at root;

	*rd = (struct reading){0};
	cr_assert(
		eq(int, json_doc_parse(&rd->doc, text, strlen(text), "f", &rd->errs), 0),
		"%s", text);
	root = conf_root(&rd->doc, &rd->errs);
	rd->r = conf_read(&root, fields, chips, &rd->all);
	for (size_t i = 0; i < rd->errs.n; i++)
		snprintf(rd->lines + strlen(rd->lines),
			 sizeof(rd->lines) - strlen(rd->lines), "%s%s", i ? "\n" : "",
			 rd->errs.list[i].text);
}

static void done(struct reading *rd)
{
	json_doc_fini(&rd->doc);
	conf_errors_fini(&rd->errs);
}

static void expect_errors(const char *text, const char *want)
{
	struct reading rd;

	read_text(&rd, text);
	cr_expect(eq(int, rd.r, -EINVAL), "%s", text);
	cr_expect(eq(str, rd.lines, (char *)want));
	done(&rd);
}

Test(conf, defaults)
{
	struct reading rd;

	read_text(&rd, "{}");
	cr_assert(eq(int, rd.r, 0), "%s", rd.lines);
	cr_expect(eq(int, rd.all.oversample, 4));
	cr_expect(eq(int, rd.all.address, 0));
	cr_expect(eq(dbl, rd.all.rate_hz, 10));
	cr_expect(isnan(rd.all.below));
	cr_expect(rd.all.on);
	cr_expect(eq(str, rd.all.name, "body"));
	cr_expect(eq(i64, rd.all.stale_after_ns, 100 * NS_PER_MS));
	cr_expect(eq(sz, rd.all.room_bytes, 65536));
	cr_expect(eq(int, rd.all.limits.count, 0));
	cr_expect(eq(dbl, rd.all.limits.range_rad[1], M_PI / 2));
	done(&rd);
}

Test(conf, numbers_in_the_units_of_their_fields)
{
	struct reading rd;

	read_text(
		&rd,
		"{\"oversample\": 16, \"accel_range\": 2, \"address\": 64, \"rate\": 50,"
		"\"speed\": 0.5, \"stale_after\": 0.25, \"room\": 4096, \"below\": -3,"
		"\"limits\": {\"count\": 5, \"range\": [-1, 1]}}");
	cr_assert(eq(int, rd.r, 0), "%s", rd.lines);
	cr_expect(eq(int, rd.all.oversample, 16));
	cr_expect(eq(int, rd.all.accel_range_g, 2));
	cr_expect(eq(int, rd.all.address, 0x40));
	cr_expect(eq(dbl, rd.all.rate_hz, 50));
	cr_expect(eq(flt, rd.all.speed_rad_s, 0.5f));
	cr_expect(eq(i64, rd.all.stale_after_ns, 250 * NS_PER_MS));
	cr_expect(eq(sz, rd.all.room_bytes, 4096));
	cr_expect(eq(dbl, rd.all.below, -3));
	cr_expect(eq(dbl, rd.all.limits.range_rad[0], -1));
	done(&rd);
}

Test(conf, texts_with_units)
{
	struct reading rd;

	read_text(&rd,
		  "{\"oversample\": \"4x\", \"accel_range\": \"16g\", \"address\": "
		  "\"0x70\","
		  "\"rate\": \"0.05kHz\", \"speed\": \"180deg/s\", \"on\": false,"
		  "\"stale_after\": \"60s\", \"room\": \"4MiB\", \"name\": \"12345\","
		  "\"safe\": \"hold\","
		  "\"limits\": {\"count\": 0, \"range\": [\"-180deg\", \"60deg\"]}}");
	cr_assert(eq(int, rd.r, 0), "%s", rd.lines);
	cr_expect(eq(int, rd.all.accel_range_g, 16));
	cr_expect(eq(int, rd.all.address, 0x70));
	cr_expect(eq(dbl, rd.all.rate_hz, 50));
	cr_expect(eq(flt, rd.all.speed_rad_s, (float)M_PI));
	cr_expect(not(rd.all.on));
	cr_expect(eq(i64, rd.all.stale_after_ns, 60 * NS_PER_S));
	cr_expect(eq(sz, rd.all.room_bytes, 4194304));
	cr_expect(eq(str, rd.all.name, "12345"));
	cr_expect(eq(int, rd.all.safe, 1));
	cr_expect(eq(dbl, rd.all.limits.range_rad[0], -M_PI));
	done(&rd);
}

Test(conf, K1_unknown_keys)
{
	expect_errors("{\"limits\": {\"count\": 1,\n  \"rnage\": [0, 1]}}",
		      "f:2:3: limits.rnage: unknown key; allowed: count, range; "
		      "did you mean \"range\"?");
	expect_errors("{\"limits\": {\"count\": 1, \"range_rad\": [0, 1]}}",
		      "f:1:25: limits.range_rad: unknown key; allowed: count, range; "
		      "did you mean \"range\"?");
	expect_errors("{\"limits\": {\"count\": 1, \"zebra\": 1}}",
		      "f:1:25: limits.zebra: unknown key; allowed: count, range");
}

Test(conf, K2_keys_read_elsewhere_are_known)
{
	struct reading rd;

	read_text(&rd, "{\"bmp280\": {\"anything\": 1}, \"extra\": [1], \"import\": [],"
		       "\"sensors\": {}}");
	cr_expect(eq(int, rd.r, 0), "%s", rd.lines);
	done(&rd);
	read_text(&rd, "{\"bmp208\": {}}");
	cr_expect(eq(int, rd.r, -EINVAL));
	cr_expect(ne(ptr, strstr(rd.lines, "did you mean \"bmp280\"?"), NULL), "%s",
		  rd.lines);
	done(&rd);
}

Test(conf, K1_wrong_types)
{
	expect_errors("{\"rate\": true}",
		      "f:1:10: rate: expected a number, or text with a unit; "
		      "0.5Hz to 50Hz");
	expect_errors("{\"on\": 1}", "f:1:8: on: wrong type; true or false");
	expect_errors("{\"name\": 1}", "f:1:10: name: expected text in double quotes; "
				       "text of at most 5 bytes");
	expect_errors("{\"name\": \"123456\"}",
		      "f:1:10: name: too long; text of at most 5 bytes");
	expect_errors("{\"rate\": null}",
		      "f:1:10: rate: expected a number, or text with a unit; "
		      "0.5Hz to 50Hz");
	expect_errors("{\"oversample\": 2.5}",
		      "f:1:16: oversample: expected a whole number; 1 to 16");
	expect_errors("{\"limits\": []}", "f:1:12: limits: expected an object: { ... }");
	expect_errors("{\"sensors\": []}", "f:1:13: sensors: wrong type; an object");
	expect_errors("{\"import\": {}}", "f:1:12: import: wrong type; a list");
	expect_errors("{\"limits\": {\"count\": 1, \"range\": [1, 2, 3]}}",
		      "f:1:34: limits.range: expected a list of two numbers; "
		      "[low, high], -180deg to 180deg");
	expect_errors("{\"limits\": {\"count\": 1, \"range\": [2, 1]}}",
		      "f:1:34: limits.range: the first must be below the second; "
		      "[low, high], -180deg to 180deg");
}

Test(conf, K1_out_of_range)
{
	expect_errors("{\"rate\": 51}",
		      "f:1:10: rate: 51Hz is out of range; 0.5Hz to 50Hz");
	expect_errors("{\"rate\": \"1kHz\"}",
		      "f:1:10: rate: \"1kHz\" is out of range; 0.5Hz to 50Hz");
	expect_errors("{\"stale_after\": \"2min\"}",
		      "f:1:17: stale_after: \"2min\" is out of range; 0s to 1min");
	expect_errors("{\"stale_after\": -1e300}",
		      "f:1:17: stale_after: -1e+300s is out of range; 0s to 1min");
	expect_errors("{\"room\": 12}",
		      "f:1:10: room: 12B is out of range; 1KiB to 1GiB");
	expect_errors("{\"limits\": {\"count\": 1, \"range\": [0, \"181deg\"]}}",
		      "f:1:38: limits.range[1]: \"181deg\" is out of range; "
		      "[low, high], -180deg to 180deg");
}

Test(conf, K1_addresses)
{
	expect_errors("{\"address\": \"0x78\"}",
		      "f:1:13: address: \"0x78\" is out of range; 0x03 to 0x77");
	expect_errors("{\"address\": 2}",
		      "f:1:13: address: 0x02 is out of range; 0x03 to 0x77");
	expect_errors("{\"address\": -1e99}",
		      "f:1:13: address: -1e+99 is out of range; 0x03 to 0x77");
	expect_errors("{\"address\": \"40\"}",
		      "f:1:13: address: expected an address such as "
		      "\"0x40\"; 0x03 to 0x77");
	expect_errors("{\"address\": \"0x40 \"}",
		      "f:1:13: address: expected an address such as "
		      "\"0x40\"; 0x03 to 0x77");
}

Test(conf, K1_missing_and_wrong_units)
{
	expect_errors("{\"rate\": \"50\"}",
		      "f:1:10: rate: \"50\": no unit; units: Hz, kHz, MHz; "
		      "0.5Hz to 50Hz");
	expect_errors(
		"{\"rate\": \"50ms\"}",
		"f:1:10: rate: \"50ms\": \"ms\" does not fit here; units: Hz, kHz, MHz; "
		"0.5Hz to 50Hz");
}

Test(conf, K1_enums)
{
	expect_errors("{\"safe\": \"lipm\"}",
		      "f:1:10: safe: unknown name \"lipm\"; "
		      "known: limp, hold; did you mean \"limp\"?");
	expect_errors("{\"safe\": 0}",
		      "f:1:10: safe: expected a name in double quotes; limp, hold");
}

Test(conf, K1_required_keys)
{
	expect_errors("{\n \"limits\": {}}", "f:2:12: limits.count: missing; 0 to 5");
}

Test(conf, K1_all_errors_in_one_run_and_defaults_stay)
{
	struct reading rd;

	read_text(&rd,
		  "{\"rate\": 51, \"on\": 0,\n\"foo\": 1, \"limits\": {\"count\": 6}}");
	cr_expect(eq(int, rd.r, -EINVAL));
	cr_expect(eq(sz, rd.errs.n_errors, 4), "%s", rd.lines);
	cr_expect(eq(dbl, rd.all.rate_hz, 10));
	cr_expect(rd.all.on);
	done(&rd);
}

Test(conf, K6_gone_keys_are_warnings)
{
	struct reading rd;

	read_text(&rd, "{\"frequency\": 5}");
	cr_expect(eq(int, rd.r, 0));
	cr_expect(eq(sz, rd.errs.n_errors, 0));
	cr_expect(eq(str, rd.lines,
		     "f:1:2: warning: frequency: this key has gone; write \"rate\""));
	done(&rd);
}

Test(conf, K1_places_survive_the_merge)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct json_doc over = {0};
	struct conf_at root;
	struct all all;
	const char *one = "{\"rate\": 99, \"on\": 3}";
	const char *two = "\n{\"on\": 4}";

	cr_assert(eq(int, json_doc_parse(&doc, one, strlen(one), "one", &errs), 0));
	cr_assert(eq(int, json_doc_parse(&over, two, strlen(two), "two", &errs), 0));
	cr_assert(eq(int, json_doc_merge(&doc, &over), 0));
	root = conf_root(&doc, &errs);
	cr_expect(eq(int, conf_read(&root, fields, NULL, &all), -EINVAL));
	cr_assert(eq(sz, errs.n, 2));
	cr_expect(eq(str, errs.list[0].text,
		     "one:1:10: rate: 99Hz is out of range; 0.5Hz to 50Hz"));
	cr_expect(eq(str, errs.list[1].text, "two:2:8: on: wrong type; true or false"));
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
}

Test(conf, walks_maps_and_lists)
{
	struct reading rd;
	struct conf_at root;
	struct conf_at map;
	struct conf_at list;
	char path[CONF_PATH_MAX];
	char seen[256] = "";

	read_text(&rd, "{\"sensors\": {\"imu\": {\"count\": 1}, \"mag\": {\"count\": 2}},"
		       "\"import\": [{}, \"x\"]}");
	root = conf_root(&rd.doc, &rd.errs);
	map = conf_child(&root, "sensors");
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it)) {
		struct limits limits;

		cr_assert(eq(int, conf_read(&it, limits_fields, NULL, &limits), 0));
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s=%d ",
			 conf_path(&it, path), limits.count);
	}
	list = conf_child(&root, "import");
	for (struct conf_at it = conf_first(&list); it.node; it = conf_next(&it))
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s ",
			 conf_path(&it, path));
	cr_expect(eq(str, seen, "sensors.imu=1 sensors.mag=2 import[0] import[1] "));
	map = conf_child(&root, "nothing");
	cr_expect(eq(ptr, (void *)conf_first(&map).node, NULL));
	done(&rd);
}

Test(conf, K1_unknown_references)
{
	static const char *const buses[] = {"body", "far"};
	struct reading rd;
	struct conf_at root;
	struct conf_at bus;

	read_text(&rd, "{\"extra\": \"bdoy\", \"name\": 5}");
	root = conf_root(&rd.doc, &rd.errs);
	bus = conf_child(&root, "extra");
	cr_assert(eq(str, (char *)conf_text(&bus), "bdoy"));
	conf_complain_unknown(&bus, "bus", conf_text(&bus), buses, ARRAY_LEN(buses));
	cr_expect(eq(str, rd.errs.list[1].text,
		     "f:1:11: extra: unknown bus \"bdoy\"; known: body, far; "
		     "did you mean \"body\"?"));
	bus = conf_child(&root, "name");
	cr_expect(eq(ptr, (void *)conf_text(&bus), NULL));
	bus = conf_child(&root, "absent");
	cr_expect(eq(ptr, (void *)conf_text(&bus), NULL));
	cr_expect(eq(str, rd.errs.list[3].text, "f:1:1: absent: missing; text"));
	done(&rd);
}

Test(conf, keys_are_members_less_their_unit)
{
	static const struct {
		struct conf_field f;
		const char *key;
	} rows[] = {
		{{.name = "rate_hz", .type = CONF_TYPE_REAL, .unit = "Hz"}, "rate"},
		{{.name = "speed_rad_s", .type = CONF_TYPE_REAL, .unit = "rad/s"},
		 "speed"},
		{{.name = "limit_m_s2", .type = CONF_TYPE_REAL, .unit = "m/s^2"},
		 "limit"},
		{{.name = "age_ns", .type = CONF_TYPE_DURATION, .unit = "s"}, "age"},
		{{.name = "room_bytes", .type = CONF_TYPE_SIZE, .unit = "B"}, "room"},
		{{.name = "of_items", .type = CONF_TYPE_REAL, .unit = "s"}, "of_items"},
		{{.name = "rate_hz", .type = CONF_TYPE_REAL, .unit = "s"}, "rate_hz"},
		{{.name = "_s", .type = CONF_TYPE_REAL, .unit = "s"}, "_s"},
		{{.name = "s", .type = CONF_TYPE_REAL, .unit = "s"}, "s"},
		{{.name = "count", .type = CONF_TYPE_INT, .unit = ""}, "count"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		cr_expect(eq(sz, conf_key_len(&rows[i].f), strlen(rows[i].key)), "%s",
			  rows[i].f.name);
}

Test(conf, reference_page)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cr_assert(ne(ptr, out, NULL));
	conf_print_reference(fields, "demo", out);
	fclose(out);
	cr_expect(eq(str, text,
		     "demo.oversample\tnumber\t4\t1 to 16\tOversampling.\n"
		     "demo.accel_range\tnumber\t8g\t2g to 16g\tRange.\n"
		     "demo.address\taddress\t\t0x03 to 0x77\tAddress.\n"
		     "demo.rate\tnumber\t10Hz\t0.5Hz to 50Hz\tHow often.\n"
		     "demo.speed\tnumber\t57.2958deg/s\t0deg/s to 180deg/s\tHow fast.\n"
		     "demo.below\tnumber\t\ta number\tOptional.\n"
		     "demo.on\tbool\ttrue\ttrue or false\tSwitch.\n"
		     "demo.name\ttext\t\"body\"\ttext of at most 5 bytes\tName.\n"
		     "demo.safe\tname\tlimp\tlimp, hold\tSafe state.\n"
		     "demo.stale_after\tduration\t100ms\t0s to 1min\tAge.\n"
		     "demo.room\tsize\t64KiB\t1KiB to 1GiB\tRoom.\n"
		     "demo.limits\tobject\t\tan object\tLimits.\n"
		     "demo.limits.count\tnumber\trequired\t0 to 5\tHow many.\n"
		     "demo.limits.range\tpair\t[-90deg, 90deg]\t[low, high], -180deg to "
		     "180deg\t"
		     "From, to.\n"
		     "demo.sensors\tobject\t\tan object\tBy role.\n"
		     "demo.sensors.NAME.count\tnumber\trequired\t0 to 5\tHow many.\n"
		     "demo.sensors.NAME.range\tpair\t[-90deg, 90deg]\t"
		     "[low, high], -180deg to 180deg\tFrom, to.\n"
		     "demo.import\tlist\t\ta list\tImports.\n"
		     "demo.extra\tany\t\tany value\tAnything.\n"));
	free(text);
}
