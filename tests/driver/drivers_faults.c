/* What can befall a sensor, and how it comes back: no answer, glitches, lost settings, silence, rubbish. */
#include "tests/driver/sensor_rig.h"

static void nobody(struct bench *b)
{
	(void)b;
	nap(20 * NS_PER_S);
}

Test(faults, without_an_answer_is_tried_with_growing_pauses)
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
	cr_expect(eq(str, b->rig.log,
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

Test(faults, comes_back_after_it_was_unplugged)
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
	cr_expect(strstr(b->rig.log, "failing -> running: mpu6050 at 0x68, after ") !=
			  NULL,
		  "%s", b->rig.log);
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

Test(faults, a_single_glitch_costs_nothing)
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

Test(faults, that_lost_its_settings_is_set_up_again)
{
	struct bench *b = bench_new("mpu6050");

	bench_run(b, brown_out);
	cr_expect(count(b, CHAN_ACCEL) > 90, "%zu", count(b, CHAN_ACCEL));
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_RESET], 1));
	cr_expect(strstr(b->rig.log,
			 "0x68 has lost its settings (register 0x19 is 0x00, was "
			 "0x04), retry 1 in 100 ms") != NULL,
		  "%s", b->rig.log);
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

Test(faults, that_falls_silent_is_set_up_again)
{
	struct bench *b = bench_new("mpu6050");

	bench_run(b, freeze);
	cr_expect(count(b, CHAN_ACCEL) > 90, "%zu", count(b, CHAN_ACCEL));
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_TIMEOUT], 1));
	cr_expect(strstr(b->rig.log, "no new data for 200 ms") != NULL, "%s", b->rig.log);
	bench_free(b);
}

Test(faults, that_falls_silent_on_its_line_too)
{
	struct bench *b = bench_new("mpu6050");

	(void)snprintf(b->conf.irq, sizeof(b->conf.irq), RIG_IRQ);
	bench_run(b, brown_out);
	cr_expect(count(b, CHAN_ACCEL) > 90, "%zu", count(b, CHAN_ACCEL));
	cr_expect(strstr(b->rig.log, "no data-ready edge on GPIO17 for 200 ms") != NULL,
		  "%s", b->rig.log);
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

Test(faults, that_sends_rubbish_is_set_up_again)
{
	struct bench *b = bench_new("mpu6050");

	rig_plug(&b->rig, "mpu6050");
	bench_run(b, stick);
	/* Ten that came one by one, and the last once more as the reason. */
	cr_expect(eq(u64, sensor_health(b->sensor).faults[FAULT_DECODE], 11));
	cr_expect(strstr(b->rig.log, "running -> failing: 10 readings in a row make no "
				     "sense") != NULL,
		  "%s", b->rig.log);
	/* Then it is no MPU-6050, until the line is free. */
	cr_expect(sensor_health(b->sensor).faults[FAULT_NACK] > 0);
	cr_expect(count(b, CHAN_ACCEL) > 200, "%zu", count(b, CHAN_ACCEL));
	rig_unplug(&b->rig, "mpu6050");
	bench_free(b);
}

/* Every transfer of a whole life fails once: the life goes on all the same. */
Test(faults, survives_a_nack_at_every_transfer)
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
Test(faults, that_fails_now_and_then_is_mostly_there)
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
Test(faults, that_keeps_failing_is_left_alone)
{
	struct bench *b = bench_new("mpu6050");

	bench_run(b, flap_fast);
	cr_expect(eq(int, sensor_health(b->sensor).state, DEVICE_LOST));
	cr_expect(sensor_health(b->sensor).faults[FAULT_NACK] < 60);
	bench_free(b);
}
