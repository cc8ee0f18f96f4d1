/* tasks: the daemon's tree of tasks. */
#include <stdio.h>

#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

int cmd_tasks(struct cli *cli, int argc, char **argv)
{
	cJSON *answer = NULL;
	int code = client_ask(cli, "tasks.dump", NULL, &answer);
	const char *text;

	(void)argc;
	(void)argv;
	if (code != CLI_OK)
		return code;
	text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "text"));
	if (cli->json)
		print_json(answer);
	else if (text)
		fputs(text, stdout);
	cJSON_Delete(answer);
	return CLI_OK;
}
