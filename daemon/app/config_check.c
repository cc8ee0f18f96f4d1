/* Checks of the configuration that look at several of its parts. */
#include "daemon/app/config_check.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/config_buses.h"

void config_take_name(const struct conf_at *at, char name[NAME_MAX_LEN + 1])
{
	size_t len = strlen(at->key);

	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)at->key[i];

		if (!islower(ch) && !(i > 0 && (isdigit(ch) || ch == '_'))) {
			conf_complain(
				at, "no good name; a name has lower-case letters, digits "
				    "and _, and begins with a letter");
			break;
		}
	}
	if (len > NAME_MAX_LEN)
		conf_complain(at, "the name is too long; at most %d bytes", NAME_MAX_LEN);
	snprintf(name, NAME_MAX_LEN + 1, "%s", at->key);
}

/*
 * The names of an array of structs that begin with their name, for "did you mean". NULL without memory
 * or elements: then the message names none.
 */
static const char **names_of(const void *array, size_t n, size_t elem_size)
{
	const char **names = n > 0 ? calloc(n, sizeof(*names)) : NULL;

	for (size_t i = 0; names && i < n; i++)
		names[i] = (const char *)array + i * elem_size;
	return names;
}

/* The index of @name in such an array, or SIZE_MAX after an error at @at. */
static size_t find(const struct conf_at *at, const char *kind, const char *name,
		   const void *array, size_t n, size_t elem_size)
{
	const char **names;

	for (size_t i = 0; i < n; i++)
		if (strcmp((const char *)array + i * elem_size, name) == 0)
			return i;
	names = names_of(array, n, elem_size);
	conf_complain_unknown(at, kind, name, names, names ? n : 0);
	free(names);
	return SIZE_MAX;
}

int config_find_actuator(const struct conf_at *at, const struct config *c,
			 const char *text, size_t *ret)
{
	size_t i = find(at, "actuator", text, c->actuators, c->n_actuators,
			sizeof(*c->actuators));

	if (i == SIZE_MAX)
		return -ENOENT;
	*ret = i;
	return 0;
}

void config_check_actuator(const struct conf_at *at, const struct config *c,
			   struct conf_actuator *a)
{
	struct conf_at on = conf_child(at, "on");
	const struct device_conf *chip = &a->actuator.device;

	if (a->actuator.on[0]) {
		a->chip = find(&on, "device", a->actuator.on, c->chips, c->n_chips,
			       sizeof(*c->chips));
		if (a->chip == SIZE_MAX)
			return;
		chip = &c->chips[a->chip].chip.device;
	}
	if (chip->chip)
		actuator_conf_check(at, &a->actuator, chip);
}

/* The lines that a device can have. */
enum claim_line { LINE, TRIGGER, IRQ, XSHUT, CLAIM_LINES };
static const char *const line_keys[] = {"line", "trigger", "irq", "xshut"};

/* What claims hardware: one row for each device of the configuration, and for each multiplexer's channel. */
struct claim {
	const char *name;
	const char *section;
	const char *bus; /* of the address */
	int address;     /* 0: none */
	int start;       /* another one, at which it starts; 0: none */
	bool mux;
	const char *lines[CLAIM_LINES]; /* NULL or "": none */
};

static struct claim claim_of(const char *section, const char *name,
			     const struct device_conf *d)
{
	return (struct claim){
		.name = name,
		.section = section,
		.bus = d->bus,
		.address = d->chip && d->chip->bus == BUS_I2C ? d->address : 0,
		.start = d->chip && d->xshut[0] ? d->chip->addrs[0] : 0,
		.lines = {[LINE] = d->line, [TRIGGER] = d->trigger, [XSHUT] = d->xshut},
	};
}

/* Room is for n_buses + n_sensors + n_chips + n_actuators. Returns how many there are. */
static size_t collect(const struct config *c, struct claim *claims)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_buses; i++)
		if (c->buses[i].mux[0])
			claims[n++] = (struct claim){.name = c->buses[i].name,
						     .section = "buses",
						     .bus = c->buses[i].on,
						     .address = c->buses[i].address,
						     .mux = true};
	for (size_t i = 0; i < c->n_sensors; i++) {
		claims[n] = claim_of("sensors", c->sensors[i].role,
				     &c->sensors[i].sensor.device);
		claims[n++].lines[IRQ] = c->sensors[i].sensor.irq;
	}
	for (size_t i = 0; i < c->n_chips; i++)
		claims[n++] =
			claim_of("devices", c->chips[i].name, &c->chips[i].chip.device);
	for (size_t i = 0; i < c->n_actuators; i++)
		if (!c->actuators[i].actuator.on[0])
			claims[n++] = claim_of("actuators", c->actuators[i].name,
					       &c->actuators[i].actuator.device);
	return n;
}

static void check_bus(const struct conf_at *at, const struct config *c,
		      const struct claim *claim)
{
	struct conf_at bus = conf_child(at, "bus");

	if (!claim->mux && claim->bus[0])
		(void)find(&bus, "bus", claim->bus, c->buses, c->n_buses,
			   sizeof(*c->buses));
}

/* Two channels of one multiplexer name the same chip. */
static bool same_address(const struct config *c, const struct claim *a,
			 const struct claim *b)
{
	if (!a->address || a->address != b->address ||
	    (a->mux && b->mux && strcmp(a->bus, b->bus) == 0))
		return false;
	return config_buses_meet(c, a->bus, b->bus);
}

/* Is one of them, after a fault, for a moment where the other one lives? */
static bool meets_start(const struct config *c, const struct claim *a,
			const struct claim *b)
{
	return ((a->start && a->start == b->address) ||
		(b->start && b->start == a->address)) &&
	       config_buses_meet(c, a->bus, b->bus);
}

/* Has @claim the line @name, one way or another? */
static bool has_line(const struct claim *claim, const char *name)
{
	for (int i = 0; name && name[0] && i < CLAIM_LINES; i++)
		if (claim->lines[i] && strcmp(claim->lines[i], name) == 0)
			return true;
	return false;
}

/* The lines of one claim, against each other and those of @other. */
static void check_lines(const struct conf_at *at, const struct claim *me,
			const struct claim *other)
{
	for (int i = 0; i < CLAIM_LINES; i++) {
		struct conf_at key = conf_child(at, line_keys[i]);

		if (has_line(other, me->lines[i]))
			conf_complain(&key, "the line %s is taken by %s.%s", me->lines[i],
				      other->section, other->name);
	}
}

static void check_own_lines(const struct conf_at *at, const struct claim *me)
{
	for (int i = 1; i < CLAIM_LINES; i++) {
		struct conf_at key = conf_child(at, line_keys[i]);

		for (int k = 0; k < i; k++)
			if (me->lines[i] && me->lines[i][0] && me->lines[k] &&
			    strcmp(me->lines[i], me->lines[k]) == 0)
				conf_complain(&key,
					      "the line %s is this sensor's \"%s\" "
					      "already",
					      me->lines[i], line_keys[k]);
	}
}

/* One claim against those before it; of several at its address the first is named. */
static void check_claim(const struct conf_at *at, const struct config *c,
			const struct claim *claims, size_t i)
{
	const struct claim *me = &claims[i];

	bool alone = true;

	check_own_lines(at, me);
	for (size_t k = 0; k < i; k++) {
		const struct claim *other = &claims[k];
		bool same = same_address(c, me, other);

		if (same && alone)
			conf_complain(at, "address 0x%02x on bus %s is taken by %s.%s",
				      (unsigned)me->address, other->bus, other->section,
				      other->name);
		else if (!same && meets_start(c, me, other))
			conf_complain(at,
				      "%s.%s meets it at 0x%02x, where chips with "
				      "\"xshut\" start; give each another \"address\"",
				      other->section, other->name,
				      (unsigned)(me->start ? me->start : other->start));
		alone = alone && !same;
		check_lines(at, me, other);
	}
}

static void check_kill_line(const struct conf_at *root, const struct config *c,
			    const struct claim *claims, size_t n)
{
	struct conf_at section = conf_child(root, "safety");
	struct conf_at at = conf_child(&section, "kill_line");

	for (size_t i = 0; i < n; i++)
		if (has_line(&claims[i], c->safety.kill_line))
			conf_complain(&at, "the line %s is taken by %s.%s",
				      c->safety.kill_line, claims[i].section,
				      claims[i].name);
}

static void check_claims(const struct conf_at *root, const struct config *c)
{
	struct claim *claims =
		calloc(c->n_buses + c->n_sensors + c->n_chips + c->n_actuators + 1,
		       sizeof(*claims));
	size_t n = claims ? collect(c, claims) : 0;

	if (!claims)
		conf_complain(root, "no memory to check it");

	for (size_t i = 0; i < n; i++) {
		struct conf_at section = conf_child(root, claims[i].section);
		struct conf_at at = conf_child(&section, claims[i].name);

		check_bus(&at, c, &claims[i]);
		check_claim(&at, c, claims, i);
	}
	check_kill_line(root, c, claims, n);
	free(claims);
}

static const struct conf_sensor *find_sensor(const struct conf_at *at,
					     const struct config *c, const char *role)
{
	size_t i =
		find(at, "sensor", role, c->sensors, c->n_sensors, sizeof(*c->sensors));

	return i == SIZE_MAX ? NULL : &c->sensors[i];
}

/* The sensor @role, named at @at, has to measure all of @chans, which are called @what. */
static void check_source(const struct conf_at *at, const struct config *c,
			 const char *role, uint32_t chans, const char *what)
{
	const struct conf_sensor *s = find_sensor(at, c, role);
	const struct driver *chip = s ? s->sensor.device.chip : NULL;

	if (chip && (device_chans(&s->sensor.device) & chans) != chans)
		conf_complain(at, "%s does not measure %s", chip->name, what);
}

/* The same of the roles that @key of @section names, in their order. */
static void check_sources(const struct conf_at *section, const char *key,
			  const struct config *c, const struct conf_roles *roles,
			  uint32_t chans, const char *what)
{
	struct conf_at at = conf_child(section, key);
	struct conf_at it = conf_first(&at);

	for (unsigned i = 0; i < roles->n; i++) {
		check_source(it.node ? &it : &at, c, roles->role[i], chans, what);
		if (it.node)
			it = conf_next(&it);
	}
}

bool config_has_role(const struct conf_roles *roles, const char *role)
{
	for (unsigned i = 0; i < roles->n; i++)
		if (strcmp(roles->role[i], role) == 0)
			return true;
	return false;
}

/* The sensors that fusion is made from, and whether they measure what it needs. */
static void check_fusion(const struct conf_at *root, const struct config *c)
{
	struct conf_at fusion = conf_child(root, "fusion");
	struct conf_at attitude = conf_child(&fusion, "attitude");
	struct conf_at altitude = conf_child(&fusion, "altitude");
	struct conf_at imu = conf_child(&altitude, "imu");
	const struct conf_fusion *f = &c->fusion;

	check_sources(&attitude, "imu", c, &f->attitude.imu,
		      CHAN_BIT(CHAN_ACCEL) | CHAN_BIT(CHAN_GYRO),
		      "acceleration and rate");
	check_sources(&attitude, "mag", c, &f->attitude.mag, CHAN_BIT(CHAN_MAG),
		      "the magnetic field");
	check_sources(&altitude, "pressure", c, &f->altitude.pressure,
		      CHAN_BIT(CHAN_PRESSURE), "air pressure");
	/* The vertical acceleration comes with an attitude. */
	if (f->altitude.imu[0] && !config_has_role(&f->attitude.imu, f->altitude.imu))
		conf_complain(&imu, "not the sensor of fusion.attitude.imu, \"%s\"",
			      f->attitude.imu.role[0]);
}

void config_check_owner(const struct config *c, struct conf_errors *errs,
			const char *section, const char *name, const struct world *world,
			const char *value, int r)
{
	struct conf_at root = conf_root(&c->doc, errs);
	struct conf_at part = conf_child(&root, section);
	struct conf_at at = conf_child(&part, name);
	const struct value *owned = world_find(world, value);

	if (r == -EEXIST && owned)
		conf_complain(&at, "the value %s is owned by %s already", value,
			      value_info(owned)->source);
	else if (r == -EINVAL)
		conf_complain(&at,
			      "%s is no good name for a value; words of lower-case "
			      "letters, digits and _, joined by points",
			      value);
}

/* An actuator that two resources lease would have two masters. */
static void check_resources(const struct conf_at *root, const struct config *c)
{
	struct conf_at section = conf_child(root, "resources");
	const char **owner = calloc(c->n_actuators + 1, sizeof(*owner));

	for (size_t i = 0; owner && i < c->n_resources; i++) {
		const struct conf_resource *res = &c->resources[i];
		struct conf_at at = conf_child(&section, res->name);

		for (size_t k = 0; k < res->n_members; k++) {
			const struct conf_member *m = &res->members[k];
			struct conf_at member = conf_child(&at, m->channel);

			if (owner[m->actuator])
				conf_complain(
					&member,
					"the actuator %s is in resources.%s already",
					c->actuators[m->actuator].name,
					owner[m->actuator]);
			owner[m->actuator] = res->name;
		}
	}
	free(owner);
}

/* Two actuators on one channel of a shared chip. */
static void check_channels(const struct conf_at *root, const struct config *c)
{
	struct conf_at section = conf_child(root, "actuators");

	for (size_t i = 0; i < c->n_actuators; i++) {
		const struct conf_actuator *a = &c->actuators[i];
		struct conf_at at = conf_child(&section, a->name);
		struct conf_at channel = conf_child(&at, "channel");

		for (size_t k = 0; k < i && a->chip != SIZE_MAX; k++)
			if (c->actuators[k].chip == a->chip &&
			    c->actuators[k].actuator.channel == a->actuator.channel)
				conf_complain(channel.node ? &channel : &at,
					      "channel %d of %s is taken by actuators.%s",
					      a->actuator.channel, a->actuator.on,
					      c->actuators[k].name);
	}
}

void config_check_references(const struct conf_at *root, const struct config *c)
{
	config_check_buses(root, c);
	check_claims(root, c);
	check_fusion(root, c);
	check_resources(root, c);
	check_channels(root, c);
}
