/* tasks: the daemon's tree of tasks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

/* Wide enough for what is in them. */
struct columns {
	int name, steps, age;
};

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

/* For how long it has waited by now; "" when it does not. */
static const char *age_of(const cJSON *task, char *buf, size_t size)
{
	if (!text_of(task, "waits_for")[0])
		return "";
	return print_age(number_of(task, "waits_s"), buf, size);
}

static void widen(int *width, int n)
{
	if (n > *width)
		*width = n;
}

static struct columns fit(const cJSON *list)
{
	struct columns c = {sizeof("TASK") - 1, sizeof("STEPS") - 1, sizeof("SINCE") - 1};
	const cJSON *task;
	char buf[32];

	cJSON_ArrayForEach(task, list)
	{
		widen(&c.name, indent_of(task) + (int)strlen(text_of(task, "name")));
		widen(&c.steps, snprintf(NULL, 0, "%.0f", number_of(task, "steps")));
		widen(&c.age, (int)strlen(age_of(task, buf, sizeof(buf))));
	}
	return c;
}

/* "; cancelled by rival 1.5 s ago: somebody better came (pre-emption)" */
static void put_cause(FILE *out, const cJSON *task, const char *key, const char *word)
{
	const cJSON *c = cJSON_GetObjectItemCaseSensitive(task, key);
	const char *who = text_of(c, "task");
	char ago[32];

	if (!c)
		return;
	fprintf(out, "; %s%s%s %s ago: %s (%s)", word, who[0] ? " by " : "", who,
		print_age(number_of(c, "ago_s"), ago, sizeof(ago)), text_of(c, "reason"),
		text_of(c, "source"));
}

/* What it waits for, until when, and who wants it to end. To be freed; NULL without memory. */
static char *tell(const cJSON *task)
{
	const cJSON *deadline = cJSON_GetObjectItemCaseSensitive(task, "deadline_s");
	const char *waits_for = text_of(task, "waits_for");
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	char left[32];

	if (!out)
		return NULL;
	fputs(waits_for[0] ? waits_for : text_of(task, "state"), out);
	put_cause(out, task, "cancelled", "cancelled");
	put_cause(out, task, "asked", "asked to end");
	if (deadline)
		fprintf(out, "; deadline in %s",
			print_age(deadline->valuedouble, left, sizeof(left)));
	fclose(out);
	return text;
}

static void print_task(const cJSON *task, const struct columns *c)
{
	int indent = indent_of(task), last = c->name + 2 + c->steps + 2 + c->age + 2;
	const char *where = text_of(task, "where");
	char *text = tell(task);
	char age[32];

	printf("%*s%-*s  %*.0f  %*s  ", indent, "", c->name - indent,
	       text_of(task, "name"), c->steps, number_of(task, "steps"), c->age,
	       age_of(task, age, sizeof(age)));
	print_in_column(text ? text : "", last);
	if (where[0]) {
		printf("%*s", last + 2, "");
		print_in_column(where, last + 2);
	}
	free(text);
}

static void print_tasks(const cJSON *list)
{
	struct columns c = fit(list);
	const cJSON *task;

	printf("%-*s  %*s  %*s  %s\n", c.name, "TASK", c.steps, "STEPS", c.age, "SINCE",
	       "WAITS FOR");
	cJSON_ArrayForEach(task, list) print_task(task, &c);
}

int cmd_tasks(struct cli *cli, int argc, char **argv)
{
	cJSON *answer = NULL;
	int code = client_ask(cli, "tasks.dump", NULL, &answer);

	(void)argc;
	(void)argv;
	if (code != CLI_OK)
		return code;
	if (cli->json)
		print_json(answer);
	else
		print_tasks(cJSON_GetObjectItemCaseSensitive(answer, "tasks"));
	cJSON_Delete(answer);
	return CLI_OK;
}
