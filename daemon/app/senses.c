/* From sensors to the world. */
#include "daemon/app/senses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/conclusions.h"
#include "daemon/app/config_check.h"
#include "daemon/base/log.h"
#include "drivers/core/sensor.h"

/* One sensor and the values that its channels are. */
struct sense {
	struct senses *senses;
	const struct conf_sensor *conf;
	struct sensor *sensor;
	struct value *values[CHAN_COUNT]; /* NULL: it does not measure that */
	struct value *health;
	bool concludes; /* fusion takes its samples */
};

struct senses {
	const struct config *conf;
	struct conf_errors *errs; /* only while it is made */
	struct conclusions *conclusions;
	struct sense *sense;
	size_t n;
};

static struct datum datum_of(const struct sample *s)
{
	if (chan_info[s->chan].is_bool)
		return datum_bool(s->v[0] != 0);
	if (chan_info[s->chan].width == 3)
		return datum_vec3((double)s->v[0], (double)s->v[1], (double)s->v[2]);
	return datum_number((double)s->v[0]);
}

/* One reading is one transaction, with all that follows from it. */
static void on_samples(void *arg, const struct sample *s, unsigned n)
{
	struct sense *sense = arg;
	struct conclusions *k = sense->senses->conclusions;

	value_batch_begin();
	for (unsigned i = 0; i < n; i++) {
		struct datum d = datum_of(&s[i]);

		if (sense->values[s[i].chan])
			value_set_at(sense->values[s[i].chan], &d, s[i].t_ns);
		if (sense->concludes)
			conclusions_feed(k, &s[i]);
	}
	if (sense->concludes)
		conclusions_draw(k);
	value_batch_end();
}

static void on_health(void *arg, const struct device_health *health)
{
	const struct sense *sense = arg;
	const char *text = device_state_name(health->state);
	struct datum d;

	/* Without memory the log has said it; the next change tries again. */
	if (datum_string(text, strlen(text), &d) < 0)
		return;
	value_set(sense->health, &d);
	datum_fini(&d);
}

static enum datum_type type_of(const struct chan_info *info)
{
	if (info->is_bool)
		return DATUM_BOOL;
	return info->width == 3 ? DATUM_VEC3 : DATUM_NUMBER;
}

/* A value that has an owner already is a mistake of the configuration. */
static int add_value(struct sense *sense, struct world *world,
		     const struct value_info *info, struct value **ret)
{
	struct senses *s = sense->senses;
	int r = world_add(world, info, ret);

	if (r != -EEXIST && r != -EINVAL)
		return r;
	config_check_owner(s->conf, s->errs, "sensors", sense->conf->role, world,
			   info->name, r);
	return -EINVAL;
}

static int add_values(struct sense *sense, struct world *world)
{
	const struct conf_sensor *conf = sense->conf;
	const struct value_info health = {
		.help = "How the sensor is: starting, running, failing, lost.",
		.typed = true,
		.type = DATUM_STRING,
	};
	char name[VALUE_NAME_MAX];
	struct value_info info;
	int r;

	for (int c = 0; c < CHAN_COUNT; c++) {
		if (!conf->value[c][0])
			continue;
		info = (struct value_info){
			.name = conf->value[c],
			.unit = chan_info[c].unit,
			.help = chan_info[c].help,
			.source = conf->role,
			.typed = true,
			.type = type_of(&chan_info[c]),
			.stale_after_ns = conf->sensor.stale_after_ns,
		};
		r = add_value(sense, world, &info, &sense->values[c]);
		if (r < 0)
			return r;
	}
	snprintf(name, sizeof(name), "health.%s", conf->role);
	info = health;
	info.name = name;
	info.source = conf->role;
	return add_value(sense, world, &info, &sense->health);
}

static int add_sense(struct senses *s, const struct conf_sensor *conf,
		     struct hardware *hw, struct world *world)
{
	struct sense *sense = &s->sense[s->n];
	struct device_ports ports = hardware_ports(hw, &conf->sensor.device);
	struct sensor_sink sink = {
		.samples = on_samples, .health = on_health, .arg = sense};
	int r;

	sense->senses = s;
	sense->conf = conf;
	sense->concludes = conclusions_want(s->conclusions, conf->role);
	r = add_values(sense, world);
	if (r < 0)
		return r;
	sense->sensor = sensor_new(conf->role, &conf->sensor, &ports, &sink);
	if (!sense->sensor)
		return -ENOMEM;
	s->n++;
	return 0;
}

int senses_new(const struct config *c, struct hardware *hw, struct world *world,
	       struct conf_errors *errs, struct senses **ret)
{
	struct senses *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->conf = c;
	s->errs = errs;
	s->sense = calloc(c->n_sensors + 1, sizeof(*s->sense));
	if (!s->sense)
		r = -ENOMEM;
	if (r == 0)
		r = conclusions_new(c, hardware_trial(hw), world, &s->conclusions);
	for (size_t i = 0; r == 0 && i < c->n_sensors; i++)
		r = add_sense(s, &c->sensors[i], hw, world);
	if (r < 0) {
		senses_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void senses_free(struct senses *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		sensor_free(s->sense[i].sensor);
	conclusions_free(s->conclusions);
	free(s->sense);
	free(s);
}

void senses_go(struct senses *s, struct nursery *n)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct task_opt opt = {.name = s->sense[i].conf->role,
					     .service = true};

		(void)nursery_start(n, NULL, &opt, sensor_run, s->sense[i].sensor);
	}
}
