/* values, get, set, behaviours: named values, once. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

static const char *member_text(const cJSON *object, const char *key)
{
	const char *text =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	return text ? text : "";
}

static void print_row(const struct cli *cli, const cJSON *value, int width)
{
	const cJSON *age = cJSON_GetObjectItemCaseSensitive(value, "age_s");
	const char *state = member_text(value, "state");
	const char *unit = member_text(value, "unit");
	char text[256], ago[32] = "-";

	print_value(cJSON_GetObjectItemCaseSensitive(value, "v"), text, sizeof(text));
	if (cJSON_IsNumber(age))
		print_age(age->valuedouble, ago, sizeof(ago));
	if (unit[0] != '\0')
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", unit);
	printf("%-*s  %s%-6s%s %10s  %s\n", width, member_text(value, "name"),
	       print_colour(cli->colour, state), state, print_plain(cli->colour), ago,
	       text);
}

/* Take the values out whose names do not match @pattern; the width of the longest that stays. */
static int keep_matching(cJSON *list, const char *pattern)
{
	int width = 4;
	cJSON *next;

	for (cJSON *v = list->child; v; v = next) {
		const char *name = member_text(v, "name");

		next = v->next;
		if (pattern && fnmatch(pattern, name, 0) != 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(list, v));
		else if ((int)strlen(name) > width)
			width = (int)strlen(name);
	}
	return width;
}

/* A plain beginning such as "imu" or "imu." is a pattern as well. */
static const char *as_pattern(const char *text, char *buf, size_t size)
{
	if (!text || strpbrk(text, "*?["))
		return text;
	snprintf(buf, size, "%s*", text);
	return buf;
}

int cmd_values(struct cli *cli, int argc, char **argv)
{
	cJSON *list = NULL;
	char buf[256];
	int code = client_ask(cli, "values.list", NULL, &list);
	int width;

	if (code != CLI_OK)
		return code;
	width = keep_matching(list,
			      as_pattern(argc > 0 ? argv[0] : NULL, buf, sizeof(buf)));
	if (cli->json) {
		print_json(list);
	} else if (!list->child) {
		code = cli_fail(CLI_ERROR, "no value matches %s",
				argc > 0 ? argv[0] : "*");
	} else {
		printf("%-*s  %-6s %10s  %s\n", width, "NAME", "STATE", "AGE", "VALUE");
		for (const cJSON *v = list->child; v; v = v->next)
			print_row(cli, v, width);
	}
	cJSON_Delete(list);
	return code;
}

int cmd_get(struct cli *cli, int argc, char **argv)
{
	cJSON *params = cJSON_CreateObject();
	cJSON *value = NULL;
	char text[1024];
	int code;

	(void)argc;
	cJSON_AddStringToObject(params, "name", argv[0]);
	code = client_ask(cli, "values.get", params, &value);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		print_json(value);
	else
		puts(print_value(cJSON_GetObjectItemCaseSensitive(value, "v"), text,
				 sizeof(text)));
	cJSON_Delete(value);
	return CLI_OK;
}

int cmd_set(struct cli *cli, int argc, char **argv)
{
	cJSON *params = cJSON_CreateObject();
	cJSON *value = NULL;
	int code;

	(void)argc;
	cJSON_AddStringToObject(params, "name", argv[0]);
	cJSON_AddItemToObject(params, "v", client_word(argv[1]));
	code = client_ask(cli, "values.set", params, &value);
	if (code != CLI_OK)
		return code;
	if (cli->json)
		print_json(value);
	cJSON_Delete(value);
	return CLI_OK;
}

int cmd_behaviours(struct cli *cli, int argc, char **argv)
{
	cJSON *list = NULL;
	int code = client_ask(cli, "behaviours.list", NULL, &list);

	(void)argc;
	(void)argv;
	if (code != CLI_OK)
		return code;
	if (cli->json) {
		print_json(list);
	} else if (!list->child) {
		puts("no behaviours");
	} else {
		for (const cJSON *b = list->child; b; b = b->next)
			printf("%-20s %s%s%s\n", member_text(b, "name"),
			       print_colour(cli->colour, member_text(b, "state")),
			       member_text(b, "state"), print_plain(cli->colour));
	}
	cJSON_Delete(list);
	return CLI_OK;
}
