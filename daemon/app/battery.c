/* The battery, as values of the world. */
#include "daemon/app/battery.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config_check.h"
#include "daemon/fusion/charge.h"

enum { PERCENT, TIME_LEFT, CHARGING, LOW, CRITICAL, BATTERY_COUNT };

static const struct value_info infos[BATTERY_COUNT] = {
	[PERCENT] = {.name = "battery.percent",
		     .unit = "%",
		     .type = DATUM_NUMBER,
		     .help = "How full the battery is."},
	[TIME_LEFT] =
		{.name = "battery.time_left",
		 .unit = "s",
		 .type = DATUM_NUMBER,
		 .help = "Until it is empty, at the mean current of the last minute; "
			 "null: not known, or it is not discharged."},
	[CHARGING] = {.name = "battery.charging",
		      .type = DATUM_BOOL,
		      .help = "It is being charged."},
	[LOW] = {.name = "battery.low",
		 .type = DATUM_BOOL,
		 .help = "It should be charged soon."},
	[CRITICAL] = {.name = "battery.critical",
		      .type = DATUM_BOOL,
		      .help = "It will be empty soon."},
};

struct battery {
	const struct charge_conf *conf;
	struct charge charge;
	struct value *voltage, *current; /* the latter may be NULL */
	struct value *values[BATTERY_COUNT];
	struct value_watch watch;
};

static double number_of(const struct value *v)
{
	if (!v || value_state(v) != VALUE_OK || value_get(v)->type != DATUM_NUMBER)
		return (double)NAN;
	return value_get(v)->n;
}

static void measured(struct value_watch *w, struct value *v, bool changed)
{
	struct battery *b = container_of(w, struct battery, watch);
	int64_t t_ns = value_sample_ns(v);
	struct estimate_charge e;
	struct datum left;

	(void)changed;
	if (value_state(v) != VALUE_OK)
		return; /* left alone, ours grow stale too */
	e = charge_update(&b->charge, b->conf, number_of(v), number_of(b->current), t_ns);
	if (isnan(e.share))
		return;
	left = isnan(e.time_left_s) ? datum_null() : datum_number(e.time_left_s);
	value_batch_begin();
	value_set_at(b->values[PERCENT],
		     &(struct datum){DATUM_NUMBER, .n = 100 * e.share}, t_ns);
	value_set_at(b->values[TIME_LEFT], &left, t_ns);
	value_set_at(b->values[CHARGING], &(struct datum){DATUM_BOOL, .b = e.charging},
		     t_ns);
	value_set_at(b->values[LOW], &(struct datum){DATUM_BOOL, .b = e.low}, t_ns);
	value_set_at(b->values[CRITICAL], &(struct datum){DATUM_BOOL, .b = e.critical},
		     t_ns);
	value_batch_end();
}

/* The number that is called so under @key, in @unit. */
static int find(const struct conf_at *battery, const char *key, const char *name,
		const char *unit, const struct world *world, struct value **ret)
{
	struct conf_at at = conf_child(battery, key);
	struct value *v = world_find(world, name);
	const char *near = world_nearest(world, name);
	const struct value_info *info;

	if (!v) {
		conf_complain(&at, "no sensor has a value \"%s\"%s%s%s", name,
			      near ? "; did you mean \"" : "", near ? near : "",
			      near ? "\"?" : "");
		return -EINVAL;
	}
	info = value_info(v);
	if (!info->unit || strcmp(info->unit, unit) != 0) {
		conf_complain(&at, "%s is in \"%s\", not in %s", name,
			      info->unit ? info->unit : "", unit);
		return -EINVAL;
	}
	*ret = v;
	return 0;
}

static int find_inputs(struct battery *b, const struct conf_at *at,
		       const struct world *world)
{
	int voltage = find(at, "voltage", b->conf->voltage, "V", world, &b->voltage);
	int current = 0;

	if (b->conf->current[0])
		current = find(at, "current", b->conf->current, "A", world, &b->current);
	return voltage < 0 ? voltage : current;
}

static int add_values(struct battery *b, const struct config *c, struct world *world,
		      struct conf_errors *errs)
{
	for (int i = 0; i < BATTERY_COUNT; i++) {
		struct value_info info = infos[i];
		int r;

		info.typed = true;
		info.source = "fusion.battery";
		info.stale_after_ns = value_info(b->voltage)->stale_after_ns;
		r = world_add(world, &info, &b->values[i]);
		if (r == -EEXIST)
			config_check_owner(c, errs, "fusion", "battery", world, info.name,
					   r);
		if (r < 0)
			return r == -EEXIST ? -EINVAL : r;
	}
	return 0;
}

int battery_new(const struct config *c, struct world *world, struct conf_errors *errs,
		struct battery **ret)
{
	struct conf_at root = conf_root(&c->doc, errs);
	struct conf_at fusion = conf_child(&root, "fusion");
	struct conf_at at = conf_child(&fusion, "battery");
	struct battery *b;
	int r;

	*ret = NULL;
	if (!c->fusion.battery.voltage[0])
		return 0;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->conf = &c->fusion.battery;
	r = find_inputs(b, &at, world);
	if (r == 0)
		r = add_values(b, c, world, errs);
	if (r < 0) {
		free(b);
		return r;
	}
	b->watch.fn = measured;
	value_watch_add(&b->watch, b->voltage);
	*ret = b;
	return 0;
}

void battery_free(struct battery *b)
{
	if (b)
		value_watch_remove(&b->watch);
	free(b);
}
