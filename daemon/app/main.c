/* instinctd: the table of contents. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "daemon/app/config.h"
#include "daemon/app/options.h"
#include "daemon/app/program.h"
#include "daemon/app/robot.h"
#include "daemon/base/log.h"
#include "daemon/rt/task.h"

/* Every error and warning, and how many there are. */
static void print_errors(const struct conf_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		fprintf(stderr, "%s\n", errs->list[i].text);
	if (errs->n_dropped > 0)
		fprintf(stderr, "... and %zu more\n", errs->n_dropped);
	if (errs->n_errors > 0)
		fprintf(stderr,
			"instinctd: the configuration has %zu error%s; nothing was "
			"started\n",
			errs->n_errors, errs->n_errors == 1 ? "" : "s");
}

/* {"good": false, "errors": ["robot.jsonc:3:5: ..."]}, on standard output. Warnings are in it too. */
static void print_json(const struct conf_errors *errs)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(root, "errors");
	char *text;

	cJSON_AddBoolToObject(root, "good", errs->n_errors == 0);
	for (size_t i = 0; i < errs->n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(errs->list[i].text));
	text = cJSON_PrintUnformatted(root);
	if (text)
		puts(text);
	cJSON_free(text);
	cJSON_Delete(root);
}

/* Report what was found, once. */
static void report(struct conf_errors *errs)
{
	print_errors(errs);
	conf_errors_fini(errs);
	*errs = (struct conf_errors){0};
}

static int check(const struct config *config, bool json, struct conf_errors *errs)
{
	int r = robot_check(config, errs);

	if (json) {
		print_json(errs);
		return r < 0 ? EXIT_CONFIG : EXIT_OK;
	}
	report(errs);
	if (r < 0)
		return EXIT_CONFIG;
	printf("the configuration is good: %zu sensors, %zu actuators, %zu behaviours\n",
	       config->n_sensors, config->n_actuators, config->n_behaviours);
	return EXIT_OK;
}

static int start(const struct options *options)
{
	struct conf_errors errs = {0};
	struct config *config = NULL;
	bool json = options->check && options->json;
	int code = EXIT_CONFIG;
	int r = config_read(options->configs, options->n_configs, &errs, &config);

	if (json && r < 0)
		print_json(&errs);
	if (!json)
		report(&errs);
	if (r == 0)
		code = options->check ? check(config, json, &errs)
				      : robot_run(config, options, &errs);
	if (!json)
		report(&errs);
	conf_errors_fini(&errs);
	config_free(config);
	return code;
}

/* For the journal: which task is speaking. */
static const char *running_task(void)
{
	const struct task *t = task_self();

	return t ? task_name(t) : NULL;
}

int main(int argc, char **argv)
{
	struct options options;
	int code = options_parse(argc, argv, &options);

	if (code >= 0)
		return code;
	if (options.keys) {
		config_print_reference(stdout);
		return EXIT_OK;
	}
	log_set_context(running_task);
	if (options.script && options.n_configs == 0)
		return program_alone(&options);
	return start(&options);
}
