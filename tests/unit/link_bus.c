/* The bus as a whole: its sockets' places, and the methods that every daemon has. */
#include "daemon/link/bus.h"

#include <fcntl.h>

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "tests/unit/link_run.h"

static char said[4096];

static void hear(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static struct bus_conf conf_in(const struct link_test *t)
{
	struct bus_conf conf;

	conf_defaults(bus_conf_fields, &conf);
	setenv("RUNTIME_DIRECTORY", t->dir, 1);
	return conf;
}

LINK_TEST(bus, a_second_daemon_is_told_which_socket_is_taken)
{
	struct bus_conf conf = conf_in(t);
	struct world *world = world_new();
	struct bus *first, *second = NULL;

	log_set_sink(hear, NULL);
	expect(bus_new(&conf, world, &first), 0);
	expect(bus_new(&conf, world, &second), -EADDRINUSE);
	cr_assert(zero(ptr, second));
	cr_assert(strstr(said, "/state: another daemon serves it") != NULL, "%s", said);
	bus_free(first);
	expect(bus_new(&conf, world, &second), 0); /* the place is free again */
	bus_free(second);
	world_free(world);
	return 0;
}

LINK_TEST(bus, a_place_that_cannot_be_had_is_named)
{
	struct bus_conf conf = conf_in(t);
	struct world *world = world_new();
	struct bus *bus;
	char path[128];
	int fd;

	log_set_sink(hear, NULL);
	snprintf(conf.control, sizeof(conf.control), "ipc:///not/there/control");
	expect(bus_new(&conf, world, &bus), -ENOENT);
	cr_assert(strstr(said, "ipc:///not/there/control: the folder is not there") !=
			  NULL,
		  "%s", said);

	snprintf(conf.control, sizeof(conf.control), "tcp://*:5555");
	expect(bus_new(&conf, world, &bus), -EPROTONOSUPPORT);
	cr_assert(strstr(said, "tcp://*:5555: only ipc:// is offered") != NULL, "%s",
		  said);

	snprintf(path, sizeof(path), "%s/state", t->dir);
	fd = creat(path, 0600);
	close(fd);
	expect(bus_new(&conf, world, &bus), -EEXIST);
	cr_assert(strstr(said, "/state: there is a file that is no socket") != NULL, "%s",
		  said);

	setenv("RUNTIME_DIRECTORY", "/not/there", 1);
	expect(bus_new(&conf, world, &bus), -ENOENT);
	cr_assert(strstr(said, "the runtime folder /not/there cannot be used") != NULL,
		  "%s", said);
	world_free(world);
	return 0;
}

/* A bus over a small world, and a client of it. */
struct robot {
	struct world *world;
	struct bus *bus;
	struct nursery n;
	struct zsock *client;
	struct value *speed, *mode, *accel;
};

static struct value *add(struct robot *bot, const struct value_info *info)
{
	struct value *v;

	expect(world_add(bot->world, info, &v), 0);
	return v;
}

static void add_text(struct robot *bot, const char *name, const char *text)
{
	const struct value_info info = {.name = name, .source = "test"};
	struct datum d;

	expect(datum_string(text, strlen(text), &d), 0);
	expect(value_set(add(bot, &info), &d), 0);
	datum_fini(&d);
}

static void fill(struct robot *bot)
{
	const struct datum accel = datum_vec3(0, 0.5, 9.75);

	bot->speed = add(bot, &(struct value_info){.name = "param.drive.speed",
						   .unit = "m/s",
						   .source = "config",
						   .typed = true,
						   .type = DATUM_NUMBER,
						   .min = -1,
						   .max = 1});
	bot->mode = add(bot, &(struct value_info){.name = "mode"});
	bot->accel = add(bot, &(struct value_info){.name = "imu.accel",
						   .unit = "m/s^2",
						   .help = "Specific force.",
						   .source = "driver mpu6050",
						   .typed = true,
						   .type = DATUM_VEC3});
	expect(value_set(bot->accel, &accel), 0);
	add_text(bot, "behaviour.nod.state", "running");
	add_text(bot, "behaviour.dizzy.state", "idle");
	add_text(bot, "health.imu", "ok");
}

static void robot_start(struct robot *bot, struct link_test *t)
{
	struct bus_conf conf = conf_in(t);

	bot->world = world_new();
	fill(bot);
	expect(bus_new(&conf, bot->world, &bot->bus), 0);
	nursery_open(&bot->n);
	nursery_go(&bot->n, "bus", bus_run, bot->bus);
	bot->client = open_connected(t, &bot->n, ZMQ_REQ, endpoint(t, "control"));
}

static void robot_stop(struct robot *bot)
{
	nursery_cancel(&bot->n, "done");
	expect(nursery_close(&bot->n, 0), 0);
	zsock_close(bot->client);
	bus_free(bot->bus);
	world_free(bot->world);
}

/* The answer's "result" or "error" as text. */
static const char *ask(struct robot *bot, const char *method, const char *params)
{
	static char text[8192];
	char request[512];
	char *part;

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method,
		 params);
	expect(send_text(bot->client, request), 0);
	expect(recv_text(bot->client, text, sizeof(text)), 0);
	part = strstr(text, "\"id\":1,");
	cr_assert(part != NULL, "%s", text);
	part[strlen(part) - 1] = '\0';
	return part + strlen("\"id\":1,");
}

static void expect_in(const char *text, const char *part)
{
	cr_assert(strstr(text, part) != NULL, "%s\n  is not in  %s", part, text);
}

LINK_TEST(methods, values_get_shows_all_about_a_value)
{
	struct robot bot;
	const char *text;

	robot_start(&bot, t);
	text = ask(&bot, "values.get", "{\"name\":\"imu.accel\"}");
	expect_in(text, "\"result\":{\"name\":\"imu.accel\",\"v\":[0,0.5,9.75],"
			"\"state\":\"ok\",\"unit\":\"m/s^2\",\"age_s\":");
	expect_in(text, "\"source\":\"driver mpu6050\",\"help\":\"Specific force.\"}");
	text = ask(&bot, "values.get", "{\"name\":\"mode\"}");
	expect_in(text, "{\"name\":\"mode\",\"v\":null,\"state\":\"unset\",\"unit\":\"\","
			"\"source\":\"\"");
	text = ask(&bot, "values.get", "{\"name\":\"imu.acel\"}");
	expect_in(text,
		  "\"no value \\\"imu.acel\\\"\",\"data\":{\"path\":\"params.name\","
		  "\"hint\":\"did you mean \\\"imu.accel\\\"?\"}");
	expect_in(ask(&bot, "values.get", "{}"), "name must be given");
	expect_in(ask(&bot, "values.get", "[]"), "name must be given");
	robot_stop(&bot);
	return 0;
}

LINK_TEST(methods, values_list_takes_a_prefix)
{
	struct robot bot;
	const char *text;

	robot_start(&bot, t);
	text = ask(&bot, "values.list", "{\"prefix\":\"imu.\"}");
	expect_in(text, "\"result\":[{\"name\":\"imu.accel\"");
	cr_assert(zero(ptr, strstr(text, "\"name\":\"mode\"")));
	expect_in(ask(&bot, "values.list", "{}"), "\"name\":\"mode\"");
	robot_stop(&bot);
	return 0;
}

LINK_TEST(methods, values_set_sets_what_nobody_else_sets)
{
	struct robot bot;

	robot_start(&bot, t);
	expect_in(ask(&bot, "values.set", "{\"name\":\"param.drive.speed\",\"v\":0.5}"),
		  "\"v\":0.5,\"state\":\"ok\"");
	cr_assert(eq(dbl, value_get(bot.speed)->n, 0.5));
	expect_in(ask(&bot, "values.set", "{\"name\":\"mode\",\"v\":{\"a\":[1,\"x\"]}}"),
		  "\"state\":\"ok\"");
	cr_assert(eq(dbl, datum_get(datum_get(value_get(bot.mode), "a"), "1")->n, 1));
	expect_in(ask(&bot, "values.set", "{\"name\":\"imu.accel\",\"v\":[1,2,3]}"),
		  "\"code\":-32001,\"message\":\"imu.accel is set by driver mpu6050\"");
	cr_assert(eq(dbl, value_get(bot.accel)->v[2], 9.75));
	robot_stop(&bot);
	return 0;
}

LINK_TEST(methods, values_set_says_what_does_not_fit)
{
	struct robot bot;

	robot_start(&bot, t);
	expect_in(ask(&bot, "values.set", "{\"name\":\"param.drive.speed\",\"v\":2}"),
		  "param.drive.speed must be a number, -1 to 1 m/s\",\"data\":{\"path\":"
		  "\"params.v\"");
	expect_in(ask(&bot, "values.set", "{\"name\":\"param.drive.speed\",\"v\":\"x\"}"),
		  "must be a number");
	expect_in(ask(&bot, "values.set", "{\"name\":\"param.drive.speed\"}"),
		  "v must be given");
	expect(value_state(bot.speed), VALUE_UNSET);
	robot_stop(&bot);
	return 0;
}

static void add_name(void *arg, cJSON *status)
{
	cJSON_AddStringToObject(status, "robot", arg);
}

LINK_TEST(methods, status_shows_health_and_what_the_application_adds)
{
	struct robot bot;
	const char *text;

	robot_start(&bot, t);
	bus_on_status(bot.bus, add_name, "desk");
	text = ask(&bot, "status", "{}");
	expect_in(text, "\"robot\":\"desk\"");
	expect_in(text, "\"values\":{\"unset\":2,\"ok\":4,\"stale\":0}");
	expect_in(text, "\"health\":{\"imu\":\"ok\"}");
	expect_in(text, "/state\",\"subscriptions\":0");
	expect_in(text, bus_boot_id(bot.bus));
	robot_stop(&bot);
	return 0;
}

LINK_TEST(methods, behaviours_and_tasks_are_listed)
{
	struct robot bot;
	const char *text;

	robot_start(&bot, t);
	expect_in(ask(&bot, "behaviours.list", "{}"),
		  "[{\"name\":\"dizzy\",\"state\":\"idle\"},{\"name\":\"nod\",\"state\":"
		  "\"running\"}]");
	expect_in(ask(&bot, "tasks.dump", "{}"), "publish: waits for changes");
	text = ask(&bot, "methods.list", "{}");
	expect_in(text, "{\"name\":\"values.set\",\"help\":\"Set a parameter, or a value "
			"that nobody owns.\",\"changes\":true}");
	robot_stop(&bot);
	return 0;
}
