/* Every driver that has a FIFO: each measurement comes once, in order, with the time at which it was made. */
#include <math.h>
#include <stdio.h>

#include "tests/driver/rig.h"

#define G 9.80665
#define TRUTHS 40000
/* Measurements are numbered in the X axis, and begin again after so many. */
#define COUNT_MOD 2000
#define STEP_LSB 8 /* of 2048 per g */

/* A world in which the chip's clock is off, and that remembers when each measurement was made. */
struct numbered {
	struct scene scene;
	double drift;
	unsigned n;
	int64_t truth_ns[TRUTHS];
};

static int64_t numbered_next_ns(struct scene *s, int64_t last_ns, int64_t period_ns)
{
	struct numbered *w = container_of(s, struct numbered, scene);

	return last_ns + (int64_t)((double)period_ns * (1 + w->drift));
}

static void numbered_measure(struct scene *s, int64_t t_ns, struct scene_motion *ret)
{
	struct numbered *w = container_of(s, struct numbered, scene);
	int number = (int)(w->n % COUNT_MOD) - COUNT_MOD / 2;

	*ret = (struct scene_motion){.accel_ms2 = {number * STEP_LSB / 2048.0 * G, 0, G},
				     .temp_c = 25};
	if (w->n < TRUTHS)
		w->truth_ns[w->n] = t_ns;
	w->n++;
}

static void numbered_ambient(const struct scene *s, int64_t t_ns,
			     struct scene_ambient *ret)
{
	(void)s;
	(void)t_ns;
	*ret = scene_still_room;
}

static void nothing(struct scene *s)
{
	(void)s;
}

static const struct scene_ops numbered_ops = {
	.start = nothing,
	.stop = nothing,
	.next_ns = numbered_next_ns,
	.measure = numbered_measure,
	.ambient = numbered_ambient,
};

/* A sensor in bursts, and what came out of it. */
struct bench {
	struct rig rig;
	struct numbered world;
	struct emul *model;
	struct sensor_conf conf;
	struct sensor *sensor;
	void (*script)(struct bench *b);
	int64_t settle_ns; /* from when on stamps must be right */

	unsigned got, lost, wrong; /* measurements; missing ones; misread ones */
	unsigned next;             /* which one should come next */
	int64_t last_ns, worst_ns;
	unsigned fields; /* samples of the magnetometer */
};

/* Which measurement is it? Those that are lost are counted. */
static void take_accel(struct bench *b, const struct sample *s)
{
	double number = (double)s->v[0] / G * 2048 / STEP_LSB + COUNT_MOD / 2.0;
	unsigned missing;
	int64_t off_ns;

	if (fabs((double)s->v[2] - G) > 0.1 || fabs(number - round(number)) > 0.1) {
		b->wrong++;
		return;
	}
	missing =
		((unsigned)lround(number) + COUNT_MOD - b->next % COUNT_MOD) % COUNT_MOD;
	if (b->got++ > 0)
		b->lost += missing;
	b->next += missing;
	cr_assert(b->next < b->world.n && b->next < TRUTHS);
	off_ns = llabs(s->t_ns - b->world.truth_ns[b->next]);
	if (s->t_ns > b->settle_ns && off_ns > b->worst_ns)
		b->worst_ns = off_ns;
	cr_expect(s->t_ns > b->last_ns && s->t_ns <= rt_now());
	b->last_ns = s->t_ns;
	b->next++;
}

static void keep(void *arg, const struct sample *s, unsigned n)
{
	struct bench *b = arg;

	for (unsigned i = 0; i < n; i++) {
		if (s[i].chan == CHAN_ACCEL)
			take_accel(b, &s[i]);
		if (s[i].chan == CHAN_GYRO && fabsf(s[i].v[0]) > 0.01f)
			b->wrong++;
		b->fields += s[i].chan == CHAN_MAG;
	}
}

static void play(void *arg)
{
	struct bench *b = arg;

	b->script(b);
}

static int live(void *arg)
{
	struct bench *b = arg;

	rig_live(&b->rig, b->sensor, b->model, play, b);
	return 0;
}

/* The driver @d with the settings @text on a bus of 400 kHz; @irq: its data-ready line is connected. */
static struct bench *bench_new(const struct driver *d, const char *text, bool irq)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct emul_conf conf = {.addr = d->addrs[0], .irq = irq ? RIG_IRQ : NULL};

	cr_assert(b != NULL);
	rig_open(&b->rig, 400000);
	b->world.scene.ops = &numbered_ops;
	conf.scene = &b->world.scene;
	conf.board = b->rig.board;
	cr_assert(eq(int, emul_new(d->name, &conf, &b->model), 0));
	emul_attach(b->model, b->rig.wire);
	rig_conf(d, &b->conf.device);
	rig_set(d, &b->conf.device, text);
	b->conf.mount = mount_identity;
	if (irq)
		(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	b->settle_ns = 3 * NS_PER_S;
	return b;
}

static void bench_run(struct bench *b, void (*script)(struct bench *b))
{
	struct device_ports ports = rig_ports(&b->rig);
	struct sensor_sink sink = {.samples = keep, .arg = b};

	b->script = script;
	b->sensor = sensor_new("imu", &b->conf, &ports, &sink);
	cr_assert(b->sensor != NULL);
	rig_run_logged(&b->rig, &rig_virtual, live, b);
}

static struct device_health health(const struct bench *b)
{
	return sensor_health(b->sensor);
}

static void bench_free(struct bench *b)
{
	emul_detach(b->model, b->rig.wire);
	emul_free(b->model);
	sensor_free(b->sensor);
	rig_close(&b->rig);
	free(b);
}

static void ten_seconds(struct bench *b)
{
	(void)b;
	nap(10 * NS_PER_S);
}

/* The next driver of the table that has a FIFO, from @i on. */
static const struct driver *next_fifo(size_t *i)
{
	while (driver_table[*i] && !driver_table[*i]->fifo)
		(*i)++;
	return driver_table[*i] ? driver_table[(*i)++] : NULL;
}

Test(fifo, of_some_drivers)
{
	unsigned n = 0;

	for (size_t i = 0; next_fifo(&i);)
		n++;
	cr_expect(n >= 4, "MPU-6050, 6500, 9250, ICM-20948");
}

/* With a clock that is off by as much as a chip's may be. */
static void check_stamps(const struct driver *d, double drift, bool irq)
{
	struct bench *b = bench_new(d, "{\"fifo\": 20, \"rate\": \"1000Hz\"}", irq);
	int64_t period_ns = d->period_ns(b->conf.device.settings);

	b->world.drift = drift;
	bench_run(b, ten_seconds);
	cr_expect(eq(uint, b->lost, 0), "%s", d->name);
	cr_expect(eq(uint, b->wrong, 0), "%s", d->name);
	/* The MPU-6500 measures from the reset on, at 8 kHz until it is told otherwise. */
	cr_expect(b->got > 9000 && b->got + 50 > b->world.n - 1300, "%s: %u of %u",
		  d->name, b->got, b->world.n);
	cr_expect(b->worst_ns <= (irq ? 20 * NS_PER_US : period_ns + 100 * NS_PER_US),
		  "%s, %g, %s a line: %lld ns off", d->name, drift,
		  irq ? "with" : "without", (long long)b->worst_ns);
	for (int f = 0; f < FAULT_COUNT; f++)
		cr_expect(eq(u64, health(b).faults[f], 0), "%s: %s", d->name,
			  device_fault_name((enum device_fault)f));
	cr_expect(b->fields == 0 || (d->chans & CHAN_BIT(CHAN_MAG)));
	/* Count, two chunks, status, perhaps the magnetometer: for each burst of twenty. */
	cr_expect(b->rig.spy.transfers < b->got * 6 / 20, "%s: %u transfers", d->name,
		  b->rig.spy.transfers);
	bench_free(b);
}

Test(fifo, stamps_follow_the_clock_of_the_chip)
{
	static const double drifts[] = {0, 0.02, -0.02};
	const struct driver *d;

	for (size_t i = 0; (d = next_fifo(&i));)
		for (size_t k = 0; k < ARRAY_LEN(drifts); k++)
			for (int irq = 0; irq < 2; irq++)
				check_stamps(d, drifts[k], irq);
}

static void stall(struct bench *b)
{
	nap(5 * NS_PER_S);
	b->rig.spy.hold_ns = NS_PER_S;
	nap(5 * NS_PER_S);
}

/* While the bus is held the FIFO runs over, and what is in it afterwards begins within a frame. */
Test(fifo, that_runs_over_is_counted_and_begins_anew)
{
	const struct driver *d;

	for (size_t i = 0; (d = next_fifo(&i));) {
		struct bench *b =
			bench_new(d, "{\"fifo\": 20, \"rate\": \"500Hz\"}", false);

		b->settle_ns = TIME_NEVER;
		bench_run(b, stall);
		cr_expect(eq(u64, health(b).faults[FAULT_OVERFLOW], 1), "%s", d->name);
		cr_expect(eq(uint, b->wrong, 0), "%s", d->name);
		/* A second of it, and what had come until the next burst. */
		cr_expect(b->lost > 480 && b->lost < 600, "%s: %u", d->name, b->lost);
		cr_expect(eq(int, health(b).state, DEVICE_RUNNING));
		bench_free(b);
	}
}

/* Whichever transfer fails, frames stay whole. */
Test(fifo, survives_a_nack_at_every_transfer)
{
	const struct driver *d;

	for (size_t i = 0; (d = next_fifo(&i));)
		for (unsigned at = 1; at <= 40; at++) {
			struct bench *b = bench_new(d, "{\"fifo\": 20}", false);

			b->settle_ns = TIME_NEVER;
			b->rig.spy.fail_at = at;
			bench_run(b, ten_seconds);
			cr_expect(eq(uint, b->wrong, 0), "%s, %u", d->name, at);
			cr_expect(eq(int, health(b).state, DEVICE_RUNNING), "%s, %u",
				  d->name, at);
			cr_expect(eq(u64, health(b).faults[FAULT_NACK], 1), "%s, %u",
				  d->name, at);
			cr_expect(b->got > 1500, "%s, %u: %u", d->name, at, b->got);
			bench_free(b);
		}
}

static void brown_out(struct bench *b)
{
	nap(2100 * NS_PER_MS);
	emul_reset(b->model);
	nap(5 * NS_PER_S);
}

Test(fifo, of_a_chip_that_lost_its_settings_is_set_up_again)
{
	const struct driver *d;

	for (size_t i = 0; (d = next_fifo(&i));) {
		struct bench *b = bench_new(d, "{\"fifo\": 20}", false);

		b->settle_ns = TIME_NEVER;
		bench_run(b, brown_out);
		cr_expect(eq(uint, b->wrong, 0), "%s", d->name);
		cr_expect(health(b).faults[FAULT_RESET] +
					  health(b).faults[FAULT_TIMEOUT] ==
				  1,
			  "%s", d->name);
		cr_expect(b->last_ns > 7 * NS_PER_S - 200 * NS_PER_MS, "%s", d->name);
		bench_free(b);
	}
}
