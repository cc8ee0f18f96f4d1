/* reload, plan, config: the configuration of the running daemon. */
#include <stdio.h>

#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

/* Ask for @method, and show what it did or would do. */
static int show_outcome(const struct cli *cli, const char *method)
{
	cJSON *outcome = NULL;
	int code = client_ask(cli, method, NULL, &outcome);

	if (code != CLI_OK)
		return code;
	if (cli->json)
		print_json(outcome);
	else
		print_changes(outcome);
	cJSON_Delete(outcome);
	return CLI_OK;
}

int cmd_reload(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	client_be_patient(cli);
	return show_outcome(cli, "config.reload");
}

int cmd_plan(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return show_outcome(cli, "config.plan");
}

int cmd_config(struct cli *cli, int argc, char **argv)
{
	cJSON *config = NULL;
	int code = client_ask(cli, "config.show", NULL, &config);
	char *text;

	(void)argc;
	(void)argv;
	if (code != CLI_OK)
		return code;
	text = cli->json ? NULL : cJSON_Print(config);
	if (cli->json)
		print_json(config);
	else if (text)
		puts(text);
	cJSON_free(text);
	cJSON_Delete(config);
	return CLI_OK;
}
