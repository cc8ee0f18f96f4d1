/*
 * A scenario of tests/behave/rules.txt: its lines in words, its values, and the data and predicates that the
 * table names.
 */
#ifndef TESTS_BEHAVE_RULES_TABLE_H
#define TESTS_BEHAVE_RULES_TABLE_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state/pred.h"
#include "daemon/state/world.h"

enum { LINES_MAX = 32, WORDS_MAX = 12, OUTPUT_MAX = 2048 };

/* A line of the table, in words. */
struct line {
	char text[160];
	char *words[WORDS_MAX];
	size_t n;
	double t;
};

struct scenario {
	char title[120];
	char want[OUTPUT_MAX];
	struct line lines[LINES_MAX];
	size_t n;
	struct world *world;
	struct value *derived[LINES_MAX];
	size_t n_derived;
	bool lua;
	FILE *out;
};

static inline int64_t ns_of(double s)
{
	return (int64_t)(s * 1e9 + 0.5);
}

static inline struct datum datum_of(const char *word)
{
	struct datum d;

	if (strcmp(word, "null") == 0)
		return datum_null();
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return datum_bool(word[0] == 't');
	if (word[0] != '\'')
		return datum_number(strcmp(word, "nan") == 0 ? (double)NAN
							     : strtod(word, NULL));
	cr_assert(eq(int, datum_string(word + 1, strlen(word) - 2, &d), 0));
	return d;
}

/* "held_for=1" of a line; NULL when it is not there. */
static const char *option(const struct line *l, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->words[i], name, len) == 0 && l->words[i][len] == '=')
			return l->words[i] + len + 1;
	return NULL;
}

static inline double number_option(const struct line *l, const char *name)
{
	const char *text = option(l, name);

	return text ? strtod(text, NULL) : 0;
}

static inline struct value *find(struct scenario *s, const char *name)
{
	char full[48];
	struct value *v;

	snprintf(full, sizeof(full), "test.%s", name);
	v = world_find(s->world, full);
	for (size_t i = 0; i < s->n_derived && !v; i++)
		if (strcmp(value_info(s->derived[i])->name, name) == 0)
			v = s->derived[i];
	cr_assert(ne(ptr, v, NULL), "%s: no value %s", s->title, name);
	return v;
}

/* Predicates that are functions; rules.txt has their Lua. */
static inline int is_odd(void *arg, const struct datum *now, const struct datum *old)
{
	(void)arg;
	(void)old;
	return now->type == DATUM_NUMBER && (long)now->n % 2 == 1;
}

static inline int grows(void *arg, const struct datum *now, const struct datum *old)
{
	(void)arg;
	return old && now->n > old->n;
}

static inline int fails(void *arg, const struct datum *now, const struct datum *old)
{
	(void)arg;
	(void)old;
	return now->n > 5 ? -EBADMSG : 0;
}

static const struct {
	const char *name;
	int (*fn)(void *arg, const struct datum *now, const struct datum *old);
	const char *lua;
} functions[] = {
	{"odd", is_odd, "function(x) return type(x) == 'number' and x % 2 == 1 end"},
	{"grows", grows, "function(new, old) return new > old end"},
	{"fails", fails, "function(x) if x > 5 then error 'no' end end"},
};

static const struct {
	const char *name;
	enum pred_op op;
} ops[] = {
	{"any", PRED_ANY},      {"eq", PRED_EQ},           {"ne", PRED_NE},
	{"lt", PRED_LT},        {"le", PRED_LE},           {"gt", PRED_GT},
	{"ge", PRED_GE},        {"between", PRED_BETWEEN}, {"outside", PRED_OUTSIDE},
	{"is_true", PRED_TRUE}, {"is_false", PRED_FALSE},  {"changed", PRED_CHANGED},
};

/* "gt:5", "between:1,2", "is_true", "odd". */
static inline struct pred pred_of(const char *word)
{
	struct pred p = {0};
	char name[24];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, ":"), word);
	word += strcspn(word, ":");
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (strcmp(functions[i].name, name) == 0) {
			p.op = PRED_FN;
			p.fn = functions[i].fn;
			return p;
		}
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (strcmp(ops[i].name, name) != 0)
			continue;
		p.op = ops[i].op;
		if (*word) {
			p.a = strtod(word + 1, NULL);
			p.b = strchr(word, ',') ? strtod(strchr(word, ',') + 1, NULL) : 0;
			p.datum = datum_of(word + 1);
		}
		return p;
	}
	cr_fatal("no predicate %s", name);
}

static inline void write_datum(FILE *out, const struct datum *d)
{
	switch (d->type) {
	case DATUM_NULL:
		fputs(" null", out);
		return;
	case DATUM_BOOL:
		fputs(d->b ? " true" : " false", out);
		return;
	case DATUM_NUMBER:
		fprintf(out, " %g", d->n);
		return;
	case DATUM_STRING:
		fprintf(out, " %s", datum_text(d));
		return;
	case DATUM_VEC3:
	case DATUM_QUAT:
	case DATUM_TABLE:
		break;
	}
	cr_fatal("no such data in the table");
}

/* The words of a line; "at 1.5 set v=2" has the time 1.5 and keeps "at". */
static inline void read_line(struct line *l)
{
	char *save = NULL;

	l->t = -1;
	for (char *w = strtok_r(l->text, " \t\n", &save); w;
	     w = strtok_r(NULL, " \t\n", &save)) {
		if (l->n == 1 && strcmp(l->words[0], "at") == 0 && l->t < 0) {
			l->t = strtod(w, NULL);
			continue;
		}
		cr_assert(lt(sz, l->n, WORDS_MAX));
		l->words[l->n++] = w;
	}
}

#endif
