/* fault: a simulated chip or line misbehaves. */
#include <stdlib.h>

#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"

int cmd_fault(struct cli *cli, int argc, char **argv)
{
	cJSON *params = cJSON_CreateObject();
	cJSON *nothing = NULL;
	const char *word = argc > 2 ? argv[2] : "1";
	char *end;
	double number = strtod(word, &end);
	int code;

	cJSON_AddStringToObject(params, "device", argv[0]);
	cJSON_AddStringToObject(params, "fault", argv[1]);
	if (*end == '\0' && end != word)
		cJSON_AddNumberToObject(params, "count", number);
	else
		cJSON_AddStringToObject(params, "count", word);
	if (argc > 3)
		cJSON_AddNumberToObject(params, "delay_s", strtod(argv[3], NULL));
	code = client_ask(cli, "fault.inject", params, &nothing);
	cJSON_Delete(nothing);
	return code;
}
