/* The robot's configuration as a whole. */
#include "daemon/app/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config_check.h"
#include "daemon/app/config_files.h"
#include "daemon/app/config_spares.h"
#include "daemon/app/quantity.h"
#include "daemon/fusion/altitude.h"
#include "daemon/fusion/baros.h"
#include "daemon/fusion/imus.h"
#include "hal/i2c_mux.h"

static const char *const gpio_names[] = {"linux", "sim", NULL};

static const struct conf_field robot_fields[] = {
	CONF_STRING(conf_robot, id, "machine-id",
		    "Who it is among many robots; \"machine-id\": the machine's "
		    "(machine-id(5))."),
	CONF_STRING(conf_robot, name, "robot", "What people call it."),
	CONF_END,
};

static const struct conf_field attitude_fields[] = {
	CONF_ANY("imu", "The sensor with accelerometer and gyroscope, or a list of them: "
			"the first that is good is used."),
	CONF_ANY("mag", "The sensor with the magnetometer, or a list."),
	CONF_TABLE(conf_attitude, vqf, vqf_fields, "Parameters of the filter."),
	CONF_END,
};

static const struct conf_field altitude_fields[] = {
	CONF_ANY("pressure", "The sensor with the barometer, or a list: they vote."),
	CONF_STRING(conf_altitude, imu, "",
		    "The attitude's sensor, for what the barometer is too slow for."),
	CONF_REAL(
		conf_altitude, tau_s, 1, 0.1, 60, "s",
		"Faster than this the accelerometer is believed, slower the barometer."),
	CONF_REAL(conf_altitude, tolerance_m, (double)ALTITUDE_TOLERANCE_M, 0.1, 100, "m",
		  "Of several barometers: how far off a good one may be."),
	CONF_END,
};

static const struct conf_field fusion_fields[] = {
	CONF_TABLE(conf_fusion, attitude, attitude_fields, "How the robot is oriented."),
	CONF_TABLE(conf_fusion, altitude, altitude_fields, "How high it is."),
	CONF_TABLE(conf_fusion, motion, motion_fields, "What happens to it as a whole."),
	CONF_TABLE(conf_fusion, battery, charge_fields, "How full its battery is."),
	CONF_MAP("values", quantity_fields,
		 "Values that follow an expression, or are made of others."),
	CONF_END,
};

static const struct conf_field bus_fields[] = {
	CONF_STRING(conf_bus, path, "",
		    "The adapter: its device node, a link to it, or its own name "
		    "(/sys/class/i2c-dev/*/name); or \"sim\"."),
	CONF_STRING(conf_bus, mux, "",
		    "Instead of a path: the multiplexer that it is a channel of, "
		    "\"tca9548a\"."),
	CONF_STRING(conf_bus, on, "", "The bus of the multiplexer."),
	CONF_ADDR(conf_bus, address, 0, "The multiplexer's address there."),
	CONF_INT(conf_bus, channel, 0, 0, I2C_MUX_CHANNELS - 1, "",
		 "The multiplexer's channel."),
	CONF_END,
};

static const struct conf_field behaviour_fields[] = {
	CONF_STRING(conf_behaviour, script, "", "The file; NAME.lua when not given."),
	CONF_ANY("priority", "Instead of the script's own."),
	CONF_ANY("params", "The script's parameters."),
	CONF_END,
};

static const struct conf_field safety_fields[] = {
	CONF_STRING(conf_safety, kill_line, "",
		    "A GPIO output that is high while all is well; low when the loop is "
		    "stuck and after the stop."),
	CONF_END,
};

static const struct conf_field dev_fields[] = {
	CONF_BOOL(conf_dev, faults, false,
		  "Simulated chips and lines misbehave on demand: instinct fault."),
	CONF_END,
};

static const struct conf_field root_fields[] = {
	CONF_INT(config, version, 1, 1, 1, "", "Of the configuration's form."),
	CONF_TABLE(config, robot, robot_fields, "The robot itself."),
	CONF_ENUM(config, gpio, CONF_GPIO_LINUX, gpio_names, "Where GPIO lines are."),
	CONF_MAP("buses", bus_fields, "I2C buses by name."),
	CONF_MAP("spares", spare_fields,
		 "Chips on simulated buses that nothing uses yet, to try swaps with."),
	CONF_MAP("devices", chip_fields, "Chips that several actuators share."),
	CONF_MAP("sensors", sensor_fields, "Sensors by role."),
	CONF_TABLE(config, fusion, fusion_fields, "What is concluded from the sensors."),
	CONF_MAP("actuators", actuator_fields, "Actuators by name."),
	CONF_MAP("resources", NULL,
		 "What behaviours lease: channel names and actuators."),
	CONF_TABLE(config, safety, safety_fields, "What stands above behaviours."),
	CONF_MAP("behaviours", behaviour_fields, "Behaviours by name."),
	CONF_TABLE(config, bus, bus_conf_fields,
		   "Where other programs reach the daemon."),
	CONF_TABLE(config, dev, dev_fields, "For those who develop robots."),
	CONF_END,
};

/*
 * Make room for the instances of a map. @ret_n stays 0: the reader counts up what it has read, so that
 * config_free() is right at any time.
 */
static void *room(const struct conf_at *map, size_t elem_size)
{
	size_t n = 1;

	for (struct conf_at it = conf_first(map); it.node; it = conf_next(&it))
		n++;
	return calloc(n, elem_size);
}

static int read_buses(const struct conf_at *root, struct config *c)
{
	struct conf_at map = conf_child(root, "buses");

	c->buses = room(&map, sizeof(*c->buses));
	if (!c->buses)
		return -ENOMEM;
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it)) {
		struct conf_bus *bus = &c->buses[c->n_buses++];

		/* What is wrong is in the list of errors; reading goes on to find the rest. */
		conf_read(&it, bus_fields, NULL, bus);
		config_take_name(&it, bus->name);
	}
	return 0;
}

/* "channels": {"pressed": "head.touched"}: the names of values instead of role.channel. */
static void read_renames(const struct conf_at *at, struct conf_sensor *s)
{
	struct conf_at renames = conf_child(at, "channels");
	uint32_t chans = device_chans(&s->sensor.device);
	const char *names[CHAN_COUNT] = {NULL};

	for (int c = 0; c < CHAN_COUNT; c++) {
		if (!(chans & CHAN_BIT(c)))
			continue;
		names[c] = chan_info[c].name;
		snprintf(s->value[c], VALUE_NAME_MAX, "%s.%s", s->role,
			 chan_info[c].name);
	}
	for (struct conf_at it = conf_first(&renames); it.node; it = conf_next(&it)) {
		int c = chan_by_name(it.key);
		const char *text = conf_text(&it);

		if (c < 0 || !names[c])
			conf_complain_unknown(&it, "channel", it.key, names, CHAN_COUNT);
		else if (text)
			snprintf(s->value[c], VALUE_NAME_MAX, "%s", text);
	}
}

static int read_sensors(const struct conf_at *root, struct config *c)
{
	struct conf_at map = conf_child(root, "sensors");

	c->sensors = room(&map, sizeof(*c->sensors));
	if (!c->sensors)
		return -ENOMEM;
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it)) {
		struct conf_sensor *s = &c->sensors[c->n_sensors++];

		sensor_conf_read(&it, &s->sensor);
		config_take_name(&it, s->role);
		read_renames(&it, s);
	}
	return 0;
}

static int read_chips(const struct conf_at *root, struct config *c)
{
	struct conf_at map = conf_child(root, "devices");

	c->chips = room(&map, sizeof(*c->chips));
	if (!c->chips)
		return -ENOMEM;
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it)) {
		struct conf_chip *chip = &c->chips[c->n_chips++];

		chip_conf_read(&it, &chip->chip);
		config_take_name(&it, chip->name);
	}
	return 0;
}

static int read_actuators(const struct conf_at *root, struct config *c)
{
	struct conf_at map = conf_child(root, "actuators");

	c->actuators = room(&map, sizeof(*c->actuators));
	if (!c->actuators)
		return -ENOMEM;
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it)) {
		struct conf_actuator *a = &c->actuators[c->n_actuators++];
		int r = actuator_conf_read(&it, &a->actuator);

		config_take_name(&it, a->name);
		a->chip = SIZE_MAX;
		if (r == 0)
			config_check_actuator(&it, c, a);
	}
	return 0;
}

static void read_members(const struct conf_at *at, const struct config *c,
			 struct conf_resource *res)
{
	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it)) {
		const char *text = conf_text(&it);
		struct conf_member *m = &res->members[res->n_members];

		if (!text)
			continue;
		if (res->n_members == RESOURCE_MEMBERS) {
			conf_complain(&it, "too many channels; at most %d",
				      RESOURCE_MEMBERS);
			return;
		}
		if (config_find_actuator(&it, c, text, &m->actuator) < 0)
			continue;
		config_take_name(&it, m->channel);
		res->n_members++;
	}
}

static int read_resources(const struct conf_at *root, struct config *c)
{
	struct conf_at map = conf_child(root, "resources");

	c->resources = room(&map, sizeof(*c->resources));
	if (!c->resources)
		return -ENOMEM;
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it)) {
		struct conf_resource *res = &c->resources[c->n_resources++];

		config_take_name(&it, res->name);
		read_members(&it, c, res);
	}
	return 0;
}

static int read_behaviours(const struct conf_at *root, struct config *c)
{
	struct conf_at map = conf_child(root, "behaviours");

	c->behaviours = room(&map, sizeof(*c->behaviours));
	if (!c->behaviours)
		return -ENOMEM;
	for (struct conf_at it = conf_first(&map); it.node; it = conf_next(&it)) {
		struct conf_behaviour *b = &c->behaviours[c->n_behaviours++];

		conf_read(&it, behaviour_fields, NULL, b);
		config_take_name(&it, b->name);
		if (b->script[0] == '\0')
			snprintf(b->script, sizeof(b->script), "%s.lua", b->name);
	}
	return 0;
}

/* The word stands for the machine's own id, if it has one. */
static void find_machine_id(struct conf_robot *robot)
{
	FILE *f;

	if (strcmp(robot->id, "machine-id") != 0)
		return;
	f = fopen("/etc/machine-id", "re");
	if (!f)
		return;
	if (!fgets(robot->id, sizeof(robot->id), f) || robot->id[0] == '\n')
		snprintf(robot->id, sizeof(robot->id), "machine-id");
	robot->id[strcspn(robot->id, "\n")] = '\0';
	fclose(f);
}

/* The role, or the list of roles, that @key of @section names; at most @most. */
static void read_roles(const struct conf_at *section, const char *key, unsigned most,
		       struct conf_roles *ret)
{
	struct conf_at at = conf_child(section, key);
	bool list = cJSON_IsArray(at.node);

	for (struct conf_at it = list ? conf_first(&at) : at; it.node;
	     it = list ? conf_next(&it) : (struct conf_at){0}) {
		const char *text = conf_text(&it);

		if (!text || !text[0])
			continue;
		for (unsigned i = 0; i < ret->n; i++)
			if (strcmp(ret->role[i], text) == 0)
				conf_complain(&it, "%s is in the list already", text);
		if (ret->n == most) {
			conf_complain(&it, "too many; at most %u", most);
			return;
		}
		if (strlen(text) > NAME_MAX_LEN)
			conf_complain(&it, "the name is too long; at most %d bytes",
				      NAME_MAX_LEN);
		snprintf(ret->role[ret->n++], NAME_MAX_LEN + 1, "%s", text);
	}
}

static int read_fusion(const struct conf_at *root, struct config *c)
{
	struct conf_at fusion = conf_child(root, "fusion");
	struct conf_at attitude = conf_child(&fusion, "attitude");
	struct conf_at altitude = conf_child(&fusion, "altitude");

	read_roles(&attitude, "imu", IMUS_MAX, &c->fusion.attitude.imu);
	read_roles(&attitude, "mag", IMUS_MAX, &c->fusion.attitude.mag);
	read_roles(&altitude, "pressure", BAROS_MAX, &c->fusion.altitude.pressure);
	return 0;
}

/* All parts, in an order in which what is referred to comes first. */
static int read_all(struct config *c, struct conf_errors *errs)
{
	static int (*const parts[])(const struct conf_at *root, struct config *c) = {
		read_buses,     read_sensors,   config_read_spares, read_chips,
		read_actuators, read_resources, read_behaviours,    read_fusion,
	};
	struct conf_at root = conf_root(&c->doc, errs);

	conf_read(&root, root_fields, NULL, c);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int r = parts[i](&root, c);

		if (r < 0)
			return r;
	}
	find_machine_id(&c->robot);
	config_check_references(&root, c);
	return errs->n_errors > 0 ? -EINVAL : 0;
}

int config_from_doc_take(struct json_doc *doc, struct conf_errors *errs,
			 struct config **ret)
{
	struct config *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		json_doc_fini(doc);
		return -ENOMEM;
	}
	c->doc = *doc;
	*doc = (struct json_doc){0};
	r = read_all(c, errs);
	if (r < 0) {
		config_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

int config_read(const char *const *paths, size_t n, struct conf_errors *errs,
		struct config **ret)
{
	struct json_doc doc = {0};
	int r = config_files_read(paths, n, errs, &doc);

	if (r == 0)
		return config_from_doc_take(&doc, errs, ret);
	json_doc_fini(&doc);
	return r;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	free(c->buses);
	free(c->sensors);
	free(c->spares);
	free(c->chips);
	free(c->actuators);
	free(c->resources);
	free(c->behaviours);
	json_doc_fini(&c->doc);
	free(c);
}

const struct conf_bus *config_bus(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_buses; i++)
		if (strcmp(c->buses[i].name, name) == 0)
			return &c->buses[i];
	return NULL;
}

bool config_simulated(const struct config *c)
{
	for (size_t i = 0; i < c->n_buses; i++)
		if (strcmp(c->buses[i].path, "sim") == 0)
			return true;
	return c->gpio == CONF_GPIO_SIM;
}

void config_print_reference(FILE *out)
{
	conf_print_reference(root_fields, "", out);
}
