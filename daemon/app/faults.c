/* Faults on demand. */
#include "daemon/app/faults.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "daemon/app/senses_internal.h"
#include "daemon/app/sim.h"
#include "daemon/base/log.h"
#include "daemon/base/nearest.h"
#include "hal/emul/emul.h"
#include "hal/gpio_sim.h"

#define DELAY_S 0.02 /* unless the request says how long */
#define LOOP "loop"  /* what stands for the daemon itself, where no device is called so */
#define NAMES_MAX 128

static const char *const chip_faults[] = {"nack", "timeout", "error",
					  "flip", "freeze",  "delay"};
static const char *const iio_faults[] = {"error", "freeze", "gone"};
static const char *const line_faults[] = {"lose", "stuck", "gone"};
static const char *const output_faults[] = {"stuck", "gone"};
static const enum gpio_fault output_fault_of[] = {GPIO_FAULT_STUCK, GPIO_FAULT_GONE};
_Static_assert(ARRAY_LEN(chip_faults) == I2C_FAULT_COUNT, "a name for each");
_Static_assert(ARRAY_LEN(iio_faults) == IIO_FAULT_COUNT, "a name for each");
_Static_assert(ARRAY_LEN(line_faults) == GPIO_FAULT_COUNT, "a name for each");
_Static_assert(ARRAY_LEN(output_faults) == ARRAY_LEN(output_fault_of), "a name for each");

/* What of a device misbehaves, behind a point: "imu.irq". */
enum part { PART_DEVICE, PART_SECOND, PART_IRQ, PART_TRIGGER, PART_XSHUT };
static const char *const part_names[] = {"second", "irq", "trigger", "xshut"};
_Static_assert(ARRAY_LEN(part_names) == PART_XSHUT, "a name for each but the whole");
static const char *const part_help[] = {
	[PART_DEVICE] = "line",
	[PART_SECOND] = "second chip, at an address of its own,",
	[PART_IRQ] = "line \"irq\"",
	[PART_TRIGGER] = "line \"trigger\"",
	[PART_XSHUT] = "line \"xshut\"",
};

/* What is asked for. */
struct fault {
	const char *name; /* of the device, with that of a part */
	const char *kind;
	uint32_t count;
	int64_t delay_ns;
};

static const char *text_of(const cJSON *params, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, key));
}

/* The count: a number from 0, or "always". */
static int read_count(const cJSON *params, struct fault *ret, struct rpc_error *err)
{
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(params, "count");
	const char *word = cJSON_GetStringValue(count);

	ret->count = 1;
	if (word && strcmp(word, "always") == 0)
		ret->count = I2C_FAULT_ALWAYS;
	else if (cJSON_IsNumber(count) && count->valuedouble >= 0 &&
		 count->valuedouble <= 1e9 &&
		 floor(count->valuedouble) == count->valuedouble)
		ret->count = (uint32_t)count->valuedouble;
	else if (count)
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.count",
				"count must be a whole number from 0, or \"always\"");
	return 0;
}

static int read_fault(const cJSON *params, struct fault *ret, struct rpc_error *err)
{
	const cJSON *delay = cJSON_GetObjectItemCaseSensitive(params, "delay_s");

	ret->name = text_of(params, "device");
	ret->kind = text_of(params, "fault");
	ret->delay_ns = (int64_t)(DELAY_S * 1e9);
	if (!ret->name)
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.device",
				"device must be given: the name of a sensor, a device or "
				"an actuator");
	if (!ret->kind)
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.fault",
				"fault must be given");
	if (delay && !(cJSON_IsNumber(delay) && delay->valuedouble >= 0 &&
		       delay->valuedouble <= 60))
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.delay_s",
				"delay_s must be a number, 0 to 60");
	if (delay)
		ret->delay_ns = (int64_t)(delay->valuedouble * 1e9);
	return read_count(params, ret, err);
}

/* A device as it is now. */
struct target {
	const struct device_conf *device; /* NULL: there is none */
	const char *irq;                  /* its line; "": none */
	enum part part;                   /* of it */
};

static bool is_called(const char *role, const char *name)
{
	size_t len = strlen(role);

	return strncmp(role, name, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

/* The device of @name; without one the nearest name is in @err. */
static struct target find_device(const struct faults *f, const char *name,
				 struct rpc_error *err)
{
	const char *names[NAMES_MAX];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < f->senses->n && n < NAMES_MAX; i++) {
		const struct conf_sensor *s = f->senses->sense[i].conf;

		if (is_called(s->role, name))
			return (struct target){&s->sensor.device, s->sensor.irq,
					       PART_DEVICE};
		names[n++] = s->role;
	}
	for (size_t i = 0; i < body_chips(f->body) && n < NAMES_MAX; i++) {
		struct body_chip_info c = body_chip_info(f->body, i);

		if (is_called(c.name, name))
			return (struct target){c.device, "", PART_DEVICE};
		names[n++] = c.name;
	}
	rpc_fail(err, RPC_INVALID_PARAMS, "params.device", "no device \"%.60s\"", name);
	near = nearest_name(name, names, n);
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	return (struct target){0};
}

/* Which part of it @name means. */
static int find_part(const char *name, enum part *ret, struct rpc_error *err)
{
	const char *word = strchr(name, '.');
	const char *near;

	*ret = PART_DEVICE;
	if (!word)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(part_names); i++) {
		if (strcmp(part_names[i], word + 1) != 0)
			continue;
		*ret = (enum part)(i + 1);
		return 0;
	}
	rpc_fail(err, RPC_INVALID_PARAMS, "params.device",
		 "no part \"%.40s\" of a device; there are second, irq, trigger, xshut",
		 word + 1);
	near = nearest_name(word + 1, part_names, ARRAY_LEN(part_names));
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	return -EINVAL;
}

/* The index of @kind in @names, or -EINVAL with what there is in @err. */
static int find_kind(const char *kind, const char *const *names, size_t n,
		     struct rpc_error *err)
{
	const char *near = nearest_name(kind, names, n);
	char list[100] = "";
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], kind) == 0)
			return (int)i;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ", " : "", names[i]);
	}
	rpc_fail(err, RPC_INVALID_PARAMS, "params.fault",
		 "no fault \"%.40s\" for it; there are %s", kind, list);
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	return -EINVAL;
}

static int not_simulated(const struct fault *fault, struct rpc_error *err)
{
	return rpc_fail(err, RPC_REFUSED, "params.device",
			"%.60s is not simulated: pull its plug", fault->name);
}

/* What it is asked of has not got such a part. */
static int no_part(const struct target *t, const struct fault *fault,
		   struct rpc_error *err)
{
	return rpc_fail(err, RPC_REFUSED, "params.device", "%.*s has no %s to misbehave",
			(int)strcspn(fault->name, "."), fault->name, part_help[t->part]);
}

static int chip_fault(struct sim *sim, const struct target *t, const struct fault *fault,
		      struct rpc_error *err)
{
	struct emul *e = sim_model(sim, t->device);
	struct i2c_model *chip;
	int kind;

	if (!e)
		return not_simulated(fault, err);
	chip = t->part == PART_SECOND ? e->second : &e->i2c;
	if (!chip)
		return no_part(t, fault, err);
	kind = find_kind(fault->kind, chip_faults, ARRAY_LEN(chip_faults), err);
	if (kind < 0)
		return kind;
	chip->fault[kind] = fault->count;
	chip->delay_ns = fault->delay_ns;
	return 0;
}

static bool is_output(const struct target *t)
{
	return t->part == PART_TRIGGER || t->part == PART_XSHUT;
}

static const char *line_of(const struct target *t)
{
	switch (t->part) {
	case PART_DEVICE:
		return t->device->line;
	case PART_SECOND:
		break;
	case PART_IRQ:
		return t->irq;
	case PART_TRIGGER:
		return t->device->trigger;
	case PART_XSHUT:
		return t->device->xshut;
	}
	return "";
}

static int line_fault(struct sim *sim, const struct target *t, const struct fault *fault,
		      struct rpc_error *err)
{
	const char *line = line_of(t);
	enum gpio_fault what;
	int kind;

	if (!line[0])
		return no_part(t, fault, err);
	kind = is_output(t)
		       ? find_kind(fault->kind, output_faults, ARRAY_LEN(output_faults),
				   err)
		       : find_kind(fault->kind, line_faults, ARRAY_LEN(line_faults), err);
	if (kind < 0)
		return kind;
	what = is_output(t) ? output_fault_of[kind] : (enum gpio_fault)kind;
	if (gpio_board_fault(sim_board(sim), line, what, fault->count) < 0)
		return not_simulated(fault, err);
	return 0;
}

static int iio_fault(struct sim *sim, const struct device_conf *d,
		     const struct fault *fault, struct rpc_error *err)
{
	int kind = find_kind(fault->kind, iio_faults, ARRAY_LEN(iio_faults), err);

	if (kind < 0)
		return kind;
	if (iio_sim_fault(sim_iio(sim), d->device, (enum iio_fault)kind, fault->count) <
	    0)
		return rpc_fail(err, RPC_REFUSED, "params.device",
				"too many devices misbehave already");
	return 0;
}

/* Nothing else runs until the time is over, as in a driver or a library that does not return. */
static int stick(const struct fault *fault, struct rpc_error *err)
{
	static const char *const kinds[] = {"stuck"};
	struct timespec rest = {.tv_sec = fault->delay_ns / NS_PER_S,
				.tv_nsec = fault->delay_ns % NS_PER_S};
	int kind = find_kind(fault->kind, kinds, ARRAY_LEN(kinds), err);

	if (kind < 0)
		return kind;
	LOG(NOTICE, "%s: fault on demand: stuck for %.2f s", LOOP,
	    (double)fault->delay_ns / 1e9);
	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		;
	return 0;
}

static void tell(const struct fault *f)
{
	if (f->count == 0)
		LOG(NOTICE, "%s: fault on demand: no %s any more", f->name, f->kind);
	else if (f->count == I2C_FAULT_ALWAYS)
		LOG(NOTICE, "%s: fault on demand: %s, until it is ended", f->name,
		    f->kind);
	else
		LOG(NOTICE, "%s: fault on demand: %s, the next %lu times", f->name,
		    f->kind, (unsigned long)f->count);
}

/* By where it is. */
static int strike(const struct faults *f, const struct target *t,
		  const struct fault *fault, struct rpc_error *err)
{
	struct sim *sim = hardware_sim(f->hardware);
	bool lines = sim && f->conf->gpio == CONF_GPIO_SIM;
	enum bus_kind bus = t->device->chip->bus;

	if (t->part > PART_SECOND || (t->part == PART_DEVICE && bus == BUS_GPIO))
		return lines ? line_fault(sim, t, fault, err) : not_simulated(fault, err);
	if (bus == BUS_I2C)
		return sim ? chip_fault(sim, t, fault, err) : not_simulated(fault, err);
	if (t->part != PART_DEVICE)
		return no_part(t, fault, err);
	if (bus == BUS_IIO)
		return lines ? iio_fault(sim, t->device, fault, err)
			     : not_simulated(fault, err);
	return rpc_fail(err, RPC_REFUSED, "params.device",
			"there are no faults on demand for the driver %s",
			t->device->chip->name);
}

static int inject(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct faults *f = arg;
	struct fault fault = {0};
	struct target target;
	int r;

	(void)ret;
	if (!f->conf->dev.faults)
		return rpc_fail(err, RPC_REFUSED, "",
				"the configuration has no \"dev\": { \"faults\": true }");
	r = read_fault(params, &fault, err);
	if (r < 0)
		return r;
	target = find_device(f, fault.name, err);
	if (!target.device && strcmp(fault.name, LOOP) == 0)
		return stick(&fault, err);
	if (!target.device)
		return -ENOENT;
	r = find_part(fault.name, &target.part, err);
	if (r == 0)
		r = strike(f, &target, &fault, err);
	if (r == 0)
		tell(&fault);
	return r;
}

int faults_register(struct faults *f, struct rpc *rpc)
{
	static const struct rpc_method table[] = {
		{"fault.inject", "Have a simulated chip or line, or the loop, misbehave.",
		 true, inject, NULL},
	};

	return rpc_register_all(rpc, table, ARRAY_LEN(table), f);
}
