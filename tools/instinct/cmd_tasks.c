/* tasks: the daemon's tree of tasks. */
#include <stdio.h>
#include <string.h>

#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

static const char *text_of(const cJSON *o, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));

	return text ? text : "";
}

static double number_of(const cJSON *o, const char *key)
{
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static int indent_of(const cJSON *task)
{
	return (int)number_of(task, "depth") * 2;
}

static int name_width(const cJSON *list)
{
	const cJSON *task;
	int width = 4;

	cJSON_ArrayForEach(task, list)
	{
		int n = indent_of(task) + (int)strlen(text_of(task, "name"));

		width = n > width ? n : width;
	}
	return width;
}

/* "; cancelled by rival 1.5 s ago: somebody better came (pre-emption)" */
static void print_cause(const cJSON *task, const char *key, const char *word)
{
	const cJSON *c = cJSON_GetObjectItemCaseSensitive(task, key);
	const char *who = text_of(c, "task");
	char ago[32];

	if (!c)
		return;
	printf("; %s%s%s %s ago: %s (%s)", word, who[0] ? " by " : "", who,
	       print_age(number_of(c, "ago_s"), ago, sizeof(ago)), text_of(c, "reason"),
	       text_of(c, "source"));
}

static void print_task(const cJSON *task, int width)
{
	const cJSON *deadline = cJSON_GetObjectItemCaseSensitive(task, "deadline_s");
	const char *waits_for = text_of(task, "waits_for");
	const char *where = text_of(task, "where");
	int indent = indent_of(task);
	char age[32] = "";

	if (waits_for[0])
		print_age(number_of(task, "waits_s"), age, sizeof(age));
	printf("%*s%-*s  %8.0f  %8s  %s", indent, "", width - indent,
	       text_of(task, "name"), number_of(task, "steps"), age,
	       waits_for[0] ? waits_for : text_of(task, "state"));
	print_cause(task, "cancelled", "cancelled");
	print_cause(task, "asked", "asked to end");
	if (deadline)
		printf("; deadline in %s",
		       print_age(deadline->valuedouble, age, sizeof(age)));
	putchar('\n');
	if (where[0])
		printf("%*s%s\n", width + 2 + 8 + 2 + 8 + 4, "", where);
}

int cmd_tasks(struct cli *cli, int argc, char **argv)
{
	cJSON *answer = NULL;
	int code = client_ask(cli, "tasks.dump", NULL, &answer);
	const cJSON *list, *task;
	int width;

	(void)argc;
	(void)argv;
	if (code != CLI_OK)
		return code;
	list = cJSON_GetObjectItemCaseSensitive(answer, "tasks");
	width = name_width(list);
	if (cli->json) {
		print_json(answer);
	} else {
		printf("%-*s  %8s  %8s  %s\n", width, "TASK", "STEPS", "SINCE",
		       "WAITS FOR");
		cJSON_ArrayForEach(task, list) print_task(task, width);
	}
	cJSON_Delete(answer);
	return CLI_OK;
}
