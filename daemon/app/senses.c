/* From sensors to the world. */
#include "daemon/app/senses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config_check.h"
#include "daemon/app/senses_internal.h"
#include "daemon/base/log.h"

#define NEED_CALIBRATION (CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO) | CHAN_BIT(CHAN_MAG))

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
			conclusions_feed(k, &sense->feeds, &s[i]);
	}
	if (sense->concludes)
		conclusions_draw(k, &sense->feeds);
	value_batch_end();
}

static void show_calibrated(struct sense *sense)
{
	const struct datum d = datum_bool(sensor_calibration(sense->sensor)->chans != 0);

	if (sense->calibrated)
		value_set(sense->calibrated, &d);
}

void sense_show_health(struct sense *sense)
{
	struct device_health health = sensor_health(sense->sensor);
	const char *text = device_state_name(health.state);
	struct datum d;

	show_calibrated(sense);
	/* Without memory the log has said it; the next change tries again. */
	if (datum_string(text, strlen(text), &d) < 0)
		return;
	value_set(sense->health, &d);
	datum_fini(&d);
}

static void on_health(void *arg, const struct device_health *health)
{
	struct sense *sense = arg;

	sense_show_health(sense);
	if (sense->concludes)
		conclusions_health(sense->senses->conclusions, &sense->feeds,
				   health->state == DEVICE_RUNNING);
	event_set(&sense->changed);
}

static enum datum_type type_of(const struct chan_info *info)
{
	if (info->is_bool)
		return DATUM_BOOL;
	return info->width == 3 ? DATUM_VEC3 : DATUM_NUMBER;
}

int sense_value(struct sense *sense, const struct conf_sensor *conf, int c,
		struct value **ret, bool *ret_made)
{
	struct world *world = sense->senses->world;
	struct value *v = world_find(world, conf->value[c]);
	const struct value_info info = {
		.name = conf->value[c],
		.unit = chan_info[c].unit,
		.help = chan_info[c].help,
		.source = conf->role,
		.typed = true,
		.type = type_of(&chan_info[c]),
		.stale_after_ns = conf->sensor.stale_after_ns,
	};
	const struct value_info *is = v ? value_info(v) : NULL;

	*ret_made = false;
	/* Measured by the chip before this one, or by the one before that. */
	if (is && is->typed && is->type == info.type && is->source &&
	    strcmp(is->source, conf->role) == 0) {
		*ret = v;
		return 0;
	}
	*ret_made = !v;
	return world_add(world, &info, ret);
}

/* A value that has an owner already is a mistake of the configuration. */
static int complain_value(const struct sense *sense, const char *name, int r)
{
	const struct senses *s = sense->senses;

	if (r != -EEXIST && r != -EINVAL)
		return r;
	config_check_owner(s->conf, s->errs, "sensors", sense->conf->role, s->world, name,
			   r);
	return -EINVAL;
}

/* One name for two channels of a chip is as wrong as one for two chips. */
static int add_channel(struct sense *sense, int c)
{
	bool made = false;
	int r = sense_value(sense, sense->conf, c, &sense->values[c], &made);

	return r == 0 && !made ? -EEXIST : r;
}

/* Of sensors that are of little use before somebody has calibrated them. */
static int add_calibrated(struct sense *sense)
{
	char name[VALUE_NAME_MAX];
	const struct value_info info = {
		.name = name,
		.source = sense->conf->role,
		.help = "Whether there is a calibration of this very chip.",
		.typed = true,
		.type = DATUM_BOOL,
	};
	int r;

	if (!(device_chans(&sense->conf->sensor.device) & NEED_CALIBRATION))
		return 0;
	snprintf(name, sizeof(name), "health.%s.calibrated", sense->conf->role);
	r = world_add(sense->senses->world, &info, &sense->calibrated);
	return r < 0 ? complain_value(sense, name, r) : 0;
}

static int add_values(struct sense *sense)
{
	const struct conf_sensor *conf = sense->conf;
	char name[VALUE_NAME_MAX];
	const struct value_info health = {
		.name = name,
		.source = conf->role,
		.help = "How the sensor is: starting, running, failing, lost.",
		.typed = true,
		.type = DATUM_STRING,
	};
	int r;

	for (int c = 0; c < CHAN_COUNT; c++) {
		r = conf->value[c][0] ? add_channel(sense, c) : 0;
		if (r < 0)
			return complain_value(sense, conf->value[c], r);
	}
	snprintf(name, sizeof(name), "health.%s", conf->role);
	r = world_add(sense->senses->world, &health, &sense->health);
	return r < 0 ? complain_value(sense, name, r) : add_calibrated(sense);
}

/* What is known of its chip; of no other one (K7). */
static void correct(struct sense *sense, struct sensor *sensor)
{
	struct calibration c = {0};

	if (calibrations_find(sense->senses->calibrations, sensor_device(sensor),
			      sense->conf->role, &c) < 0)
		c.chans = 0; /* there is nothing, or what is wrong has been logged */
	sensor_set_calibration(sensor, &c);
}

void sense_recalibrate(struct sense *sense)
{
	correct(sense, sense->sensor);
	show_calibrated(sense);
}

struct sensor *sense_make(struct sense *sense, const struct conf_sensor *conf)
{
	struct device_ports ports =
		hardware_ports(sense->senses->hardware, &conf->sensor.device);
	struct sensor_sink sink = {
		.samples = on_samples, .health = on_health, .arg = sense};
	struct sensor *sensor = sensor_new(conf->role, &conf->sensor, &ports, &sink);

	if (sensor)
		correct(sense, sensor);
	return sensor;
}

static int add_sense(struct senses *s, const struct conf_sensor *conf)
{
	struct sense *sense = &s->sense[s->n];
	int r;

	sense->senses = s;
	sense->conf = conf;
	sense->feeds = conclusions_feeds(s->conclusions, conf->role);
	sense->concludes = conclusions_want(&sense->feeds);
	event_init(&sense->changed, conf->role);
	r = add_values(sense);
	if (r < 0)
		return r;
	sense->sensor = sense_make(sense, conf);
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
	s->hardware = hw;
	s->world = world;
	s->sense = calloc(c->n_sensors + 1, sizeof(*s->sense));
	if (!s->sense)
		r = -ENOMEM;
	if (r == 0)
		s->calibrations = calibrations_new();
	if (r == 0 && !s->calibrations)
		r = -ENOMEM;
	if (r == 0)
		r = conclusions_new(c, hardware_trial(hw), world, &s->conclusions);
	for (size_t i = 0; r == 0 && i < c->n_sensors; i++)
		r = add_sense(s, &c->sensors[i]);
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
	calibrations_free(s->calibrations);
	free(s->sense);
	free(s);
}

void sense_go(struct sense *sense)
{
	const struct task_opt opt = {.name = sense->conf->role, .service = true};

	(void)nursery_start(sense->senses->nursery, &sense->task, &opt, sensor_run,
			    sense->sensor);
}

void senses_go(struct senses *s, struct nursery *n)
{
	s->nursery = n;
	for (size_t i = 0; i < s->n; i++)
		sense_go(&s->sense[i]);
}

void senses_retune(struct senses *s)
{
	conclusions_retune(s->conclusions);
}
