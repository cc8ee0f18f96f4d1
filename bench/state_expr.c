/* What an expression costs: evaluating three comparisons, reading the text, a set that is followed. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "daemon/state/expr.h"

enum { ROUNDS = 2000000 };

static const char text[] =
	"head.touched == true and battery.percent > 20 and left.distance < 0.5";

static const struct value_info infos[] = {
	{.name = "head.touched", .typed = true, .type = DATUM_BOOL},
	{.name = "battery.percent", .unit = "%", .typed = true, .type = DATUM_NUMBER},
	{.name = "left.distance", .unit = "m", .typed = true, .type = DATUM_NUMBER},
};

static struct value *find(void *arg, const char *name)
{
	struct value **values = arg;

	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		if (strcmp(infos[i].name, name) == 0)
			return values[i];
	return NULL;
}

static const char *nearest(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static void need(int r)
{
	if (r < 0) {
		fprintf(stderr, "state_expr: %s\n", strerror(-r));
		exit(1);
	}
}

static struct expr *compile(struct value **values)
{
	const struct expr_names names = {.find = find, .nearest = nearest, .arg = values};
	struct expr_error err;
	struct expr *e = NULL;

	need(expr_compile(text, strlen(text), &names, &e, &err));
	return e;
}

static double per_round(int64_t begin_ns, int rounds)
{
	return (double)(bench_now_ns() - begin_ns) / rounds;
}

static void bench_eval(struct value **values)
{
	struct expr *e = compile(values);
	int64_t begin_ns = bench_now_ns();
	struct datum d;
	unsigned hits = 0;

	for (int i = 0; i < ROUNDS; i++)
		hits += expr_eval(e, &d) == EXPR_TRUE;
	bench_report("expr.eval_ns", per_round(begin_ns, ROUNDS), "ns", NULL, 0);
	assert(hits == ROUNDS);
	expr_free(e);
}

static void bench_compile(struct value **values)
{
	int64_t begin_ns = bench_now_ns();

	for (int i = 0; i < ROUNDS / 100; i++)
		expr_free(compile(values));
	bench_report("expr.compile_ns", per_round(begin_ns, ROUNDS / 100), "ns", NULL, 0);
}

/* Every set turns the result over. */
static void bench_follow(struct value **values)
{
	static const struct value_info info = {.name = "when"};
	struct value *v = NULL;
	struct datum d = datum_number(0.25);
	int64_t begin_ns;

	need(expr_value(compile(values), &info, &v));
	begin_ns = bench_now_ns();
	for (int i = 0; i < ROUNDS / 10; i++) {
		d.n = i % 2 ? 0.25 : 0.75;
		need(value_set(values[2], &d));
	}
	bench_report("expr.follow_ns", per_round(begin_ns, ROUNDS / 10), "ns", NULL, 0);
	value_free(v);
}

int main(int argc, char **argv)
{
	const struct datum data[] = {datum_bool(true), datum_number(80),
				     datum_number(0.25)};
	struct value *values[ARRAY_LEN(infos)];

	bench_begin(argc, argv);
	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		need(value_new(&infos[i], &values[i]));
		need(value_set(values[i], &data[i]));
	}
	if (bench_wants("expr.eval_ns"))
		bench_eval(values);
	if (bench_wants("expr.compile_ns"))
		bench_compile(values);
	if (bench_wants("expr.follow_ns"))
		bench_follow(values);
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		value_free(values[i]);
	return 0;
}
