/* Actuators: from a target to pulses on the wire. */
#include "tests/driver/actuator_rig.h"

static void map_angles(struct bench *b)
{
	nap(10 * NS_PER_MS);
	cr_expect(isnan(pulse_us(b, 1)), "limp at the start");
	actuator_set(b->tilt, 0);
	nap(30 * NS_PER_MS);
	PULSE(1, 1500);
	actuator_set(b->tilt, (float)(30 * DEG));
	nap(30 * NS_PER_MS);
	PULSE(1, 1950);
	actuator_set(b->tilt, 100); /* clamped to the range */
	nap(30 * NS_PER_MS);
	PULSE(1, 2400);
	cr_expect(fabs((double)actuator_position(b->tilt) - 60 * DEG) < 1e-6);
	actuator_set(b->tilt, -INFINITY);
	nap(30 * NS_PER_MS);
	PULSE(1, 600);
	actuator_set(b->tilt, NAN);
	nap(30 * NS_PER_MS);
	cr_expect(isnan(pulse_us(b, 1)), "limp");
	cr_expect(isnan(actuator_position(b->tilt)));
}

Test(actuator, maps_angles_to_pulses)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, map_angles);
	bench_free(b);
}

static void map_reversed(struct bench *b)
{
	actuator_set(b->tilt, (float)(30 * DEG));
	nap(30 * NS_PER_MS);
	PULSE(1, 1050);
}

Test(actuator, maps_a_reversed_servo)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b;

	tilt.reverse = true;
	b = neck_new(&servo, &tilt);
	bench_run(b, map_reversed);
	bench_free(b);
}

static void ramp(struct bench *b)
{
	actuator_set(b->pan, 0);
	nap(100 * NS_PER_MS);
	b->n = 0;
	actuator_set(b->pan, (float)(36 * DEG));
	nap(NS_PER_S);
	PULSE(0, 2040);
}

Test(actuator, moves_no_faster_than_its_rate)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, ramp);
	/* 180 deg/s is 3.6 deg every 20 ms: ten steps, then the safe state. */
	cr_assert(eq(sz, b->n, 12));
	for (size_t i = 0; i < 10; i++) {
		cr_expect(fabs((double)b->write[i].value - (double)(i + 1) * 3.6 * DEG) <
			  1e-5);
		cr_expect(eq(i64, b->write[i].t_ns - b->write[0].t_ns,
			     (int64_t)i * 20 * NS_PER_MS));
	}
	bench_free(b);
}

static void hurry(struct bench *b)
{
	nap(10 * NS_PER_MS);
	b->n = 0;
	for (int i = 0; i < 100; i++) {
		actuator_set(b->tilt, (float)i * 0.01f);
		(void)!task_checkpoint();
	}
	nap(100 * NS_PER_MS);
	cr_expect(b->n <= 3, "%zu writes", b->n);
	cr_expect(eq(flt, actuator_position(b->tilt), 99 * 0.01f));
}

Test(actuator, writes_the_latest_of_many_targets)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, hurry);
	bench_free(b);
}

static void lose_the_chip(struct bench *b)
{
	actuator_set(b->tilt, 0);
	nap(NS_PER_S);
	rig_unplug(&b->rig, "pca9685");
	actuator_set(b->tilt, (float)(30 * DEG));
	nap(NS_PER_S);
	cr_expect(eq(int, chip_health(b->chip).state, DEVICE_FAILING));
	emul_reset(rig_model(&b->rig, "pca9685"));
	rig_plug(&b->rig, "pca9685");
	nap(2 * NS_PER_S);
	cr_expect(eq(int, chip_health(b->chip).state, DEVICE_RUNNING));
	PULSE(1, 1950);
}

Test(actuator, goes_where_it_shall_once_the_chip_is_back)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, lose_the_chip);
	cr_expect(strstr(b->rig.log,
			 "pwm0: running -> failing: no answer at 0x40 (ENXIO), "
			 "retry 1 in 100 ms") != NULL,
		  "%s", b->rig.log);
	bench_free(b);
}

static void brown_out(struct bench *b)
{
	actuator_set(b->tilt, (float)(30 * DEG));
	nap(NS_PER_S / 2);
	emul_reset(rig_model(&b->rig, "pca9685"));
	cr_expect(isnan(pulse_us(b, 1)));
	nap(2 * NS_PER_S);
	PULSE(1, 1950);
	cr_expect(eq(u64, chip_health(b->chip).faults[FAULT_RESET], 1));
	cr_expect(eq(int, chip_health(b->chip).state, DEVICE_RUNNING));
}

/* Nobody commands it meanwhile: the chip itself is asked. */
Test(actuator, goes_where_it_shall_after_its_power_was_lost)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, brown_out);
	cr_expect(strstr(b->rig.log, "0x40 has lost its settings (MODE1 is 0x11)") !=
			  NULL,
		  "%s", b->rig.log);
	bench_free(b);
}

static void leave_both_up(struct bench *b)
{
	actuator_set(b->pan, 0);
	actuator_set(b->tilt, 0);
	nap(100 * NS_PER_MS);
}

Test(actuator, is_safe_after_the_end)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, leave_both_up);
	cr_expect(isnan(pulse_us(b, 0)) && isnan(pulse_us(b, 1)));
	cr_expect(isnan(actuator_position(b->pan)));
	bench_free(b);

	tilt.safe = ACTUATOR_HOLD;
	b = neck_new(&servo, &tilt);
	bench_run(b, leave_both_up);
	cr_expect(isnan(pulse_us(b, 0)), "the one that is limp in danger");
	PULSE(1, 1500);
	bench_free(b);
}

Test(actuator, says_when_the_safe_state_was_not_sent)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	rig_unplug(&b->rig, "pca9685");
	bench_run(b, leave_both_up);
	cr_expect(strstr(b->rig.log, "pwm0: the safe state was not sent") != NULL, "%s",
		  b->rig.log);
	bench_free(b);
}

static void rest_both(struct bench *b)
{
	leave_both_up(b);
	actuator_rest(b->pan);
	actuator_rest(b->tilt);
	nap(100 * NS_PER_MS);
	PULSE(0, 1500);
	cr_expect(isnan(pulse_us(b, 1)));
}

Test(actuator, rests_as_configured)
{
	struct actuator_conf pan = servo;
	struct actuator_conf tilt = tilt_conf();
	struct bench *b;

	pan.rest = ACTUATOR_HOLD;
	tilt.rest = ACTUATOR_LIMP;
	b = neck_new(&pan, &tilt);
	bench_run(b, rest_both);
	bench_free(b);
}

static void wait_a_bit(struct bench *b)
{
	nap(100 * NS_PER_MS);
	PULSE(0, 1500);
	cr_expect(isnan(pulse_us(b, 1)));
}

Test(actuator, starts_as_configured)
{
	struct actuator_conf pan = servo;
	struct actuator_conf tilt = tilt_conf();
	struct bench *b;

	pan.start = ACTUATOR_START_ZERO;
	b = neck_new(&pan, &tilt);
	bench_run(b, wait_a_bit);
	bench_free(b);
}

Test(actuator, has_its_channel_alone)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);
	struct actuator *third;

	cr_expect(eq(int, chip_add(b->chip, "third", &tilt, &third), -EBUSY));
	bench_free(b);
}

static void blink(struct bench *b)
{
	static const float levels[] = {1, 0.4f, 0.5f, NAN, 7};
	static const int on[] = {1, 0, 1, 0, 1};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		actuator_set(b->pan, levels[i]);
		nap(30 * NS_PER_MS);
		cr_expect(eq(int, gpio_board_level(b->rig.board, "GPIO18"), on[i]), "%g",
			  (double)levels[i]);
	}
	cr_expect(eq(flt, actuator_position(b->pan), 1));
}

Test(actuator, light_is_on_from_half_its_level)
{
	struct actuator_conf light = {.rate_rad_s = (double)NAN};
	struct bench *b = bench_new("gpio_led");

	cr_assert(eq(int, chip_add(b->chip, "led", &light, &b->pan), 0));
	bench_run(b, blink);
	cr_expect(eq(int, gpio_board_level(b->rig.board, "GPIO18"), 0));
	cr_expect(eq(str, (char *)actuator_unit(b->pan), ""));
	bench_free(b);
}

static void point(struct bench *b)
{
	actuator_set(b->pan, 0);
	nap(NS_PER_S);
	cr_expect(fabs(pwm_board_pulse_s(b->rig.pwm, "GPIO18") - 1500e-6) < 1e-9);
	actuator_set(b->pan, NAN);
	nap(NS_PER_S);
	cr_expect(isnan(pwm_board_pulse_s(b->rig.pwm, "GPIO18")));
	actuator_set(b->pan, 0);
	nap(NS_PER_S);
}

Test(actuator, servo_on_an_output_of_the_processor)
{
	struct bench *b = bench_new("pwm_servo");

	cr_assert(eq(int, chip_add(b->chip, "pan", &servo, &b->pan), 0));
	bench_run(b, point);
	cr_expect(isnan(pwm_board_pulse_s(b->rig.pwm, "GPIO18")), "safe at the end");
	bench_free(b);
}
