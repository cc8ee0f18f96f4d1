/* What would change between two configurations, and how. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/plan.h"

#define ROBOT                                                                            \
	"'buses': { 'body': { 'path': 'sim' } }, 'gpio': 'sim', "                        \
	"'fusion': { 'attitude': { 'imu': 'imu' } }, "
#define IMU "'imu': { 'driver': 'mpu6050', 'bus': 'body' }"
#define ROOM "'room': { 'driver': 'tmp102', 'bus': 'body' }"

static struct config *parse(const char *text)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct config *c = NULL;
	char *json = strdup(text);
	int r;

	for (char *q = json; (q = strchr(q, '\'')) != NULL;)
		*q = '"';
	r = json_doc_parse(&doc, json, strlen(json), "test", &errs);
	if (r == 0)
		r = config_from_doc_take(&doc, &errs, &c);
	cr_assert(eq(int, r, 0), "%s: %s", text, errs.n ? errs.list[0].text : "");
	conf_errors_fini(&errs);
	free(json);
	return c;
}

/* What the change from the robot with both sensors to @next is. */
struct change {
	const char *next;
	size_t n; /* keys */
	const char *path, *from, *to;
	enum plan_how how;
	size_t swaps;
};

static void expect_change(const struct change *want)
{
	struct config *running = parse("{ " ROBOT "'sensors': { " IMU ", " ROOM " } }");
	struct config *next = parse(want->next);
	struct plan p;

	cr_assert(eq(int, plan_make(running, next, &p), 0));
	cr_assert(eq(sz, p.n, want->n), "%s", want->next);
	cr_assert(eq(sz, p.n_swaps, want->swaps), "%s", want->next);
	if (want->path) {
		cr_assert(eq(str, p.items[0].path, (char *)want->path));
		cr_assert(eq(str, p.items[0].from, (char *)want->from));
		cr_assert(eq(str, p.items[0].to, (char *)want->to));
		cr_assert(eq(int, (int)p.items[0].how, (int)want->how), "%s", want->next);
		cr_assert(eq(int, p.restart, want->how == PLAN_RESTART));
		cr_assert(eq(int, p.fusion, want->how == PLAN_FUSION));
	}
	plan_fini(&p);
	config_free(next);
	config_free(running);
}

Test(app_plan, finds_the_smallest_difference)
{
	static const struct change changes[] = {
		{"{ 'sensors': { " ROOM ", " IMU " }, " ROBOT "}", 0, NULL, NULL, NULL,
		 PLAN_NOTHING, 0},
		/* K2: settings of a chip that is not in use. */
		{"{ " ROBOT "'sensors': { " ROOM ", 'imu': { 'driver': 'mpu6050', 'bus': "
		 "'body', 'icm20948': { 'rate': '100Hz' } } } }",
		 1, "sensors.imu.icm20948.rate", "", "\"100Hz\"", PLAN_NOTHING, 0},
		/* What the default was is written down. */
		{"{ " ROBOT "'sensors': { " ROOM ", 'imu': { 'driver': 'mpu6050', 'bus': "
		 "'body', 'address': '0x68' } } }",
		 1, "sensors.imu.address", "", "\"0x68\"", PLAN_NOTHING, 0},
		{"{ " ROBOT "'sensors': { " ROOM
		 ", 'imu': { 'driver': 'icm20948', 'bus': "
		 "'body' } } }",
		 1, "sensors.imu.driver", "\"mpu6050\"", "\"icm20948\"", PLAN_SENSOR, 1},
		{"{ " ROBOT "'sensors': { " IMU ", 'room': { 'driver': 'tmp102', 'bus': "
		 "'body', 'filters': [ { 'median': 3 } ] } } }",
		 1, "sensors.room.filters", "", "[{\"median\":3}]", PLAN_SENSOR, 1},
		/* Who waits for room.temperature does not follow. */
		{"{ " ROBOT "'sensors': { " IMU ", 'room': { 'driver': 'tmp102', 'bus': "
		 "'body', 'channels': { 'temperature': 'room.t' } } } }",
		 1, "sensors.room.channels.temperature", "", "\"room.t\"", PLAN_RESTART,
		 0},
		{"{ " ROBOT "'sensors': { " IMU " } }", 2, "sensors.room.driver",
		 "\"tmp102\"", "", PLAN_RESTART, 0},
		{"{ " ROBOT "'robot': { 'name': 'b' }, 'sensors': { " IMU ", " ROOM
		 " } }",
		 1, "robot.name", "", "\"b\"", PLAN_RESTART, 0},
		{"{ 'buses': { 'body': { 'path': 'sim' } }, 'gpio': 'sim', 'fusion': { "
		 "'attitude': { 'imu': 'imu', 'vqf': { 'tau_acc': '1s' } } }, 'sensors': "
		 "{ " IMU ", " ROOM " } }",
		 1, "fusion.attitude.vqf.tau_acc", "", "\"1s\"", PLAN_FUSION, 0},
		{"{ 'buses': { 'body': { 'path': 'sim' } }, 'gpio': 'sim', 'fusion': { "
		 "'attitude': { 'imu': 'imu' }, 'motion': { 'tilted': { 'angle': '9deg' "
		 "} } },"
		 " 'sensors': { " IMU ", " ROOM " } }",
		 1, "fusion.motion.tilted.angle", "", "\"9deg\"", PLAN_FUSION, 0},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		expect_change(&changes[i]);
}

Test(app_plan, adopted_it_is_what_runs)
{
	struct config *running = parse("{ " ROBOT "'sensors': { " IMU ", " ROOM " } }");
	/* In another order: entries are found by role. */
	struct config *next = parse("{ 'sensors': { 'room': { 'driver': 'lm75', 'bus': "
				    "'body' }, " IMU " }, " ROBOT "}");
	const struct conf_sensor *room = &running->sensors[1];
	struct plan p;

	cr_assert(eq(int, plan_make(running, next, &p), 0));
	cr_assert(eq(sz, p.n_swaps, 1));
	cr_assert(eq(sz, p.swaps[0].i, 1));
	plan_adopt(&p, running, next);
	cr_assert(eq(str, (char *)room->role, "room"));
	cr_assert(eq(str, (char *)room->sensor.device.driver, "lm75"));
	plan_fini(&p);
	config_free(next);
	next = parse("{ 'sensors': { 'room': { 'driver': 'lm75', 'bus': 'body' }, " IMU
		     " }, " ROBOT "}");
	cr_assert(eq(int, plan_make(running, next, &p), 0));
	cr_assert(eq(sz, p.n, 0));
	plan_fini(&p);
	config_free(next);
	config_free(running);
}

/* The change of fusion.values from @from to @to comes about in the way @how. */
static void expect_value_change(const char *from, const char *to, enum plan_how how)
{
	static const char form[] = "{ " ROBOT "'sensors': { " IMU ", " ROOM " } }";
	struct config *c[2];
	struct plan p;

	for (int i = 0; i < 2; i++) {
		char text[800];

		(void)snprintf(text, sizeof(text),
			       "{ 'buses': { 'body': { 'path': 'sim' } }, 'gpio': 'sim', "
			       "'fusion': { 'attitude': { 'imu': 'imu' }, 'values': { "
			       "'a.b': { %s } } }, %s",
			       i == 0 ? from : to, strstr(form, "'sensors'"));
		c[i] = parse(text);
	}
	cr_assert(eq(int, plan_make(c[0], c[1], &p), 0));
	cr_assert(eq(sz, p.n, 1), "%s", to);
	cr_expect(eq(int, (int)p.items[0].how, (int)how), "%s", to);
	cr_expect(eq(int, p.values, how == PLAN_VALUE), "%s", to);
	cr_expect(eq(int, p.restart, how == PLAN_RESTART), "%s", to);
	plan_fini(&p);
	config_free(c[1]);
	config_free(c[0]);
}

Test(app_plan, values_go_on_with_other_settings_but_not_made_of_others)
{
#define OF "'of': 'room.temperature', 'above': 30, 'below': 20"
	expect_value_change(OF, "'of': 'room.temperature', 'above': 31, 'below': 20",
			    PLAN_VALUE);
	expect_value_change(OF ", 'filters': [ { 'median': 3 } ]",
			    OF ", 'filters': [ { 'median': 5 } ]", PLAN_VALUE);
	expect_value_change("'of': [ 'x', 'y' ], 'combine': 'vote', 'tolerance': 1",
			    "'of': [ 'x', 'y' ], 'combine': 'vote', 'tolerance': 2",
			    PLAN_VALUE);
	expect_value_change(OF, "'of': 'imu.temperature', 'above': 30, 'below': 20",
			    PLAN_RESTART);
	expect_value_change("'of': 'x'", "'of': 'x', 'above': 3", PLAN_RESTART);
	expect_value_change("'of': [ 'x', 'y' ], 'combine': 'min'",
			    "'of': [ 'x', 'y' ], 'combine': 'max'", PLAN_RESTART);
	expect_value_change("'is': 'x > 1'", "'is': 'x > 2'", PLAN_RESTART);
	expect_value_change("'is': 'x'", "'is': 'x', 'gate': [ 0, 1 ]", PLAN_RESTART);
#undef OF
}
