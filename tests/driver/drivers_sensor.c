/* A sensor that is well: edges and schedules, how it is mounted, a slow bus, and the tap. */
#include <math.h>

#include "tests/driver/sensor_rig.h"

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
	cr_expect(eq(str, b->rig.log, "imu: starting -> running: mpu6050 at 0x68\n"));
	bench_free(b);
}

/* An output that stays high until the measurement is read. After an edge that was lost none would follow. */
static void lose_an_edge(struct bench *b)
{
	rig_plug(&b->rig, "lis3mdl");
	nap(500 * NS_PER_MS);
	cr_assert(
		eq(int, gpio_board_fault(b->rig.board, RIG_IRQ, GPIO_FAULT_LOSE, 1), 0));
	nap(500 * NS_PER_MS);
	rig_unplug(&b->rig, "lis3mdl");
}

Test(sensor, reads_what_an_output_still_announces)
{
	struct bench *b = bench_new("lis3mdl");
	unsigned gaps = 0;
	size_t regular = 0;

	(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	bench_run(b, lose_an_edge);
	/* 80 Hz, but for the set-up and for 200 ms in which it is waited for an edge. */
	cr_expect(count(b, CHAN_MAG) >= 60 && count(b, CHAN_MAG) <= 65, "%zu",
		  count(b, CHAN_MAG));
	for (size_t i = 1; i < b->n; i++) {
		int64_t gap_ns = b->sample[i].t_ns - b->sample[i - 1].t_ns;

		gaps += gap_ns > 200 * NS_PER_MS;
		regular += gap_ns == 12500 * NS_PER_US;
	}
	/* All but that gap, and the next one: there it was read in the middle of a period. */
	cr_expect(eq(sz, regular, b->n - 3));
	cr_expect(eq(uint, gaps, 1));
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_OVERRUN], 1));
	cr_expect(eq(int, sensor_health(b->sensor).state, DEVICE_RUNNING));
	cr_expect(eq(str, b->rig.log, "imu: starting -> running: lis3mdl at 0x1c\n"));
	bench_free(b);
}

/* One that is high for good announces nothing. */
static void stick_high(struct bench *b)
{
	plug(b);
	nap(500 * NS_PER_MS);
	cr_assert(eq(int, gpio_board_drive(b->rig.board, RIG_IRQ, true, rt_now()), 0));
	cr_assert(
		eq(int, gpio_board_fault(b->rig.board, RIG_IRQ, GPIO_FAULT_STUCK, 1), 0));
	nap(NS_PER_S);
	cr_expect(strstr(b->rig.log, "no data-ready edge on " RIG_IRQ) != NULL, "%s",
		  b->rig.log);
	unplug(b);
}

Test(sensor, is_not_deceived_by_an_output_that_is_stuck_high)
{
	struct bench *b = bench_new("mpu6050");

	(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	bench_run(b, stick_high);
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
