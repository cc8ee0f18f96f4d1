/* status: how the daemon is. */
#include <stdio.h>
#include <string.h>

#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

#define LABEL_WIDTH 14

/* One line for each member; what is an object is a line of its members. */
static void print_members(const cJSON *status)
{
	for (const cJSON *m = status->child; m; m = m->next) {
		bool up = strcmp(m->string, "uptime_s") == 0;
		char text[512];

		if (up)
			print_age(m->valuedouble, text, sizeof(text));
		else
			print_value(m, text, sizeof(text));
		if (text[0] != '\0')
			printf("%-*s %s\n", LABEL_WIDTH, up ? "up" : m->string, text);
	}
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	cJSON *status = NULL;
	int code = client_ask(cli, "status", NULL, &status);

	(void)argc;
	(void)argv;
	if (code != CLI_OK)
		return code;
	if (cli->json)
		print_json(status);
	else
		print_members(status);
	cJSON_Delete(status);
	return CLI_OK;
}
