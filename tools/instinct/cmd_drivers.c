/* drivers list, probe, swap, calibrate: the chips behind the robot's sensors and actuators. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/nearest.h"
#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(member(object, key));

	return text ? text : "";
}

/* "imu.accel imu.gyro" */
static const char *join(const cJSON *list, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (const cJSON *it = list ? list->child : NULL; it && len < size; it = it->next)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? " " : "",
					cJSON_IsString(it) ? it->valuestring : "");
	return buf;
}

static void print_device(const struct cli *cli, const cJSON *d)
{
	const char *state = text_of(d, "state");
	const cJSON *since = member(d, "since_s");
	char place[96], age[32], values[256];

	if (member(d, "address"))
		snprintf(place, sizeof(place), "%s %s", text_of(d, "bus"),
			 text_of(d, "address"));
	else
		snprintf(place, sizeof(place), "%s%s%s%s%s", text_of(d, "line"),
			 text_of(d, "device"), text_of(d, "peer"),
			 member(d, "topic") ? " " : "", text_of(d, "topic"));
	print_age(cJSON_IsNumber(since) ? since->valuedouble : 0, age, sizeof(age));
	printf("%-12s %-12s %-14s %s%-8s%s %9s  %s\n", text_of(d, "role"),
	       text_of(d, "driver"), place, print_colour(cli->colour, state), state,
	       print_plain(cli->colour), age,
	       join(member(d, "values"), values, sizeof(values)));
	if (strcmp(state, "running") != 0 && text_of(d, "why")[0])
		printf("%-12s %s\n", "", text_of(d, "why"));
}

static int list(struct cli *cli, int argc, char **argv)
{
	cJSON *devices = NULL;
	int code = client_ask(cli, "drivers.list", NULL, &devices);

	(void)argc;
	(void)argv;
	if (code != CLI_OK)
		return code;
	if (cli->json) {
		print_json(devices);
	} else {
		printf("%-12s %-12s %-14s %-8s %9s  %s\n", "ROLE", "DRIVER", "WHERE",
		       "STATE", "SINCE", "VALUES");
		for (const cJSON *d = devices->child; d; d = d->next)
			print_device(cli, d);
	}
	cJSON_Delete(devices);
	return CLI_OK;
}

static void print_found(const cJSON *f)
{
	const char *role = text_of(f, "role");
	char drivers[256];

	printf("%s %s  %s%s%s%s\n", text_of(f, "bus"), text_of(f, "address"),
	       join(member(f, "drivers"), drivers, sizeof(drivers)), text_of(f, "why"),
	       role[0] ? "  configured: " : "", role);
}

static int probe(struct cli *cli, int argc, char **argv)
{
	cJSON *params = cJSON_CreateObject();
	cJSON *found = NULL;
	int code;

	if (argc > 0)
		cJSON_AddStringToObject(params, "bus", argv[0]);
	code = client_ask(cli, "drivers.probe", params, &found);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		print_json(found);
	else if (!found->child)
		puts("no chip answers");
	else
		for (const cJSON *f = found->child; f; f = f->next)
			print_found(f);
	cJSON_Delete(found);
	return CLI_OK;
}

/* "icm20948.rate=100Hz" into { "icm20948": { "rate": "100Hz" } }. */
static int add_setting(cJSON *set, const char *setting)
{
	const char *eq = strchr(setting, '=');
	char *key = eq ? strndup(setting, (size_t)(eq - setting)) : NULL;
	cJSON *object = set;
	char *part = key;
	char *dot;

	if (!key || key[0] == '\0') {
		free(key);
		return cli_fail(CLI_USAGE,
				"%s: a setting is KEY=VALUE, such as "
				"address=0x69",
				setting);
	}
	while ((dot = strchr(part, '.')) != NULL) {
		cJSON *next;

		*dot = '\0';
		next = cJSON_GetObjectItemCaseSensitive(object, part);
		object = cJSON_IsObject(next) ? next
					      : cJSON_AddObjectToObject(object, part);
		part = dot + 1;
	}
	cJSON_AddItemToObject(object, part, client_word(eq + 1));
	free(key);
	return CLI_OK;
}

static int swap(struct cli *cli, int argc, char **argv)
{
	cJSON *params = cJSON_CreateObject();
	cJSON *set = cJSON_AddObjectToObject(params, "set");
	cJSON *outcome = NULL;
	int code = CLI_OK;

	cJSON_AddStringToObject(params, "role", argv[0]);
	cJSON_AddStringToObject(params, "driver", argv[1]);
	for (int i = 2; i < argc && code == CLI_OK; i++)
		code = add_setting(set, argv[i]);
	if (code != CLI_OK) {
		cJSON_Delete(params);
		return code;
	}
	client_be_patient(cli);
	code = client_ask(cli, "drivers.swap", params, &outcome);
	if (code != CLI_OK)
		return code;
	if (cli->json) {
		print_json(outcome);
	} else {
		print_changes(outcome);
		puts("until the next reload or restart; to keep it, write it into the "
		     "configuration");
	}
	cJSON_Delete(outcome);
	return CLI_OK;
}

/* "mag: 46 % of all directions; missing +z -z": on a terminal always in the same line. */
static void show_progress(const cJSON *found)
{
	static const char *const ends[] = {"\n", "   \r"};
	const char *missing = text_of(found, "missing");

	fprintf(stderr, "%s: %3.0f %% of all directions, %.0f measurements%s%s%s",
		text_of(found, "channel"),
		cJSON_GetNumberValue(member(found, "coverage")) * 100,
		cJSON_GetNumberValue(member(found, "measurements")),
		missing[0] ? "; missing " : "", missing,
		ends[isatty(STDERR_FILENO) != 0]);
	fflush(stderr);
}

static void print_array(const cJSON *found, const char *key)
{
	char *text = cJSON_PrintUnformatted(member(found, key));

	printf("  %s %s\n", key, text ? text : "");
	cJSON_free(text);
}

static void print_calibration(const char *role, const cJSON *found)
{
	char *offset = cJSON_PrintUnformatted(member(found, "gyro_offset"));

	if (member(found, "gyro_offset")) {
		printf("%s: gyroscope offset %s rad/s, kept in %s\n", role,
		       offset ? offset : "", text_of(found, "file"));
	} else {
		printf("%s: %s calibrated from %.0f measurements, %.0f %% of all "
		       "directions, residual %.1f %%; kept in %s\n",
		       role, text_of(found, "channel"),
		       cJSON_GetNumberValue(member(found, "measurements")),
		       cJSON_GetNumberValue(member(found, "coverage")) * 100,
		       cJSON_GetNumberValue(member(found, "residual")) * 100,
		       text_of(found, "file"));
		print_array(found, "offset");
		print_array(found, "matrix");
	}
	cJSON_free(offset);
}

/* What to do meanwhile. */
static const char *what_to_do(const char *channel)
{
	if (strcmp(channel, "accel") == 0)
		return "put the robot on each of its six sides, and keep it still there "
		       "for a second ...";
	if (strcmp(channel, "mag") == 0)
		return "turn the robot slowly through all directions, each side up and "
		       "down, away from other iron ...";
	return "keep the robot still for 3 s ...";
}

/* ROLE [CHANNEL [SECONDS]]. What has to be turned about is asked for again until it is done. */
static int calibrate(struct cli *cli, int argc, char **argv)
{
	const char *channel = argc > 1 ? argv[1] : "gyro";
	struct client c;
	bool done = false;
	int code;

	client_be_patient(cli);
	code = client_open(&c, cli);
	if (code == CLI_OK && !cli->json)
		puts(what_to_do(channel));
	fflush(stdout);
	while (code == CLI_OK && !done) {
		cJSON *params = cJSON_CreateObject();
		cJSON *found = NULL;

		cJSON_AddStringToObject(params, "role", argv[0]);
		cJSON_AddStringToObject(params, "channel", channel);
		if (argc > 2)
			cJSON_AddItemToObject(params, "seconds", client_word(argv[2]));
		code = client_call(&c, "drivers.calibrate", params, &found);
		if (code != CLI_OK)
			break;
		done = cJSON_IsTrue(member(found, "done"));
		if (done && cli->json)
			print_json(found);
		else if (done)
			print_calibration(argv[0], found);
		else if (!cli->json)
			show_progress(found);
		cJSON_Delete(found);
	}
	client_close(&c);
	return code;
}

int cmd_drivers(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name;
		int min_args, max_args;
		int (*run)(struct cli *cli, int argc, char **argv);
	} verbs[] = {
		{"list", 0, 0, list},
		{"probe", 0, 1, probe},
		{"swap", 2, 99, swap},
		{"calibrate", 1, 3, calibrate},
	};
	const char *names[ARRAY_LEN(verbs)];
	const char *near;

	if (argc == 0)
		return list(cli, 0, argv);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		if (argc - 1 < verbs[i].min_args || argc - 1 > verbs[i].max_args)
			return cli_fail(
				CLI_USAGE,
				"usage: instinct drivers list | probe "
				"[BUS] | swap ROLE DRIVER "
				"[KEY=VALUE...] | calibrate ROLE [CHANNEL [SECONDS]]");
		return verbs[i].run(cli, argc - 1, argv + 1);
	}
	near = nearest_name(argv[0], names, ARRAY_LEN(verbs));
	return cli_fail(CLI_USAGE, "drivers: no \"%s\"; %s%s%s", argv[0],
			near ? "did you mean \"" : "list, probe, swap or calibrate",
			near ? near : "", near ? "\"?" : "");
}
