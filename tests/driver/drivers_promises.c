/* What driver.h promises, checked on every driver of the table. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/driver/rig.h"
#include "tests/seed.h"

/* A chip that answers every read with the same byte. */
struct stub {
	struct i2c_model model;
	uint8_t byte;
};

static int stub_start(struct i2c_model *m, int read)
{
	(void)m;
	(void)read;
	return 0;
}

static int stub_write(struct i2c_model *m, uint8_t byte)
{
	(void)m;
	(void)byte;
	return 0;
}

static uint8_t stub_read(struct i2c_model *m)
{
	return container_of(m, struct stub, model)->byte;
}

static void stub_stop(struct i2c_model *m)
{
	(void)m;
}

Test(promises, slots_belong_together)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];

		cr_expect(eq(str, (char *)d->name, (char *)driver_names[i]));
		cr_expect(driver_find_kind(driver_kind(d), d->name) == d);
		cr_expect(d->summary != NULL, "%s", d->name);
		cr_expect(d->bus != BUS_I2C || (d->addrs[0] && d->probe && d->setup),
			  "%s", d->name);
		cr_expect(d->bus != BUS_GPIO || d->line, "%s", d->name);
		cr_expect(d->bus == BUS_GPIO || !d->trigger_line, "%s", d->name);
		cr_expect(eq(int, d->trim_max > 0, d->trim != NULL), "%s", d->name);
		cr_expect(d->trim_max <= DRIVER_TRIM_MAX, "%s", d->name);
		cr_expect(d->raw_max <= (d->bus == BUS_TOPIC ? DRIVER_BURST_MAX
							     : DRIVER_RAW_MAX),
			  "%s", d->name);
		cr_expect(d->conf_size <= DRIVER_CONF_MAX, "%s", d->name);
		cr_expect(d->raw_max > 0, "%s", d->name);
		if (d->fifo) {
			cr_expect(d->fifo->watermark && d->fifo->read &&
					  d->fifo->restart && d->period_ns,
				  "%s", d->name);
			cr_expect(d->fifo->frame_len > 0 &&
					  d->fifo->frame_len <= d->raw_max,
				  "%s", d->name);
		}
		if (d->chans) {
			cr_expect(d->decode && (d->edge || (d->read && d->period_ns)),
				  "%s", d->name);
		} else {
			cr_expect(d->encode && d->write && d->safe && d->channels &&
					  d->command_unit,
				  "%s", d->name);
		}
	}
	cr_expect(driver_find("none") == NULL);
	cr_expect(driver_find("bus") == driver_find_kind(DRIVER_SENSOR, "bus"));
}

/* One driver before the models, and what came of it. */
struct trial {
	const struct driver *driver;
	struct rig *rig;
	struct device_conf conf;
	struct dev_io io;
	int result;
};

static void trial_init(struct trial *t, struct rig *rig, const struct driver *d,
		       uint8_t addr)
{
	*t = (struct trial){.driver = d, .rig = rig, .io = {.role = "it"}};
	rig_conf(d, &t->conf);
	i2c_dev_init(&t->io.i2c, &rig->spy.bus, addr);
}

static int probe(void *arg)
{
	struct trial *t = arg;

	t->result = t->driver->probe(&t->io, t->conf.settings);
	if (t->result == -ENODEV) {
		const struct error *e = error_last(-ENODEV);

		cr_expect(e && e->text[0], "%s: without a text", t->driver->name);
	}
	return 0;
}

Test(promises, probe_knows_its_chip_and_only_reads)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct trial t;
		struct rig rig;

		if (d->bus != BUS_I2C)
			continue;
		rig_open(&rig, 0);
		rig_plug(&rig, d->name);
		trial_init(&t, &rig, d, d->addrs[0]);
		cr_assert(eq(int, rig_run(probe, &t), 0));
		cr_expect(eq(int, t.result, 0), "%s", d->name);
		cr_expect(eq(uint, rig.spy.changes, 0), "%s", d->name);
		rig_unplug(&rig, d->name);
		rig_close(&rig);
	}
}

Test(promises, probe_refuses_other_chips)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct stub stub = {.model = {.addr = d->addrs[0],
					      .start = stub_start,
					      .write = stub_write,
					      .read = stub_read,
					      .stop = stub_stop}};
		struct trial t;
		struct rig rig;

		if (d->bus != BUS_I2C)
			continue;
		rig_open(&rig, 0);
		i2c_sim_attach(rig.wire, &stub.model);
		trial_init(&t, &rig, d, stub.model.addr);
		for (int byte = 0; byte <= 0xff; byte += 0xff) {
			stub.byte = (uint8_t)byte;
			cr_assert(eq(int, rig_run(probe, &t), 0));
			cr_expect(eq(int, t.result, -ENODEV), "%s, all 0x%02x", d->name,
				  byte);
		}
		i2c_sim_detach(rig.wire, &stub.model);
		for (size_t k = 0; driver_table[k]; k++) {
			const struct driver *other = driver_table[k];

			if (k == i || other->bus != BUS_I2C)
				continue;
			rig_plug(&rig, other->name);
			trial_init(&t, &rig, d, other->addrs[0]);
			cr_assert(eq(int, rig_run(probe, &t), 0));
			/* A chip may also refuse to answer what it does not know. */
			cr_expect(t.result == -ENODEV || t.result == -ENXIO,
				  "%s before %s", d->name, other->name);
			rig_unplug(&rig, other->name);
		}
		rig_close(&rig);
	}
}

static int set_up(void *arg)
{
	struct trial *t = arg;

	t->result = t->driver->setup(&t->io, t->conf.settings);
	return 0;
}

Test(promises, setup_survives_a_nack_at_every_transfer)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct spy whole;
		struct trial t;
		struct rig rig;

		if (d->bus != BUS_I2C)
			continue;
		rig_open(&rig, 0);
		rig_plug(&rig, d->name);
		trial_init(&t, &rig, d, d->addrs[0]);
		cr_assert(eq(int, rig_run(set_up, &t), 0));
		cr_assert(eq(int, t.result, 0), "%s", d->name);
		whole = rig.spy;
		cr_assert(whole.transfers > 0 && whole.len < SPY_LOG_MAX);

		for (unsigned at = 1; at <= whole.transfers; at++) {
			spy_init(&rig.spy, rig.wire);
			rig.spy.fail_at = at;
			cr_assert(eq(int, rig_run(set_up, &t), 0));
			cr_expect(eq(int, t.result, -ENXIO), "%s, transfer %u", d->name,
				  at);
			rig.spy.len = 0;
			cr_assert(eq(int, rig_run(set_up, &t), 0));
			cr_expect(eq(int, t.result, 0), "%s, after %u", d->name, at);
			cr_expect(rig.spy.len == whole.len &&
					  memcmp(rig.spy.log, whole.log, whole.len) == 0,
				  "%s, after %u: not all is set up again", d->name, at);
		}
		rig_unplug(&rig, d->name);
		rig_close(&rig);
	}
}

static int lose_power(void *arg)
{
	struct trial *t = arg;
	const struct driver *d = t->driver;
	unsigned changes;

	cr_assert(eq(int, d->setup(&t->io, t->conf.settings), 0));
	changes = t->rig->spy.changes;
	cr_expect(eq(int, d->verify(&t->io, t->conf.settings), 0), "%s", d->name);
	emul_reset(rig_model(t->rig, d->name));
	t->result = d->verify(&t->io, t->conf.settings);
	cr_expect(eq(uint, t->rig->spy.changes, changes), "%s: writes", d->name);
	if (t->result == -ESTALE) {
		const struct error *e = error_last(-ESTALE);

		cr_expect(e && strstr(e->text, "lost its settings"), "%s", d->name);
	}
	return 0;
}

/* With settings other than those after power-on, where a driver's usual ones are the same. */
static const char *unusual(const struct driver *d)
{
	if (strcmp(d->name, "tmp102") == 0)
		return "{\"rate\": \"8Hz\"}";
	return strcmp(d->name, "bmp280") == 0 ? "{\"filter\": \"4\"}" : "{}";
}

Test(promises, verify_sees_that_the_power_was_lost)
{
	unsigned n = 0;

	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct trial t;
		struct rig rig;

		/* An LM75 measures as it does after power-on: it has nothing to lose. */
		if (!d->verify || strcmp(d->name, "lm75") == 0)
			continue;
		rig_open(&rig, 0);
		rig_plug(&rig, d->name);
		trial_init(&t, &rig, d, d->addrs[0]);
		rig_set(d, &t.conf, unusual(d));
		cr_assert(eq(int, rig_run(lose_power, &t), 0));
		cr_expect(eq(int, t.result, -ESTALE), "%s", d->name);
		rig_unplug(&rig, d->name);
		rig_close(&rig);
		n++;
	}
	cr_expect(n >= 10, "%u", n);
}

static int fall_asleep(void *arg)
{
	struct trial *t = arg;
	const struct driver *d = t->driver;

	cr_assert(eq(int, d->setup(&t->io, t->conf.settings), 0));
	cr_assert(eq(int, d->verify(&t->io, t->conf.settings), 0), "%s", d->name);
	cr_expect(eq(int, d->sleep(&t->io, t->conf.settings), 0), "%s", d->name);
	cr_expect(eq(int, d->verify(&t->io, t->conf.settings), -ESTALE), "%s", d->name);
	cr_expect(eq(int, d->probe(&t->io, t->conf.settings), 0), "%s", d->name);
	cr_assert(eq(int, d->setup(&t->io, t->conf.settings), 0));
	t->result = d->verify(&t->io, t->conf.settings);
	return 0;
}

/* A chip that sleeps is not as it was set up, is known all the same, and wakes up. */
Test(promises, what_sleeps_is_set_up_again)
{
	unsigned n = 0;

	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct trial t;
		struct rig rig;

		if (!d->sleep)
			continue;
		rig_open(&rig, 0);
		rig_plug(&rig, d->name);
		trial_init(&t, &rig, d, d->addrs[0]);
		cr_assert(eq(int, rig_run(fall_asleep, &t), 0));
		cr_expect(eq(int, t.result, 0), "%s", d->name);
		rig_unplug(&rig, d->name);
		rig_close(&rig);
		n++;
	}
	cr_expect(n >= 6, "%u", n);
}

/* An INA219 as another program leaves it: it has no identity, but a configuration that no other chip has. */
static int change_mode_and_probe(void *arg)
{
	struct trial *t = arg;

	for (uint16_t mode = 0; mode < 8; mode++) {
		cr_assert(eq(int, i2c_write_reg16(&t->io.i2c, 0x00, 0x3998 | mode), 0));
		cr_expect(eq(int, t->driver->probe(&t->io, t->conf.settings), 0),
			  "mode %u", mode);
	}
	cr_assert(eq(int, i2c_write_reg16(&t->io.i2c, 0x00, 0x0000), 0));
	cr_expect(eq(int, t->driver->probe(&t->io, t->conf.settings), -ENODEV));
	return 0;
}

Test(promises, an_ina219_is_known_in_any_mode)
{
	struct trial t;
	struct rig rig;

	rig_open(&rig, 0);
	rig_plug(&rig, "ina219");
	trial_init(&t, &rig, driver_find("ina219"), 0x40);
	cr_assert(eq(int, rig_run(change_mode_and_probe, &t), 0));
	rig_unplug(&rig, "ina219");
	rig_close(&rig);
}

static void check_sample(const struct driver *d, const struct sample *s, int64_t t_ns)
{
	const struct chan_info *info = &chan_info[s->chan];
	double limit = info->limit > 0 ? info->limit : DBL_MAX;

	cr_expect(ne(u32, d->chans & CHAN_BIT(s->chan), 0), "%s: channel %d", d->name,
		  s->chan);
	cr_expect(s->t_ns == t_ns, "%s", d->name);
	for (int k = 0; k < info->width; k++)
		cr_expect(isnan(s->v[k]) || fabs((double)s->v[k]) <= limit,
			  "%s: %s is %g", d->name, info->name, (double)s->v[k]);
}

/* Decode twice: the same bytes are the same samples, and these are possible ones. */
static void check_decode(const struct driver *d, const void *conf, const uint8_t *trim,
			 const uint8_t *raw, size_t len)
{
	struct sample once[DRIVER_SAMPLES];
	struct sample again[DRIVER_SAMPLES];
	uint8_t *exact = malloc(len ? len : 1); /* the sanitizer guards its end */
	int n;

	memcpy(exact, raw, len);
	memset(once, 0xa5, sizeof(once));
	memset(again, 0xa5, sizeof(again));
	n = d->decode(conf, trim, exact, len, 12345, once);
	cr_expect(eq(int, d->decode(conf, trim, exact, len, 12345, again), n));
	cr_expect(memcmp(once, again, sizeof(once)) == 0, "%s", d->name);
	cr_expect(n == -EBADMSG || (n > 0 && n <= DRIVER_SAMPLES), "%s: %d", d->name, n);
	for (int i = 0; i < n; i++)
		check_sample(d, &once[i], 12345);
	free(exact);
}

Test(promises, decode_is_pure_and_within_range)
{
	uint8_t trim[DRIVER_TRIM_MAX];
	uint8_t raw[DRIVER_BURST_MAX];

	srand((unsigned)test_seed(1));
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct device_conf conf;

		if (!d->decode)
			continue;
		rig_conf(d, &conf);
		for (int byte = 0; byte <= 0xff; byte += 0xff) {
			memset(raw, byte, sizeof(raw));
			memset(trim, byte, sizeof(trim));
			for (size_t len = 0; len <= d->raw_max; len++)
				check_decode(d, conf.settings, trim, raw, len);
		}
		for (int k = 0; k < 2000; k++) {
			for (size_t b = 0; b < sizeof(raw); b++)
				raw[b] = (uint8_t)rand();
			for (size_t b = 0; b < sizeof(trim); b++)
				trim[b] = (uint8_t)rand();
			check_decode(d, conf.settings, trim, raw, d->raw_max);
			if (d->fifo)
				check_decode(d, conf.settings, trim, raw,
					     d->fifo->frame_len);
		}
	}
}

Test(promises, encode_takes_any_number)
{
	static const float values[] = {0,    1,        -1,        1e-3f, 0.5f,
				       1e9f, INFINITY, -INFINITY, -0.0f, NAN};
	uint8_t raw[DRIVER_RAW_MAX];

	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct device_conf conf;

		if (!d->encode)
			continue;
		rig_conf(d, &conf);
		for (size_t k = 0; k < ARRAY_LEN(values); k++) {
			struct command c = {.value = values[k]};
			int n = d->encode(conf.settings, &c, raw);

			cr_expect(n == -ERANGE || (n > 0 && (size_t)n <= d->raw_max),
				  "%s: %g gives %d", d->name, (double)values[k], n);
			/* Without drive must always be possible. */
			cr_expect(n > 0 || !isnan(values[k]), "%s", d->name);
			c.channel = d->channels;
			cr_expect(eq(int, d->encode(conf.settings, &c, raw), -ERANGE));
		}
		cr_expect(d->safe(conf.settings, raw) > 0, "%s", d->name);
	}
}

/* Of each channel that it knows the noise of: a number for it, and only of what it measures. */
Test(promises, noise_is_above_nothing)
{
	for (size_t i = 0; driver_table[i]; i++) {
		const struct driver *d = driver_table[i];
		struct device_conf conf;

		if (!d->noise)
			continue;
		cr_expect(gt(u32, d->chans, 0), "%s", d->name);
		rig_conf(d, &conf);
		for (int c = 0; c < CHAN_COUNT; c++) {
			struct driver_noise noise;

			if (!d->noise(conf.settings, (enum chan)c, &noise))
				continue;
			cr_expect(gt(u32, d->chans & CHAN_BIT(c), 0), "%s: %s", d->name,
				  chan_info[c].name);
			cr_expect(gt(dbl, noise.sigma, 0), "%s", d->name);
			cr_expect(gt(dbl, noise.lsb, 0), "%s", d->name);
			cr_expect(gt(dbl, noise.independent_hz, 0), "%s", d->name);
		}
	}
}
