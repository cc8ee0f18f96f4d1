/* Another service as a sensor: what its messages mean. */
#include <math.h>
#include <stdio.h>

#include "tests/driver/rig.h"

/* Settings as "message": @text gives them. */
static const struct driver *set_up(struct device_conf *conf, const char *text)
{
	const struct driver *d = driver_find_kind(DRIVER_SENSOR, "bus");

	rig_conf(d, conf);
	rig_set(d, conf, text);
	return d;
}

/* One message that came at 1 s, decoded inside the runtime, which keeps the reason. */
struct trial {
	const char *conf;
	const char *message;
	size_t len; /* 0: of the text */
	struct sample s[DRIVER_SAMPLES];
	int n;
	char why[160];
};

static int decode(void *arg)
{
	struct trial *t = arg;
	struct device_conf conf;
	const struct driver *d = set_up(&conf, t->conf);
	const struct error *e;

	t->n = d->decode(conf.settings, NULL, (const uint8_t *)t->message,
			 t->len ? t->len : strlen(t->message), NS_PER_S, t->s);
	e = t->n < 0 ? error_last(t->n) : NULL;
	(void)snprintf(t->why, sizeof(t->why), "%s", e ? e->text : "");
	return 0;
}

static struct trial decoded(const char *conf, const char *message)
{
	struct trial t = {.conf = conf, .message = message};

	cr_assert(eq(int, rig_run(decode, &t), 0));
	return t;
}

static bool is_same(float a, float b)
{
	return (isnan(a) && isnan(b)) || a == b || fabsf(a - b) <= 1e-6f;
}

#define DISTANCE "{\"channels\": [\"distance\"]}"
#define BARE(chan) "{\"channels\": [{\"" chan "\": \"\"}]}"

Test(bus_message, gives_its_numbers)
{
	static const struct {
		const char *conf, *message;
		float v[3];
	} rows[] = {
		{DISTANCE, "{\"distance\": 1.25, \"name\": \"cat\"}", {1.25f}},
		{DISTANCE, "{\"v\": {\"distance\": 1.25}}", {1.25f}},
		{DISTANCE, " {\"distance\" : 0 }\n", {0}},
		{BARE("distance"), "0.5", {0.5f}},
		{BARE("distance"),
		 "{\"v\": 0.5, \"unit\": \"m\", \"state\": \"ok\"}",
		 {0.5f}},
		{"{\"channels\": [{\"distance\": \"front.range\"}]}",
		 "{\"front\": {\"range\": 2}}",
		 {2}},
		{"{\"channels\": [{\"distance\": {\"field\": \"mm\", \"unit\": "
		 "\"mm\"}}]}",
		 "{\"mm\": 1250}",
		 {1.25f}},
		{"{\"channels\": [{\"gyro\": {\"unit\": \"deg/s\"}}]}",
		 "{\"gyro\": [180, 0, -90]}",
		 {3.14159265f, 0, -1.57079633f}},
		{"{\"channels\": [\"accel\"]}",
		 "{\"accel\": [1, -2, 9.5]}",
		 {1, -2, 9.5f}},
		{BARE("pressed"), "true", {1}},
		{BARE("pressed"), "{\"v\": false}", {0}},
		/* null is a datum: nobody seen, nothing measured. */
		{DISTANCE, "{\"distance\": null}", {NAN}},
		{DISTANCE, "{\"v\": null}", {NAN}},
		{DISTANCE, "null", {NAN}},
		{BARE("accel"), "null", {NAN, NAN, NAN}},
		{BARE("distance"),
		 "1e300",
		 {INFINITY}}, /* the core calls that impossible */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct trial t = decoded(rows[i].conf, rows[i].message);

		cr_assert(eq(int, t.n, 1), "%s: %s", rows[i].message, t.why);
		cr_expect(t.s[0].t_ns == NS_PER_S);
		for (int k = 0; k < 3; k++)
			cr_expect(is_same(t.s[0].v[k], rows[i].v[k]), "%s: [%d] is %g",
				  rows[i].message, k, (double)t.s[0].v[k]);
	}
}

Test(bus_message, of_several_channels)
{
	struct trial t = decoded("{\"channels\": [\"temperature\", {\"humidity\": "
				 "{\"field\": \"rh\", \"unit\": \"%\"}}]}",
				 "{\"rh\": 40, \"temperature\": 21.5}");

	cr_assert(eq(int, t.n, 2), "%s", t.why);
	cr_expect(eq(int, (int)t.s[0].chan, CHAN_TEMP));
	cr_expect(eq(flt, t.s[0].v[0], 21.5f));
	cr_expect(eq(int, (int)t.s[1].chan, CHAN_HUMIDITY));
	cr_expect(eq(flt, t.s[1].v[0], 0.4f));
}

/* "mono" is when it was measured; without it the arrival, less the latency, which the core has taken off. */
Test(bus_message, tells_its_time)
{
	static const char late[] =
		"{\"channels\": [\"distance\"], \"latency\": \"10ms\"}";
	struct trial t =
		decoded(DISTANCE, "{\"v\": {\"distance\": 1}, \"mono\": \"900000000\"}");

	cr_assert(eq(int, t.n, 1), "%s", t.why);
	cr_expect(t.s[0].t_ns == 900 * NS_PER_MS);
	t = decoded(late, "{\"v\": {\"distance\": 1}, \"mono\": \"1010000000\"}");
	cr_assert(eq(int, t.n, 1), "%s", t.why);
	cr_expect(t.s[0].t_ns == 1010 * NS_PER_MS);
	t = decoded(late, "{\"v\": {\"distance\": 1}, \"mono\": \"1010000001\"}");
	cr_expect(eq(int, t.n, -EBADMSG));
}

Test(bus_message, without_sense_is_refused_with_the_reason)
{
	static const struct {
		const char *conf, *message, *why;
	} rows[] = {
		{DISTANCE, "", "not JSON"},
		{DISTANCE, "{\"distance\": 1", "not JSON"},
		{DISTANCE, "{\"distance\": 1} x", "not JSON"},
		{DISTANCE, "{\"distance\": NaN}", "not JSON"},
		{DISTANCE, "{\"distance\": 1, \"distance\": 2}", "not JSON"},
		{DISTANCE, "\xff\xfe", "not JSON"},
		{DISTANCE, "{}", "\"distance\", for distance, is missing"},
		{DISTANCE, "7", "\"distance\", for distance, is missing"},
		{DISTANCE, "{\"Distance\": 1}", "is missing"},
		{DISTANCE, "{\"distance\": \"1\"}",
		 "\"distance\", for distance, is not a number"},
		{DISTANCE, "{\"distance\": true}", "is not a number"},
		{BARE("distance"), "[1]", "datum, for distance, is not a number"},
		{BARE("pressed"), "1", "datum, for pressed, is not true or false"},
		{BARE("accel"), "[1, 2]", "is not three numbers"},
		{BARE("accel"), "[1, 2, null]", "is not three numbers"},
		{BARE("accel"), "{\"x\": 1}", "is not three numbers"},
		{"{\"channels\": [{\"distance\": \"a.b\"}]}", "{\"a\": [1]}", "\"a.b\""},
		{DISTANCE, "{\"v\": {\"distance\": 1}, \"mono\": 5}",
		 "no time as \"mono\""},
		{DISTANCE, "{\"v\": {\"distance\": 1}, \"mono\": \"-5\"}", "no time"},
		{DISTANCE, "{\"v\": {\"distance\": 1}, \"mono\": \"5s\"}", "no time"},
		{DISTANCE,
		 "{\"v\": {\"distance\": 1}, \"mono\": \"99999999999999999999\"}",
		 "no time"},
		{DISTANCE, "{\"v\": {\"distance\": 1}, \"mono\": \"1000000001\"}",
		 "the clock of another machine"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct trial t = decoded(rows[i].conf, rows[i].message);

		cr_expect(eq(int, t.n, -EBADMSG), "%s", rows[i].message);
		cr_expect(strstr(t.why, rows[i].why) != NULL, "%s: \"%s\"",
			  rows[i].message, t.why);
	}
}

Test(bus_message, that_was_cut_off_is_refused)
{
	static char message[PEER_MESSAGE_MAX];
	struct trial t = {.conf = BARE("distance"), .message = message};

	memset(message, ' ', sizeof(message));
	message[0] = '1';
	t.len = PEER_MESSAGE_MAX - 1;
	cr_assert(eq(int, rig_run(decode, &t), 0));
	cr_expect(eq(int, t.n, 1), "%s", t.why);
	t.len = PEER_MESSAGE_MAX;
	cr_assert(eq(int, rig_run(decode, &t), 0));
	cr_expect(eq(int, t.n, -EBADMSG));
	cr_expect(strstr(t.why, "1024 bytes or more") != NULL, "%s", t.why);
}
