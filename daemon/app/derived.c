/* Values that the configuration defines: by an expression, or made of others. */
#include "daemon/app/derived.h"

#include <errno.h>
#include <string.h>

#include "daemon/app/quantity.h"
#include "daemon/state/expr.h"

static struct value *find(void *arg, const char *name)
{
	return world_find(arg, name);
}

static const char *nearest(void *arg, const char *name)
{
	return world_nearest(arg, name);
}

int derived_adopt(const struct conf_at *at, struct world *world, struct value *take)
{
	int r = world_adopt_take(world, take);

	if (r < 0)
		value_free(take);
	if (r == -EEXIST)
		conf_complain(at, "the value %s has an owner already", at->key);
	else if (r == -EINVAL)
		conf_complain(at,
			      "no good name for a value; words of lower-case letters, "
			      "digits and _, joined by points");
	return r == -EEXIST ? -EINVAL : r;
}

/* Compile the expression of @at; the value that follows it has @info. */
static int follow(const struct conf_at *at, struct world *world,
		  const struct value_info *info, struct value **ret)
{
	const struct expr_names names = {.find = find, .nearest = nearest, .arg = world};
	struct conf_at is = conf_child(at, "is");
	const char *text = conf_text(&is);
	struct expr_error err;
	struct expr *expr;
	int r;

	if (!text)
		return -EINVAL;
	r = expr_compile(text, strlen(text), &names, &expr, &err);
	if (r == -EINVAL)
		conf_complain(&is, "in the expression, column %u: %s", err.col, err.text);
	return r < 0 ? r : expr_value(expr, info, ret);
}

/* A value that is nothing but an expression. */
static int add_expression(const struct conf_at *at, struct world *world)
{
	struct value_info info = {.name = at->key, .source = "fusion.values"};
	struct quantity_conf conf;
	struct value *value = NULL;
	int r = conf_read(at, quantity_fields, NULL, &conf);

	info.help = conf.help;
	info.unit = conf.unit;
	if (r == 0)
		r = follow(at, world, &info, &value);
	return r < 0 ? r : derived_adopt(at, world, value);
}

static int add(const struct conf_at *at, struct world *world)
{
	bool is = conf_child(at, "is").node != NULL;
	bool of = conf_child(at, "of").node != NULL;
	struct value *value = NULL;
	int r;

	if (is == of) {
		conf_complain(
			at,
			"%s: an expression is given by \"is\", the values that it is "
			"made of by \"of\"",
			is ? "both \"is\" and \"of\"" : "neither \"is\" nor \"of\"");
		return -EINVAL;
	}
	if (is && !quantity_has_work(at))
		return add_expression(at, world);
	if (is) {
		r = follow(at, world, &(struct value_info){.name = NULL}, &value);
		if (r < 0)
			return r;
	}
	return quantity_add(at, world, value);
}

int derived_add(const struct config *c, struct world *world, struct conf_errors *errs)
{
	struct conf_at root = conf_root(&c->doc, errs);
	struct conf_at fusion = conf_child(&root, "fusion");
	struct conf_at values = conf_child(&fusion, "values");
	int worst = 0;

	for (struct conf_at it = conf_first(&values); it.node; it = conf_next(&it)) {
		int r = add(&it, world);

		if (r == -ENOMEM)
			return r;
		if (r < 0)
			worst = r;
	}
	return worst;
}
