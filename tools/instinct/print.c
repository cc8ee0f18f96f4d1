/* What the commands print. */
#include "tools/instinct/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROW 20 /* characters; in less, nothing is broken */

void print_json(const cJSON *node)
{
	char *text = cJSON_PrintUnformatted(node);

	puts(text ? text : "null");
	free(text);
}

/* Append to @buf, cutting what does not fit. */
static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s", text);
}

static void append_value(const cJSON *v, char *buf, size_t size)
{
	char number[32];

	if (cJSON_IsNumber(v)) {
		snprintf(number, sizeof(number), "%.6g", v->valuedouble);
		append(buf, size, number);
	} else if (cJSON_IsString(v)) {
		append(buf, size, v->valuestring);
	} else if (cJSON_IsBool(v)) {
		append(buf, size, cJSON_IsTrue(v) ? "true" : "false");
	} else if (cJSON_IsArray(v) || cJSON_IsObject(v)) {
		for (const cJSON *item = v->child; item; item = item->next) {
			append(buf, size, item == v->child ? "" : "  ");
			append(buf, size, item->string ? item->string : "");
			append(buf, size, item->string ? "=" : "");
			append_value(item, buf, size);
		}
	} else {
		append(buf, size, "-");
	}
}

const char *print_value(const cJSON *v, char *buf, size_t size)
{
	buf[0] = '\0';
	append_value(v, buf, size);
	return buf;
}

/* Of the terminal that is printed to, in characters; 0: it is none. */
static int terminal_width(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ? 0 : size.ws_col;
}

/* How much of @text goes on a line of @room bytes: up to a space, if there is one. */
static int line_length(const char *text, int room)
{
	int n = (int)strlen(text);

	if (n <= room)
		return n;
	for (int i = room; i > 0; i--)
		if (text[i] == ' ')
			return i;
	return n;
}

void print_in_column(const char *text, int column)
{
	int room = terminal_width() - column;
	int n = room < NARROW ? (int)strlen(text) : line_length(text, room);

	printf("%.*s\n", n, text);
	for (text += n; *text == ' '; text += n) {
		n = line_length(++text, room);
		printf("%*s%.*s\n", column, "", n, text);
	}
}

const char *print_age(double s, char *buf, size_t size)
{
	if (s < 1)
		snprintf(buf, size, "%.0f ms", s * 1e3);
	else if (s < 60)
		snprintf(buf, size, "%.1f s", s);
	else if (s < 3600)
		snprintf(buf, size, "%.0f min %.0f s", floor(s / 60), floor(fmod(s, 60)));
	else
		snprintf(buf, size, "%.0f h %.0f min", floor(s / 3600),
			 floor(fmod(s, 3600) / 60));
	return buf;
}

const char *print_colour(bool colour, const char *state)
{
	if (!colour)
		return "";
	if (strcmp(state, "ok") == 0 || strcmp(state, "running") == 0)
		return "\033[32m";
	return strcmp(state, "unset") == 0 ? "\033[2m" : "\033[33m";
}

const char *print_plain(bool colour)
{
	return colour ? "\033[0m" : "";
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	return text && text[0] ? text : "-";
}

void print_changes(const cJSON *outcome)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(outcome, "changes");
	const cJSON *warnings = cJSON_GetObjectItemCaseSensitive(outcome, "warnings");

	for (const cJSON *w = warnings ? warnings->child : NULL; w; w = w->next)
		if (cJSON_IsString(w))
			fprintf(stderr, "%s\n", w->valuestring);

	for (const cJSON *c = list ? list->child : NULL; c; c = c->next)
		printf("%s: %s -> %s (%s)\n", text_of(c, "path"), text_of(c, "from"),
		       text_of(c, "to"), text_of(c, "how"));
	if (cJSON_GetArraySize(list) == 0)
		puts("nothing changes");
}
