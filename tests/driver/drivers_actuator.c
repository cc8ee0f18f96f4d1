/* Actuators: from a target to pulses on the wire. */
#include <math.h>
#include <stdio.h>

#include <stdatomic.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/watchdog.h"
#include "drivers/core/actuator.h"
#include "tests/driver/rig.h"

#define DEG (M_PI / 180)

struct write {
	const struct actuator *a;
	float value;
	int64_t t_ns;
};

struct bench {
	struct rig rig;
	struct device_conf conf;
	struct chip *chip;
	struct actuator *pan;
	struct actuator *tilt;
	void (*script)(struct bench *b);
	struct write write[1000];
	size_t n;
	char log[4096];
};

static void keep_write(void *arg, const struct actuator *a, float value,
		       const uint8_t *raw, size_t len)
{
	struct bench *b = arg;

	cr_expect(len > 0 && raw != NULL);
	if (b->n < ARRAY_LEN(b->write))
		b->write[b->n++] = (struct write){a, value, rt_now()};
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
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "pwm0", chip_run, b->chip);
	b->script(b);
	nursery_cancel(&n, "the script is over");
	return nursery_close(&n, 0);
}

static const struct actuator_conf servo = {
	.channel = 0,
	.pulse_s = {600e-6, 2400e-6},
	.range_rad = {-60 * DEG, 60 * DEG},
	.rate_rad_s = 180 * DEG,
};

static struct bench *bench_new(const char *driver)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct device_ports ports;
	struct chip_watch watch = {.written = keep_write, .arg = b};

	cr_assert(b != NULL);
	rig_open(&b->rig, 0);
	ports = rig_ports(&b->rig);
	rig_conf(driver_find(driver), &b->conf);
	(void)snprintf(b->conf.line, sizeof(b->conf.line), "GPIO18");
	b->chip = chip_new("pwm0", &b->conf, &ports, &watch);
	cr_assert(b->chip != NULL);
	return b;
}

static struct bench *neck_new(const struct actuator_conf *pan,
			      const struct actuator_conf *tilt)
{
	struct bench *b = bench_new("pca9685");

	cr_assert(eq(int, chip_add(b->chip, "pan", pan, &b->pan), 0));
	cr_assert(eq(int, chip_add(b->chip, "tilt", tilt, &b->tilt), 0));
	rig_plug(&b->rig, "pca9685");
	return b;
}

static void bench_run(struct bench *b, void (*script)(struct bench *b))
{
	b->script = script;
	log_set_sink(keep_log, b);
	cr_assert(eq(int, rig_run(run_script, b), 0));
	log_set_sink(NULL, NULL);
}

static void bench_free(struct bench *b)
{
	rig_unplug(&b->rig, "pca9685");
	chip_free(b->chip);
	rig_close(&b->rig);
	free(b);
}

static void nap(int64_t ns)
{
	(void)!task_sleep(ns);
}

/* The pulse at @channel, us; NaN without pulses. */
static double pulse_us(const struct bench *b, unsigned channel)
{
	return emul_pulse_s(rig_model(&b->rig, "pca9685"), channel) * 1e6;
}

/* One count of 4096 at 50 Hz is 4.9 us. */
#define PULSE(channel, us)                                                               \
	cr_expect(fabs(pulse_us(b, channel) - (us)) < 2.5, "%g us is not %g us",         \
		  pulse_us(b, channel), (double)(us))

static struct actuator_conf tilt_conf(void)
{
	struct actuator_conf tilt = servo;

	tilt.channel = 1;
	tilt.rate_rad_s = (double)NAN;
	return tilt;
}

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
	cr_expect(strstr(b->log, "pwm0: running -> failing: no answer at 0x40 (ENXIO), "
				 "retry 1 in 100 ms") != NULL,
		  "%s", b->log);
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
	cr_expect(strstr(b->log, "0x40 has lost its settings (MODE1 is 0x11)") != NULL,
		  "%s", b->log);
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
	cr_expect(strstr(b->log, "pwm0: the safe state was not sent") != NULL, "%s",
		  b->log);
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

/* The watchdog of a real robot, in short. */
struct guard {
	struct chip *chip;
	atomic_int result; /* 1: not yet */
};

static void on_stuck(void *arg, const char *task)
{
	struct guard *g = arg;

	(void)task;
	atomic_store(&g->result, chip_safe_now(g->chip));
}

/* A task that keeps the loop until somebody else has acted: no time-out could be right for a loaded machine. */
static void keep_the_loop(struct guard *g)
{
	atomic_store(&g->result, 1);
	while (atomic_load(&g->result) == 1)
		;
	cr_expect(eq(int, atomic_load(&g->result), 0));
}

static void get_stuck(struct bench *b, void (*check)(struct bench *b))
{
	struct guard g = {.chip = b->chip};
	const struct watchdog_conf conf = {
		.limit_ns = 20 * NS_PER_MS, .on_stuck = on_stuck, .arg = &g};
	struct watchdog *w;

	cr_assert(eq(int, watchdog_open(&conf, &w), 0));
	keep_the_loop(&g);
	check(b);
	watchdog_close(w);
}

static void outputs_are_limp(struct bench *b)
{
	cr_expect(isnan(pulse_us(b, 0)), "while the loop was stuck");
	PULSE(1, 1500);
}

static void stuck_with_servos(struct bench *b)
{
	actuator_set(b->pan, 0);
	actuator_set(b->tilt, 0);
	while (isnan(pulse_us(b, 0)) || isnan(pulse_us(b, 1)))
		nap(NS_PER_MS);
	get_stuck(b, outputs_are_limp);
	/* The loop goes on: what was commanded before does not come back by itself. */
	nap(50 * NS_PER_MS);
	outputs_are_limp(b);
	actuator_set(b->pan, (float)(30 * DEG));
	cr_expect(isnan(actuator_position(b->pan)));
	while (isnan(pulse_us(b, 0)))
		nap(NS_PER_MS);
	cr_expect(pulse_us(b, 0) < 1700, "not faster than its rate");
}

/* On the real clock, on which alone a loop can be stuck. */
static void bench_run_real(struct bench *b, void (*script)(struct bench *b))
{
	const struct rt_conf conf = {.slow_step_ns = -1};

	b->script = script;
	log_set_sink(keep_log, b);
	cr_assert(eq(int, rt_run(&conf, run_script, b), 0));
	log_set_sink(NULL, NULL);
}

Test(actuator, S5_is_made_safe_while_the_loop_is_stuck)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b;

	tilt.safe = ACTUATOR_HOLD;
	b = neck_new(&servo, &tilt);
	bench_run_real(b, stuck_with_servos);
	bench_free(b);
}

static void neither_is_driven(struct bench *b)
{
	cr_expect(isnan(pulse_us(b, 0)) && isnan(pulse_us(b, 1)));
	cr_expect(isnan(actuator_position(b->pan)) && isnan(actuator_target(b->tilt)));
}

/* One write waits for the bus, the next for its task, when the loop stops. */
static void stuck_while_writing(struct bench *b)
{
	unsigned before;

	nap(50 * NS_PER_MS); /* set up */
	before = b->rig.spy.transfers;
	b->rig.spy.hold_ns = 30 * NS_PER_MS;
	actuator_set(b->pan, 0);
	actuator_set(b->tilt, 0);
	nap(NS_PER_MS);
	cr_assert(gt(uint, b->rig.spy.transfers, before), "the first is under way");
	get_stuck(b, neither_is_driven);
	nap(50 * NS_PER_MS);
	neither_is_driven(b);
	actuator_set(b->tilt, 0);
	while (isnan(pulse_us(b, 1)))
		nap(NS_PER_MS);
	cr_expect(isnan(pulse_us(b, 0)));
}

Test(actuator, S5_nothing_that_waited_drives_it_again)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run_real(b, stuck_while_writing);
	bench_free(b);
}

static void line_is_off(struct bench *b)
{
	cr_expect(eq(int, gpio_board_level(b->rig.board, "GPIO18"), 0));
}

static void stuck_with_a_line(struct bench *b)
{
	actuator_set(b->pan, 1);
	while (!gpio_board_level(b->rig.board, "GPIO18"))
		nap(NS_PER_MS);
	get_stuck(b, line_is_off);
	nap(50 * NS_PER_MS);
	line_is_off(b);
}

static void stuck_with_pulses(struct bench *b)
{
	actuator_set(b->pan, 0);
	while (isnan(pwm_board_pulse_s(b->rig.pwm, "GPIO18")))
		nap(NS_PER_MS);
	get_stuck(b, line_is_off);
	cr_expect(isnan(pwm_board_pulse_s(b->rig.pwm, "GPIO18")));
}

Test(actuator, S5_lines_and_pwm_outputs_too)
{
	static const struct {
		const char *driver;
		void (*script)(struct bench *b);
	} rows[] = {{"gpio_out", stuck_with_a_line}, {"pwm_servo", stuck_with_pulses}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct actuator_conf conf = servo;
		struct bench *b = bench_new(rows[i].driver);

		cr_assert(eq(int, chip_add(b->chip, "it", &conf, &b->pan), 0));
		bench_run_real(b, rows[i].script);
		bench_free(b);
	}
}

static void gone_when_stuck(struct bench *b)
{
	actuator_set(b->tilt, 0);
	nap(NS_PER_MS);
	rig_unplug(&b->rig, "pca9685");
	cr_expect(eq(int, chip_safe_now(b->chip), -ENXIO));
}

Test(actuator, says_that_a_chip_was_not_made_safe)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, gone_when_stuck);
	bench_free(b);
}
