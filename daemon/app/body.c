/* From resources to actuators. */
#include "daemon/app/body.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config_check.h"
#include "daemon/base/log.h"
#include "drivers/core/actuator.h"

struct part {
	const struct conf_actuator *conf;
	const struct device_conf *device; /* of its chip */
	struct actuator *actuator;
	uint64_t writes;
};

/* A chip with the value that says how it is. */
struct body_chip {
	struct body *body;
	struct chip *chip;
	struct value *health;
	const char *name;
	const struct device_conf *device;
};

struct body {
	const struct config *conf;
	struct conf_errors *errs; /* only while it is made */
	struct world *world;
	struct hardware *hw;
	struct part *parts; /* one for each actuator of the configuration */
	struct body_chip *chips;
	size_t n_chips;
};

static void on_written(void *arg, const struct actuator *a, float value,
		       const uint8_t *raw, size_t len)
{
	struct body *b = ((struct body_chip *)arg)->body;

	(void)value;
	(void)raw;
	(void)len;
	for (size_t i = 0; i < b->conf->n_actuators; i++)
		if (b->parts[i].actuator == a)
			b->parts[i].writes++;
}

static void on_health(void *arg, const struct device_health *health)
{
	const struct body_chip *c = arg;
	const char *text = device_state_name(health->state);
	struct datum d;

	if (datum_string(text, strlen(text), &d) < 0)
		return; /* without memory: the log has said it */
	value_set(c->health, &d);
	datum_fini(&d);
}

static int add_chip(struct body *b, const char *section, const char *name,
		    const struct device_conf *device, struct chip **ret)
{
	struct body_chip *c = &b->chips[b->n_chips];
	struct device_ports ports = hardware_ports(b->hw, device);
	struct chip_watch watch = {.written = on_written, .health = on_health, .arg = c};
	char value[VALUE_NAME_MAX];
	struct value_info info = {
		.name = value,
		.help = "How the chip is: starting, running, failing, lost.",
		.source = name,
		.typed = true,
		.type = DATUM_STRING,
	};
	int r;

	snprintf(value, sizeof(value), "health.%s", name);
	r = world_add(b->world, &info, &c->health);
	if (r == -EEXIST) {
		config_check_owner(b->conf, b->errs, section, name, b->world, value, r);
		return -EINVAL;
	}
	if (r < 0)
		return r;
	c->body = b;
	c->name = name;
	c->device = device;
	c->chip = chip_new(name, device, &ports, &watch);
	if (!c->chip)
		return -ENOMEM;
	b->n_chips++;
	*ret = c->chip;
	return 0;
}

/* The shared chips first, in the order of the configuration: their indices agree. */
static int add_chips(struct body *b)
{
	struct chip *chip;

	for (size_t i = 0; i < b->conf->n_chips; i++) {
		const struct conf_chip *c = &b->conf->chips[i];
		int r = add_chip(b, "devices", c->name, &c->chip.device, &chip);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_part(struct body *b, size_t i)
{
	const struct conf_actuator *conf = &b->conf->actuators[i];
	struct part *p = &b->parts[i];
	struct chip *chip;
	int r = 0;

	p->conf = conf;
	if (conf->chip != SIZE_MAX) {
		chip = b->chips[conf->chip].chip;
		p->device = &b->conf->chips[conf->chip].chip.device;
	} else {
		p->device = &conf->actuator.device;
		r = add_chip(b, "actuators", conf->name, p->device, &chip);
	}
	if (r == 0)
		r = chip_add(chip, conf->name, &conf->actuator, &p->actuator);
	return r;
}

static int set_channel(void *arg, double value)
{
	actuator_set(((struct part *)arg)->actuator, (float)value);
	return 0;
}

/* A lease that ended badly. */
static void make_safe(void *arg)
{
	actuator_safe(((struct part *)arg)->actuator);
}

static void leave(void *arg)
{
	actuator_rest(((struct part *)arg)->actuator);
}

static struct channel_spec channel_of(struct part *p, const char *name)
{
	struct channel_spec spec = {
		.name = name,
		.unit = actuator_unit(p->actuator),
		.rate_per_s = isnan(p->conf->actuator.rate_rad_s)
				      ? 0
				      : p->conf->actuator.rate_rad_s,
		.set = set_channel,
		.safe = make_safe,
		/* To hold is to finish the last command, too. */
		.leave = p->conf->actuator.rest == ACTUATOR_LIMP ? leave : NULL,
		.arg = p,
	};

	actuator_range(p->actuator, &spec.min, &spec.max);
	spec.rest = fmin(fmax(0, spec.min), spec.max);
	return spec;
}

/* Say which channel would be a value that somebody else owns. */
static void explain_resource(struct body *b, const struct conf_resource *c)
{
	for (size_t k = 0; k < c->n_members; k++) {
		char value[VALUE_NAME_MAX];

		snprintf(value, sizeof(value), "%s.%s", c->name, c->members[k].channel);
		config_check_owner(b->conf, b->errs, "resources", c->name, b->world,
				   value, -EEXIST);
	}
}

static int add_resources(struct body *b, struct resources *resources)
{
	for (size_t i = 0; i < b->conf->n_resources; i++) {
		const struct conf_resource *c = &b->conf->resources[i];
		struct channel_spec channels[RESOURCE_MEMBERS];
		int r;

		for (size_t k = 0; k < c->n_members; k++) {
			struct part *p = &b->parts[c->members[k].actuator];

			assert(p->conf); /* config_find_actuator() gave the index */
			channels[k] = channel_of(p, c->members[k].channel);
		}
		r = resource_add(resources, c->name, channels, c->n_members);
		if (r == -EEXIST) {
			explain_resource(b, c);
			return -EINVAL;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int body_new(const struct config *c, struct hardware *hw, struct resources *resources,
	     struct world *world, struct conf_errors *errs, struct body **ret)
{
	struct body *b = calloc(1, sizeof(*b));
	int r = -ENOMEM;

	if (!b)
		return -ENOMEM;
	b->conf = c;
	b->errs = errs;
	b->world = world;
	b->hw = hw;
	b->parts = calloc(c->n_actuators + 1, sizeof(*b->parts));
	b->chips = calloc(c->n_chips + c->n_actuators + 1, sizeof(*b->chips));
	if (b->parts && b->chips)
		r = add_chips(b);
	for (size_t i = 0; r == 0 && i < c->n_actuators; i++)
		r = add_part(b, i);
	if (r == 0)
		r = add_resources(b, resources);
	if (r < 0) {
		body_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

void body_free(struct body *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_chips; i++)
		chip_free(b->chips[i].chip);
	free(b->chips);
	free(b->parts);
	free(b);
}

void body_safe_now(struct body *b)
{
	for (size_t i = 0; i < b->n_chips; i++) {
		int r = chip_safe_now(b->chips[i].chip);

		if (r < 0)
			LOG(CRIT, "%s: the safe state was not sent: %s", b->chips[i].name,
			    strerrordesc_np(-r));
	}
}

void body_go(struct body *b, struct nursery *n)
{
	for (size_t i = 0; i < b->n_chips; i++) {
		const struct task_opt opt = {.name = b->chips[i].name, .service = true};

		(void)nursery_start(n, NULL, &opt, chip_run, b->chips[i].chip);
	}
}

size_t body_chips(const struct body *b)
{
	return b->n_chips;
}

struct body_chip_info body_chip_info(const struct body *b, size_t i)
{
	const struct body_chip *c = &b->chips[i];

	return (struct body_chip_info){c->name, c->device, chip_health(c->chip)};
}

size_t body_size(const struct body *b)
{
	return b->conf->n_actuators;
}

struct body_part body_part(const struct body *b, size_t i)
{
	const struct part *p = &b->parts[i];
	struct body_part part = {
		.name = p->conf->name,
		.unit = actuator_unit(p->actuator),
		.value = actuator_position(p->actuator),
		.pulse_s = hardware_pulse_s(b->hw, p->device,
					    (unsigned)p->conf->actuator.channel),
		.writes = p->writes,
	};

	actuator_range(p->actuator, &part.min, &part.max);
	return part;
}
