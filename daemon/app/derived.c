/* Values that the configuration defines by an expression. */
#include "daemon/app/derived.h"

#include <errno.h>
#include <string.h>

#include "daemon/state/expr.h"

struct conf_derived {
	char is[512];
	char help[160];
};

const struct conf_field derived_fields[] = {
	CONF_STRING(conf_derived, is, NULL, "The expression that it follows."),
	CONF_STRING(conf_derived, help, "", "What it means, for people."),
	CONF_END,
};

static struct value *find(void *arg, const char *name)
{
	return world_find(arg, name);
}

static const char *nearest(void *arg, const char *name)
{
	return world_nearest(arg, name);
}

/* Compile @text, and put what follows it into the world. */
static int add(const struct conf_at *at, struct world *world,
	       const struct conf_derived *d)
{
	const struct expr_names names = {.find = find, .nearest = nearest, .arg = world};
	const struct value_info info = {
		.name = at->key, .help = d->help, .source = "fusion.values"};
	struct conf_at is = conf_child(at, "is");
	struct expr_error err;
	struct value *value;
	struct expr *expr;
	int r = expr_compile(d->is, strlen(d->is), &names, &expr, &err);

	if (r == -EINVAL)
		conf_complain(&is, "in the expression, column %u: %s", err.col, err.text);
	if (r < 0)
		return r;
	r = expr_value(expr, &info, &value);
	if (r < 0)
		return r;
	r = world_adopt_take(world, value);
	if (r < 0)
		value_free(value);
	if (r == -EEXIST)
		conf_complain(at, "the value %s has an owner already", at->key);
	else if (r == -EINVAL)
		conf_complain(at,
			      "no good name for a value; words of lower-case letters, "
			      "digits and _, joined by points");
	return r == -EEXIST ? -EINVAL : r;
}

int derived_add(const struct config *c, struct world *world, struct conf_errors *errs)
{
	struct conf_at root = conf_root(&c->doc, errs);
	struct conf_at fusion = conf_child(&root, "fusion");
	struct conf_at values = conf_child(&fusion, "values");
	int worst = 0;

	for (struct conf_at it = conf_first(&values); it.node; it = conf_next(&it)) {
		struct conf_derived d;
		int r = conf_read(&it, derived_fields, NULL, &d);

		if (r == 0)
			r = add(&it, world, &d);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			worst = r;
	}
	return worst;
}
