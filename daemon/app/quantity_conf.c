/* The configuration of values made of other values. */
#include "daemon/app/quantity_conf.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const char *const combines[] = {"none", "min", "max", "mean", "median",
				       "sum",  "any", "all", "vote", NULL};

const struct conf_field quantity_fields[] = {
	CONF_STRING(quantity_conf, is, "", "The expression that it follows; or:"),
	CONF_STRING(quantity_conf, unit, "", "Instead of that of what it is made of."),
	CONF_STRING(quantity_conf, help, "", "What it means, for people."),
	CONF_ANY("of", "What it is made of: a value's name, or a list of names."),
	CONF_ENUM(
		quantity_conf, combine, COMBINE_NONE, combines,
		"How several become one. Those that are unset, stale or out of the gate "
		"are left out."),
	CONF_PAIR(quantity_conf, gate, -1e12, 1e12, -1e12, 1e12, "",
		  "Numbers outside of this range are left out."),
	CONF_REAL(quantity_conf, tolerance, NAN, 1e-12, 1e12, "",
		  "Of a vote: how far off a good source may be."),
	CONF_REAL(quantity_conf, settle_s, 1, 0, 3600, "s",
		  "Of a vote: when a source comes or goes, the difference is led over in "
		  "this time."),
	CONF_LIST("filters", filter_fields, "Filters, one after the other."),
	CONF_REAL(quantity_conf, above, NAN, -1e12, 1e12, "",
		  "It is true when the number reaches this, until it comes down to "
		  "\"below\"."),
	CONF_REAL(quantity_conf, below, NAN, -1e12, 1e12, "", "See above."),
	CONF_BOOL(quantity_conf, invert, false,
		  "It is true when the number comes down to \"below\", until it reaches "
		  "\"above\"."),
	CONF_END,
};

bool quantity_has_work(const struct conf_at *at)
{
	static const char *const keys[] = {"combine", "gate", "filters", "above",
					   "below"};
	bool work = conf_child(at, "of").node != NULL;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		work = work || conf_child(at, keys[i]).node != NULL;
	return work;
}

/* One name of "of". */
static int read_name(const struct conf_at *at, const struct world *world,
		     struct quantity_inputs *ret)
{
	const char *text = conf_text(at);
	struct value *v = text ? world_find(world, text) : NULL;
	const char *near = text ? world_nearest(world, text) : NULL;

	if (!text)
		return -EINVAL;
	if (ret->n == VOTE_MAX) {
		conf_complain(at, "too many; at most %d", VOTE_MAX);
		return -EINVAL;
	}
	if (!v) {
		conf_complain(at,
			      "there is no value \"%s\"%s%s%s; it must be a sensor's, or "
			      "stand before this one",
			      text, near ? "; did you mean \"" : "", near ? near : "",
			      near ? "\"?" : "");
		return -EINVAL;
	}
	ret->at[ret->n++] = v;
	return 0;
}

static int read_names(const struct conf_at *at, const struct world *world,
		      struct quantity_inputs *ret)
{
	struct conf_at of = conf_child(at, "of");
	struct conf_at first = conf_first(&of);
	int result = 0;

	if (cJSON_IsString(of.node))
		return read_name(&of, world, ret);
	if (!cJSON_IsArray(of.node) || !first.node) {
		conf_complain(&of, "expected a value's name, or a list of names");
		return -EINVAL;
	}
	for (struct conf_at it = first; it.node; it = conf_next(&it))
		if (read_name(&it, world, ret) < 0)
			result = -EINVAL;
	return result;
}

/* Quantities of one kind: of one type and one unit. */
static int check_kinds(const struct conf_at *at, const struct quantity_inputs *in)
{
	const struct value_info *a = value_info(in->at[0]);
	struct conf_at of = conf_child(at, "of");

	for (unsigned i = 0; i < in->n; i++) {
		const struct value_info *b = value_info(in->at[i]);

		if (b->typed && b->type != DATUM_NUMBER && b->type != DATUM_BOOL &&
		    b->type != DATUM_VEC3) {
			conf_complain(&of,
				      "%s is a %s; numbers, booleans and vectors can be "
				      "worked with",
				      b->name, datum_type_name(b->type));
			return -EINVAL;
		}
		if (a->typed && b->typed && a->type != b->type) {
			conf_complain(&of, "%s is a %s, but %s is a %s", a->name,
				      datum_type_name(a->type), b->name,
				      datum_type_name(b->type));
			return -EINVAL;
		}
		if (strcmp(a->unit ? a->unit : "", b->unit ? b->unit : "") != 0) {
			conf_complain(&of, "%s is in \"%s\", but %s in \"%s\"", a->name,
				      a->unit ? a->unit : "", b->name,
				      b->unit ? b->unit : "");
			return -EINVAL;
		}
	}
	return 0;
}

/* What the type, if it is known, does not allow. */
static int check_type(const struct conf_at *at, const struct quantity_conf *conf,
		      const struct value_info *info)
{
	bool logical = conf->combine == COMBINE_ANY || conf->combine == COMBINE_ALL;
	struct conf_at combine = conf_child(at, "combine");
	struct conf_at above = conf_child(at, "above");

	if (!info->typed)
		return 0;
	if (conf->combine != COMBINE_NONE && logical != (info->type == DATUM_BOOL)) {
		conf_complain(&combine,
			      "%s is a %s; any, all are for booleans, the others "
			      "for numbers",
			      info->name, datum_type_name(info->type));
		return -EINVAL;
	}
	if (!isnan(conf->above) && info->type != DATUM_NUMBER) {
		conf_complain(&above, "%s is a %s; only a number can be above something",
			      info->name, datum_type_name(info->type));
		return -EINVAL;
	}
	return 0;
}

/* Keys that need or exclude each other. */
static int check_keys(const struct conf_at *at, const struct quantity_conf *conf,
		      unsigned n_of)
{
	struct conf_at combine = conf_child(at, "combine");
	struct conf_at below = conf_child(at, "below");

	if (conf->combine == COMBINE_NONE && n_of > 1) {
		conf_complain(at,
			      "made of several values: \"combine\" is missing; min, max, "
			      "mean, median, sum, any, all, vote");
		return -EINVAL;
	}
	if (conf->combine == COMBINE_VOTE && isnan(conf->tolerance)) {
		conf_complain(&combine,
			      "a vote takes a \"tolerance\": how far off a good "
			      "source may be");
		return -EINVAL;
	}
	if (isnan(conf->above) != isnan(conf->below) ||
	    (!isnan(conf->above) && conf->below >= conf->above)) {
		conf_complain(
			below.node ? &below : at,
			"\"above\" and \"below\" come together, \"below\" being the "
			"smaller one");
		return -EINVAL;
	}
	return 0;
}

/*
 * The keys with the unit of what the value is made of, so that a limit may be written with a unit, too.
 */
static void with_unit(const struct quantity_inputs *in,
		      struct conf_field ret[ARRAY_LEN(quantity_fields)])
{
	const char *unit = in->n > 0 ? value_info(in->at[0])->unit : NULL;

	for (size_t i = 0; i < ARRAY_LEN(quantity_fields); i++) {
		size_t at = quantity_fields[i].offset;

		ret[i] = quantity_fields[i];
		if (unit && (at == offsetof(struct quantity_conf, gate) ||
			     at == offsetof(struct quantity_conf, tolerance) ||
			     at == offsetof(struct quantity_conf, above) ||
			     at == offsetof(struct quantity_conf, below)))
			ret[i].unit = unit;
	}
}

int quantity_read(const struct conf_at *at, const struct world *world,
		  struct quantity_conf *ret, struct quantity_inputs *ret_inputs)
{
	struct conf_field fields[ARRAY_LEN(quantity_fields)];
	struct conf_at filters = conf_child(at, "filters");
	int names;
	int own;
	int chain;

	memset(ret, 0, sizeof(*ret)); /* for conf_same() */
	names = ret_inputs->n > 0 ? 0 : read_names(at, world, ret_inputs);
	with_unit(ret_inputs, fields);
	own = conf_read(at, fields, NULL, ret);
	chain = filters_read(&filters, &ret->filters);
	if (own < 0 || chain < 0 || names < 0)
		return -EINVAL;
	if (check_keys(at, ret, ret_inputs->n) < 0 || check_kinds(at, ret_inputs) < 0)
		return -EINVAL;
	return check_type(at, ret, value_info(ret_inputs->at[0]));
}
