/* The life of a sensor: schedules and edges, faults and what comes after them. */
#include <math.h>
#include <stdio.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "drivers/core/sensor.h"
#include "tests/driver/rig.h"

#define KEPT_MAX 4000

/* A sensor in its nursery, and all that came out of it. */
struct bench {
	struct rig rig;
	struct sensor_conf conf;
	struct sensor *sensor;
	const struct sensor_tap *tap;
	const char *role;
	void (*script)(
		struct bench *b); /* what happens meanwhile; the sensor ends after it */

	struct sample sample[KEPT_MAX];
	int64_t got_ns[KEPT_MAX]; /* when they came */
	size_t n;
	enum device_state state[64];
	int64_t state_ns[64];
	size_t n_states;
	char log[4096];
};

static void keep_samples(void *arg, const struct sample *s, unsigned n)
{
	struct bench *b = arg;

	for (unsigned i = 0; i < n && b->n < KEPT_MAX; i++) {
		b->got_ns[b->n] = rt_now();
		b->sample[b->n++] = s[i];
	}
}

static void keep_health(void *arg, const struct device_health *health)
{
	struct bench *b = arg;

	if (b->n_states == ARRAY_LEN(b->state))
		return;
	b->state_ns[b->n_states] = rt_now();
	b->state[b->n_states++] = health->state;
}

static void keep_log(enum log_level level, const char *text, void *arg)
{
	struct bench *b = arg;
	size_t len = strlen(b->log);

	(void)level;
	(void)snprintf(b->log + len, sizeof(b->log) - len, "%s\n", text);
}

static int run_script(void *arg)
{
	struct bench *b = arg;
	struct emul *model = rig_model(&b->rig, b->conf.device.driver);
	struct nursery n;

	scene_start(b->rig.scene);
	if (model)
		emul_start(model);
	nursery_open(&n);
	nursery_go(&n, b->role, sensor_run, b->sensor);
	b->script(b);
	nursery_cancel(&n, "the script is over");
	(void)!nursery_close(&n, 0);
	if (model)
		emul_stop(model);
	scene_stop(b->rig.scene);
	return 0;
}

static struct bench *bench_new_at(const char *driver, uint32_t clock_hz)
{
	struct bench *b = calloc(1, sizeof(*b));

	cr_assert(b != NULL);
	rig_open(&b->rig, clock_hz);
	rig_conf(driver_find(driver), &b->conf.device);
	b->conf.mount = mount_identity;
	b->role = "imu";
	return b;
}

static struct bench *bench_new(const char *driver)
{
	return bench_new_at(driver, 400000);
}

static void bench_run(struct bench *b, void (*script)(struct bench *b))
{
	struct device_ports ports = rig_ports(&b->rig);
	struct sensor_sink sink = {keep_samples, keep_health, b};

	b->script = script;
	b->sensor = sensor_new(b->role, &b->conf, &ports, &sink);
	cr_assert(b->sensor != NULL);
	sensor_set_tap(b->sensor, b->tap);
	log_set_sink(keep_log, b);
	cr_assert(eq(int, rig_run(run_script, b), 0));
	log_set_sink(NULL, NULL);
}

static void bench_free(struct bench *b)
{
	sensor_free(b->sensor);
	rig_close(&b->rig);
	free(b);
}

static void nap(int64_t ns)
{
	(void)!task_sleep(ns);
}

static void plug(struct bench *b)
{
	emul_reset(rig_model(&b->rig, "mpu6050"));
	rig_plug(&b->rig, "mpu6050");
}

static void unplug(struct bench *b)
{
	rig_unplug(&b->rig, "mpu6050");
}

static void second(struct bench *b)
{
	plug(b);
	nap(NS_PER_S);
	unplug(b);
}

/* Samples of one channel. */
static size_t count(const struct bench *b, enum chan chan)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->sample[i].chan == chan;
	return n;
}

Test(sensor, reads_on_data_ready_edges)
{
	struct bench *b = bench_new("mpu6050");
	int64_t last_ns = 0;

	(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	bench_run(b, second);
	/* 130 ms of the second go into the set-up; the rest at 200 Hz. */
	cr_expect(count(b, CHAN_ACCEL) >= 172 && count(b, CHAN_ACCEL) <= 175, "%zu",
		  count(b, CHAN_ACCEL));
	for (size_t i = 0; i < b->n; i++) {
		if (b->sample[i].chan != CHAN_GYRO)
			continue;
		cr_expect(last_ns == 0 || b->sample[i].t_ns - last_ns == 5 * NS_PER_MS);
		last_ns = b->sample[i].t_ns;
		/* The edge's time, not that of the end of the transfer. */
		cr_expect(b->got_ns[i] > last_ns && b->got_ns[i] < last_ns + NS_PER_MS);
	}
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_OVERRUN], 0));
	cr_expect(eq(int, sensor_health(b->sensor).state, DEVICE_RUNNING));
	cr_expect(eq(int, gpio_board_used(b->rig.board, RIG_IRQ), 0));
	cr_expect(eq(str, b->log, "imu: starting -> running: mpu6050 at 0x68\n"));
	bench_free(b);
}

Test(sensor, reads_on_a_schedule_that_does_not_drift)
{
	struct bench *b = bench_new("mpu6050");
	int64_t first_ns = -1;

	bench_run(b, second);
	cr_expect(count(b, CHAN_ACCEL) >= 170 && count(b, CHAN_ACCEL) <= 175, "%zu",
		  count(b, CHAN_ACCEL));
	for (size_t i = 0; i < b->n; i++) {
		if (first_ns < 0)
			first_ns = b->sample[i].t_ns;
		cr_expect(eq(i64, (b->sample[i].t_ns - first_ns) % (5 * NS_PER_MS), 0));
	}
	bench_free(b);
}

Test(sensor, turns_vectors_as_mounted)
{
	struct bench *b = bench_new("mpu6050");

	/* The chip's z, which the scene has pointing up, is where the robot's left is. */
	b->conf.mount = (struct mount){.m = {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}};
	bench_run(b, second);
	cr_assert(b->n >= 3);
	cr_expect(eq(int, b->sample[0].chan, CHAN_ACCEL));
	cr_expect(fabsf(b->sample[0].v[1] - 9.8f) < 1);
	cr_expect(fabsf(b->sample[0].v[2]) < 1);
	cr_expect(b->sample[2].v[0] > 10, "the temperature stays as it is");
	bench_free(b);
}

static void nobody(struct bench *b)
{
	(void)b;
	nap(20 * NS_PER_S);
}

Test(sensor, without_an_answer_is_tried_with_growing_pauses)
{
	struct bench *b = bench_new("mpu6050");
	struct device_health health;

	bench_run(b, nobody);
	health = sensor_health(b->sensor);
	/* Pauses of 100, 200, 400, 800, 1600, 3200, then 5000 ms: after 0, 0.1, 0.3, 0.7, 1.5, 3.1,
	 * 6.3, 11.3, 16.3 s. */
	cr_expect(eq(u64, health.faults[FAULT_NACK], 9));
	cr_expect(eq(int, (int)health.retries, 9));
	cr_expect(eq(int, health.state, DEVICE_LOST));
	cr_expect(eq(sz, b->n_states, 2));
	cr_expect(eq(int, b->state[0], DEVICE_FAILING));
	cr_expect(eq(int, b->state[1], DEVICE_LOST));
	/* Each attempt takes one transfer of some 100 us. */
	cr_expect(eq(i64, b->state_ns[1] / (10 * NS_PER_MS), 630));
	cr_expect(eq(str, b->log,
		     "imu: starting -> failing: no answer at 0x68 (ENXIO), retry 1 in "
		     "100 ms\n"
		     "imu: failing -> lost: no answer at 0x68 (ENXIO), retry 7 in 5000 "
		     "ms\n"));
	bench_free(b);
}

static void unplug_and_replug(struct bench *b)
{
	plug(b);
	nap(10 * NS_PER_S);
	unplug(b);
	nap(NS_PER_S);
	b->n = 0;
	plug(b);
	nap(3 * NS_PER_S);
	unplug(b);
}

Test(sensor, comes_back_after_it_was_unplugged)
{
	struct bench *b = bench_new("mpu6050");

	(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	bench_run(b, unplug_and_replug);
	cr_expect(eq(sz, b->n_states, 3));
	cr_expect(eq(int, b->state[0], DEVICE_RUNNING));
	cr_expect(eq(int, b->state[1], DEVICE_FAILING));
	cr_expect(eq(int, b->state[2], DEVICE_RUNNING));
	/* Set up afresh: it was as after power-on, asleep. */
	cr_expect(count(b, CHAN_ACCEL) > 200, "%zu", count(b, CHAN_ACCEL));
	cr_expect(strstr(b->log, "failing -> running: mpu6050 at 0x68, after ") != NULL,
		  "%s", b->log);
	bench_free(b);
}

static void glitch(struct bench *b)
{
	struct i2c_model *m = &rig_model(&b->rig, "mpu6050")->i2c;

	plug(b);
	nap(500 * NS_PER_MS);
	m->fault[I2C_FAULT_ERROR] = 1;
	nap(500 * NS_PER_MS);
	unplug(b);
}

Test(sensor, a_single_glitch_costs_nothing)
{
	struct bench *b = bench_new("mpu6050");

	(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	bench_run(b, glitch);
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_IO], 1));
	cr_expect(eq(sz, b->n_states, 1));
	cr_expect(count(b, CHAN_ACCEL) >= 172, "%zu", count(b, CHAN_ACCEL));
	bench_free(b);
}

static void brown_out(struct bench *b)
{
	plug(b);
	nap(NS_PER_S);
	emul_reset(rig_model(&b->rig, "mpu6050")); /* answers still, but sleeps */
	b->n = 0;
	nap(NS_PER_S);
	unplug(b);
}

Test(sensor, that_lost_its_settings_is_set_up_again)
{
	struct bench *b = bench_new("mpu6050");

	bench_run(b, brown_out);
	cr_expect(count(b, CHAN_ACCEL) > 90, "%zu", count(b, CHAN_ACCEL));
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_RESET], 1));
	cr_expect(strstr(b->log, "0x68 has lost its settings (register 0x19 is 0x00, was "
				 "0x04), retry 1 in 100 ms") != NULL,
		  "%s", b->log);
	bench_free(b);
}

static void freeze(struct bench *b)
{
	plug(b);
	nap(NS_PER_S);
	emul_stop(rig_model(&b->rig, "mpu6050"));
	nap(220 * NS_PER_MS);
	b->n = 0;
	emul_start(rig_model(&b->rig, "mpu6050"));
	nap(NS_PER_S);
	unplug(b);
}

Test(sensor, that_falls_silent_is_set_up_again)
{
	struct bench *b = bench_new("mpu6050");

	bench_run(b, freeze);
	cr_expect(count(b, CHAN_ACCEL) > 90, "%zu", count(b, CHAN_ACCEL));
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_TIMEOUT], 1));
	cr_expect(strstr(b->log, "no new data for 200 ms") != NULL, "%s", b->log);
	bench_free(b);
}

Test(sensor, that_falls_silent_on_its_line_too)
{
	struct bench *b = bench_new("mpu6050");

	(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	bench_run(b, brown_out);
	cr_expect(count(b, CHAN_ACCEL) > 90, "%zu", count(b, CHAN_ACCEL));
	cr_expect(strstr(b->log, "no data-ready edge on GPIO17 for 200 ms") != NULL, "%s",
		  b->log);
	bench_free(b);
}

/* A chip that measures what it is told to: temperature, and pressure, which may be impossible. */
static float told_temp, told_pressure;

static int64_t liar_period_ns(const void *conf)
{
	(void)conf;
	return 100 * NS_PER_MS;
}

static int liar_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	(void)io;
	(void)conf;
	memcpy(raw, &told_temp, sizeof(told_temp));
	memcpy(raw + 4, &told_pressure, sizeof(told_pressure));
	return 8;
}

static int liar_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
		       size_t len, int64_t t_ns, struct sample *ret)
{
	(void)conf;
	(void)trim;
	(void)len;
	ret[0] = (struct sample){.t_ns = t_ns, .chan = CHAN_TEMP};
	ret[1] = (struct sample){.t_ns = t_ns, .chan = CHAN_PRESSURE};
	memcpy(ret[0].v, raw, 4);
	memcpy(ret[1].v, raw + 4, 4);
	return 2;
}

static const struct driver liar = {
	.name = "liar",
	.chans = CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_PRESSURE),
	.raw_max = 8,
	.period_ns = liar_period_ns,
	.read = liar_read,
	.decode = liar_decode,
};

static struct bench *liar_new(void)
{
	struct bench *b = bench_new("tmp102");

	b->conf.device.chip = &liar;
	b->role = "baro";
	return b;
}

/* How often @text stands in the log. */
static int times_said(const struct bench *b, const char *text)
{
	int n = 0;

	for (const char *at = strstr(b->log, text); at; at = strstr(at + 1, text))
		n++;
	return n;
}

static void lie_by_half(struct bench *b)
{
	(void)b;
	told_temp = 20;
	told_pressure = 100000;
	nap(NS_PER_S);
	told_pressure = -130001;
	nap(10 * NS_PER_S);
	told_pressure = NAN; /* not measured: no lie */
	nap(NS_PER_S);
	told_pressure = 100000;
	nap(NS_PER_S);
}

Test(sensor, leaves_out_what_is_impossible_and_says_so_once)
{
	struct bench *b = liar_new();
	struct device_health h;

	bench_run(b, lie_by_half);
	h = sensor_health(b->sensor);
	cr_expect(eq(int, (int)h.state, (int)DEVICE_RUNNING));
	cr_expect(ge(u64, h.faults[FAULT_RANGE], 99), "each is counted");
	cr_expect(le(u64, h.faults[FAULT_RANGE], 101));
	for (size_t i = 0; i < b->n; i++)
		cr_expect(b->sample[i].v[0] < 0 ? false : true, "%zu", i);
	cr_expect(count(b, CHAN_TEMP) > 125, "the other channel goes on");
	cr_expect(eq(int,
		     times_said(b, "baro: pressure beyond what is possible (130000 Pa), "
				   "it is -130001, 10 times in a row; left out"),
		     1),
		  "%s", b->log);
	cr_expect(eq(int, times_said(b, "baro: pressure is possible again"), 1));
	bench_free(b);
}

static void lie(struct bench *b)
{
	(void)b;
	told_temp = 20;
	told_pressure = 100000;
	nap(NS_PER_S);
	told_temp = INFINITY;
	told_pressure = 1e6f;
	for (int i = 0; i < 30; i++, told_pressure += 100)
		nap(NS_PER_S);
}

Test(sensor, that_measures_only_the_impossible_fails)
{
	struct bench *b = liar_new();

	bench_run(b, lie);
	cr_expect(eq(int, (int)sensor_health(b->sensor).state, (int)DEVICE_LOST));
	cr_expect(
		eq(int,
		   times_said(b, "baro: running -> failing: 10 readings in a row make no "
				 "sense: pressure beyond what is possible (130000 Pa), "
				 "retry 1"),
		   1),
		"%s", b->log);
	cr_expect(eq(int, times_said(b, "\n"), 3), "one line for each change: %s",
		  b->log);
	bench_free(b);
}

static void stick(struct bench *b)
{
	nap(NS_PER_S);
	b->rig.spy.stuck = true;
	nap(NS_PER_S);
	b->rig.spy.stuck = false;
	b->n = 0;
	nap(3 * NS_PER_S);
}

Test(sensor, that_sends_rubbish_is_set_up_again)
{
	struct bench *b = bench_new("mpu6050");

	rig_plug(&b->rig, "mpu6050");
	bench_run(b, stick);
	/* Ten that came one by one, and the last once more as the reason. */
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_DECODE], 11));
	cr_expect(strstr(b->log, "running -> failing: 10 readings in a row make no "
				 "sense") != NULL,
		  "%s", b->log);
	/* Then it is no MPU-6050, until the line is free. */
	cr_expect(sensor_health(b->sensor).faults[FAULT_NACK] > 0);
	cr_expect(count(b, CHAN_ACCEL) > 200, "%zu", count(b, CHAN_ACCEL));
	rig_unplug(&b->rig, "mpu6050");
	bench_free(b);
}

/* A burst takes 17 ms here, more than three periods. */
Test(sensor, on_a_slow_bus_leaves_measurements_out)
{
	for (int edges = 0; edges < 2; edges++) {
		struct bench *b = bench_new_at("mpu6050", 10000);

		if (edges)
			(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
		bench_run(b, second);
		cr_expect(count(b, CHAN_ACCEL) > 30, "%zu", count(b, CHAN_ACCEL));
		cr_expect(sensor_health(b->sensor).faults[FAULT_OVERRUN] > 90);
		cr_expect(eq(sz, b->n_states, 1));
		for (size_t i = 3; i < b->n; i++) {
			int64_t age_ns = b->got_ns[i] - b->sample[i].t_ns;

			/* None has the time stamp of an edge that was long past. */
			cr_expect(age_ns <= 23 * NS_PER_MS, "%lld", (long long)age_ns);
		}
		bench_free(b);
	}
}

/* Every transfer of a whole life fails once: the life goes on all the same. */
Test(sensor, survives_a_nack_at_every_transfer)
{
	for (unsigned at = 1; at <= 12; at++) {
		struct bench *b = bench_new("mpu6050");

		b->rig.spy.fail_at = at;
		rig_plug(&b->rig, "mpu6050");
		bench_run(b, nobody);
		cr_expect(b->rig.spy.transfers > 12);
		cr_expect(eq(int, sensor_health(b->sensor).state, DEVICE_RUNNING));
		cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_NACK], 1));
		cr_expect(count(b, CHAN_ACCEL) > 0);
		rig_unplug(&b->rig, "mpu6050");
		bench_free(b);
	}
}

/* A button on RIG_TOUCH that is pressed and let go at these milliseconds. */
static void drive(struct bench *b, const int *toggles_ms, size_t n)
{
	int64_t start_ns = rt_now();
	bool level = false;

	for (size_t i = 0; i < n; i++) {
		(void)!task_sleep_until(start_ns + toggles_ms[i] * NS_PER_MS);
		level = !level;
		cr_expect(eq(int,
			     gpio_board_drive(b->rig.board, RIG_TOUCH, level, rt_now()),
			     0));
	}
	nap(NS_PER_S);
}

static void bounce(struct bench *b)
{
	static const int toggles_ms[] = {100, 105, 110, 115, 120,
					 300, 305, 310, 500, 510};

	drive(b, toggles_ms, ARRAY_LEN(toggles_ms));
}

static struct bench *button_new(int64_t debounce_ns)
{
	struct bench *b = bench_new("gpio_button");

	b->role = "head";
	b->conf.debounce_ns = debounce_ns;
	(void)snprintf(b->conf.device.line, sizeof(b->conf.device.line), RIG_TOUCH);
	return b;
}

Test(sensor, debounces_a_button)
{
	struct bench *b = button_new(30 * NS_PER_MS);

	bench_run(b, bounce);
	/* The start, then pressed since 120 ms and let go since 310 ms; 500 to 510 ms was too short. */
	cr_assert(eq(sz, b->n, 3));
	cr_expect(eq(flt, b->sample[0].v[0], 0));
	cr_expect(eq(flt, b->sample[1].v[0], 1));
	cr_expect(eq(i64, b->sample[1].t_ns, 120 * NS_PER_MS));
	cr_expect(eq(i64, b->got_ns[1], 150 * NS_PER_MS));
	cr_expect(eq(flt, b->sample[2].v[0], 0));
	cr_expect(eq(i64, b->sample[2].t_ns, 310 * NS_PER_MS));
	cr_expect(eq(i64, b->got_ns[2], 340 * NS_PER_MS));
	cr_expect(eq(str, b->log, "head: starting -> running: gpio_button at GPIO22\n"));
	bench_free(b);
}

Test(sensor, without_debouncing_takes_each_edge)
{
	struct bench *b = button_new(0);

	bench_run(b, bounce);
	cr_assert(eq(sz, b->n, 11));
	for (size_t i = 0; i < b->n; i++)
		cr_expect(eq(flt, b->sample[i].v[0], i % 2));
	bench_free(b);
}

static void take_line(struct bench *b)
{
	struct gpio_request req = {.line = RIG_TOUCH, .consumer = "test"};
	struct gpio_line *line;

	cr_expect(eq(int, gpio_open(gpio_board_provider(b->rig.board), &req, &line), 0));
	nap(500 * NS_PER_MS);
	gpio_close(line);
	nap(500 * NS_PER_MS);
}

Test(sensor, waits_for_a_line_in_use)
{
	struct bench *b = button_new(0);

	bench_run(b, take_line);
	cr_expect(eq(sz, b->n, 1));
	cr_expect(strstr(b->log,
			 "head: starting -> failing: line GPIO22 is used by test, "
			 "retry 1 in 100 ms") != NULL,
		  "%s", b->log);
	bench_free(b);
}

static void flap(struct bench *b)
{
	for (int i = 0; i < 20; i++) {
		plug(b);
		nap(2 * NS_PER_S);
		unplug(b);
		nap(10 * NS_PER_MS);
	}
}

/* Each of its bad moments costs the first pause, as it was well for long enough before. */
Test(sensor, that_fails_now_and_then_is_mostly_there)
{
	struct bench *b = bench_new("mpu6050");

	bench_run(b, flap);
	cr_expect(count(b, CHAN_TEMP) == b->n / 3);
	/* 2 s of 5 ms each, less 100 ms of back-off and 130 ms of set-up: KEPT_MAX cuts it off. */
	cr_expect(eq(sz, b->n, KEPT_MAX));
	for (size_t i = 1; i < b->n; i++)
		cr_expect(b->got_ns[i] - b->got_ns[i - 1] < 400 * NS_PER_MS);
	bench_free(b);
}

static void flap_fast(struct bench *b)
{
	for (int i = 0; i < 100; i++) {
		plug(b);
		nap(300 * NS_PER_MS);
		unplug(b);
		nap(300 * NS_PER_MS);
	}
}

/* One that works for a moment only is left alone for longer and longer. */
Test(sensor, that_keeps_failing_is_left_alone)
{
	struct bench *b = bench_new("mpu6050");

	bench_run(b, flap_fast);
	cr_expect(eq(int, sensor_health(b->sensor).state, DEVICE_LOST));
	cr_expect(sensor_health(b->sensor).faults[FAULT_NACK] < 60);
	bench_free(b);
}

/* What the tap saw, to be decoded again. */
struct recording {
	struct {
		uint8_t raw[DRIVER_RAW_MAX];
		size_t len;
		int64_t t_ns;
	} item[KEPT_MAX];
	uint8_t trim[DRIVER_TRIM_MAX];
	const struct device_conf *conf;
	const char *role;
	size_t n;
};

static void record(void *arg, const struct sensor_raw *what)
{
	struct recording *rec = arg;

	cr_assert(rec->n < KEPT_MAX && what->len <= DRIVER_RAW_MAX);
	rec->role = what->role;
	rec->conf = what->conf;
	memcpy(rec->trim, what->trim, what->conf->chip->trim_max);
	memcpy(rec->item[rec->n].raw, what->raw, what->len);
	rec->item[rec->n].len = what->len;
	rec->item[rec->n++].t_ns = what->t_ns;
}

static void two_seconds(struct bench *b)
{
	nap(2 * NS_PER_S);
	cr_expect(b->n > 0);
}

static void check_tap(const char *driver, const char *settings)
{
	struct bench *b = bench_new(driver);
	struct recording *rec = calloc(1, sizeof(*rec));
	struct sensor_tap tap = {.raw = record, .arg = rec};
	struct sample out[DRIVER_SAMPLES];
	size_t at = 0;

	cr_assert(rec != NULL);
	rig_set(b->conf.device.chip, &b->conf.device, settings);
	b->role = driver;
	b->tap = &tap;
	rig_plug(&b->rig, driver);
	bench_run(b, two_seconds);
	rig_unplug(&b->rig, driver);

	cr_expect(rec->n > 15 && strcmp(rec->role, driver) == 0, "%s: %zu", driver,
		  rec->n);
	for (size_t i = 0; i < rec->n; i++) {
		int n = rec->conf->chip->decode(rec->conf->settings, rec->trim,
						rec->item[i].raw, rec->item[i].len,
						rec->item[i].t_ns, out);

		cr_assert(n > 0 && at + (size_t)n <= b->n, "%s", driver);
		for (int k = 0; k < n; k++, at++) {
			const struct sample *s = &b->sample[at];

			cr_expect(s->t_ns == out[k].t_ns && s->chan == out[k].chan);
			for (int axis = 0; axis < chan_info[s->chan].width; axis++)
				cr_expect(s->v[axis] == out[k].v[axis], "%s", driver);
		}
	}
	cr_expect(eq(sz, at, b->n));
	free(rec);
	bench_free(b);
}

/* Raw bytes, settings and factory constants are all that a recording takes. */
Test(sensor, tapped_bytes_decode_to_the_same_samples)
{
	check_tap("mpu6050", "{}");
	check_tap("mpu6050", "{\"fifo\": 8}");
	check_tap("bmp280", "{}");
	check_tap("icm20948", "{\"fifo\": 8}");
}
