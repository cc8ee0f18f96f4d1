/* What the commands print: JSON as it came, or columns for people. */
#ifndef TOOLS_INSTINCT_PRINT_H
#define TOOLS_INSTINCT_PRINT_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* @node on one line. */
void print_json(const cJSON *node);

/*
 * Write @v, any JSON value, for people: numbers with six digits, texts bare, null as "-". Returns @buf.
 * What does not fit is cut.
 */
const char *print_value(const cJSON *v, char *buf, size_t size);

/* The changes of an outcome of config.plan, config.reload or drivers.swap, one on a line. */
void print_changes(const cJSON *outcome);

/* Seconds as people say them: "12 ms", "3.4 s", "2 h 5 min". Returns @buf. */
const char *print_age(double s, char *buf, size_t size);

/*
 * Print @text and a newline, when @column characters of the line have been printed. On a terminal what would go
 * over its right edge goes on in the next line, from @column on.
 */
void print_in_column(const char *text, int column);

/* The escape sequence for a state ("ok" is green), and the end of it; "" without colours. */
const char *print_colour(bool colour, const char *state);
const char *print_plain(bool colour);

#endif
