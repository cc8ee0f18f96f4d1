/* What keeps actuators safe while the loop is stuck (S5): another thread writes their safe values. */
#include <stdatomic.h>

#include "daemon/rt/watchdog.h"
#include "tests/driver/actuator_rig.h"

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
	while (atomic_load(&g->result) == 1)
		;
	cr_expect(eq(int, atomic_load(&g->result), 0));
}

static void get_stuck(struct bench *b, void (*check)(struct bench *b))
{
	/* On a starved machine it may be seen before it is meant to be. */
	struct guard g = {.chip = b->chip, .result = 1};
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
	rig_run_logged(&b->rig, &conf, run_script, b);
}

Test(stuck, S5_is_made_safe_while_the_loop_is_stuck)
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

	while (chip_health(b->chip).state != DEVICE_RUNNING)
		nap(NS_PER_MS);
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

Test(stuck, S5_nothing_that_waited_drives_it_again)
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

Test(stuck, S5_lines_and_pwm_outputs_too)
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

Test(stuck, says_that_a_chip_was_not_made_safe)
{
	struct actuator_conf tilt = tilt_conf();
	struct bench *b = neck_new(&servo, &tilt);

	bench_run(b, gone_when_stuck);
	bench_free(b);
}
