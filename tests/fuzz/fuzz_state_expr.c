/* Expressions from any text: read, checked, evaluated, cut into clauses, and followed. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/base/utf8.h"
#include "daemon/state/expr.h"

/* One value of each type, one of any, one that stays unset. */
static const struct value_info infos[] = {
	{.name = "head.touched", .typed = true, .type = DATUM_BOOL},
	{.name = "battery.percent", .unit = "%", .typed = true, .type = DATUM_NUMBER},
	{.name = "left.distance", .unit = "m", .typed = true, .type = DATUM_NUMBER},
	{.name = "wait", .unit = "ms", .typed = true, .type = DATUM_NUMBER},
	{.name = "mood", .typed = true, .type = DATUM_STRING},
	{.name = "imu.accel", .unit = "m/s^2", .typed = true, .type = DATUM_VEC3},
	{.name = "attitude.quaternion", .typed = true, .type = DATUM_QUAT},
	{.name = "vision.person"},
	{.name = "gone"},
};

static struct value *values[ARRAY_LEN(infos)];

static struct value *find(void *arg, const char *name)
{
	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		if (strcmp(infos[i].name, name) == 0)
			return values[i];
	return NULL;
}

static const char *nearest(void *arg, const char *name)
{
	const char *names[ARRAY_LEN(infos)];

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		names[i] = infos[i].name;
	return nearest_name(name, names, ARRAY_LEN(infos));
}

static struct datum person(void)
{
	static const char *const keys[] = {"distance_m", "name"};
	struct datum entries[] = {datum_number(1.2), datum_null()};
	struct datum d;
	int r = datum_string("Ann", 3, &entries[1]);

	assert(r == 0);
	r = datum_table(keys, entries, ARRAY_LEN(keys), &d);
	assert(r == 0);
	return d;
}

static void make_values(void)
{
	struct datum data[] = {
		datum_bool(true),          datum_number(15), datum_number(0.5),
		datum_number(250),         datum_null(),     datum_vec3(1, 2, 9.5),
		datum_quat(1, 0, 0.25, 0), person(),
	};
	int r;

	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		r = value_new(&infos[i], &values[i]);
		assert(r == 0);
		if (i < ARRAY_LEN(data))
			r = value_set(values[i], &data[i]);
		assert(r == 0);
	}
	datum_fini(&data[ARRAY_LEN(data) - 1]);
}

/* As a line of a log: a place in the text, and a reason that is UTF-8 without control characters. */
static void check_error(const struct expr_error *err)
{
	size_t left = strlen(err->text);

	assert(err->line > 0 && err->col > 0);
	assert(left > 0);
	for (const char *s = err->text; left > 0;) {
		size_t n = utf8_char(s, left);

		assert(n > 0 && (unsigned char)*s >= ' ');
		s += n;
		left -= n;
	}
}

/* A whole that is an `and` is what its clauses say; each reads some of what the whole reads. */
static void check_clauses(const struct expr *e, enum expr_truth whole)
{
	enum expr_truth all = EXPR_TRUE;
	unsigned n_deps;

	(void)expr_deps(e, &n_deps);
	for (unsigned i = 0; i < expr_clauses(e); i++) {
		struct expr_clause c = expr_clause(e, i);

		assert(c.len > 0 && c.start + c.len <= strlen(expr_text(e)));
		assert(c.n_inputs <= n_deps);
		if (c.truth == EXPR_FALSE)
			all = EXPR_FALSE;
		else if (c.truth == EXPR_UNKNOWN && all == EXPR_TRUE)
			all = EXPR_UNKNOWN;
	}
	assert(all == whole);
}

static void check_expr(struct expr *e)
{
	static const struct value_info info = {.name = "when"};
	struct datum d;
	enum expr_truth truth = expr_eval(e, &d);
	struct value *v = NULL;
	int r;

	if (expr_type(e) == EXPR_BOOL)
		assert(d.type == DATUM_BOOL && d.b == (truth == EXPR_TRUE));
	check_clauses(e, truth);
	r = expr_value(e, &info, &v);
	assert(r == 0);
	value_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct expr_names names = {.find = find, .nearest = nearest};
	struct expr_error err = {0};
	struct expr *e = NULL;

	if (!values[0])
		make_values();
	if (expr_compile((const char *)data, len, &names, &e, &err) < 0)
		check_error(&err);
	else
		check_expr(e);
	return 0;
}
