/* A chip with actuators in its nursery while a script commands them, and what was written to it. */
#ifndef TESTS_DRIVER_ACTUATOR_RIG_H
#define TESTS_DRIVER_ACTUATOR_RIG_H
#include <math.h>
#include <stdlib.h>

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
	struct chip *chip;
	struct actuator *pan;
	struct actuator *tilt;
	void (*script)(struct bench *b);
	struct write write[1000];
	size_t n;
};

static inline void keep_write(void *arg, const struct actuator *a, float value,
			      const uint8_t *raw, size_t len)
{
	struct bench *b = arg;

	cr_expect(len > 0 && raw != NULL);
	if (b->n < ARRAY_LEN(b->write))
		b->write[b->n++] = (struct write){a, value, rt_now()};
}

static inline int run_script(void *arg)
{
	struct bench *b = arg;
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "chip", chip_run, b->chip);
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

/* The chip @role as @conf has it; @peers: where it finds services, or NULL. The caller frees it. */
static inline struct bench *bench_of(const char *role, const struct device_conf *conf,
				     struct peer_port *peers)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct device_ports ports;
	struct chip_watch watch = {.written = keep_write, .arg = b};

	cr_assert(b != NULL);
	rig_open(&b->rig, 0);
	ports = rig_ports(&b->rig);
	ports.peers = peers;
	b->chip = chip_new(role, conf, &ports, &watch);
	cr_assert(b->chip != NULL);
	return b;
}

static inline struct bench *bench_new(const char *driver)
{
	struct device_conf conf;

	rig_conf(driver_find(driver), &conf);
	(void)snprintf(conf.line, sizeof(conf.line), "GPIO18");
	return bench_of("pwm0", &conf, NULL);
}

static inline struct bench *neck_new(const struct actuator_conf *pan,
				     const struct actuator_conf *tilt)
{
	struct bench *b = bench_new("pca9685");

	cr_assert(eq(int, chip_add(b->chip, "pan", pan, &b->pan), 0));
	cr_assert(eq(int, chip_add(b->chip, "tilt", tilt, &b->tilt), 0));
	rig_plug(&b->rig, "pca9685");
	return b;
}

static inline void bench_run(struct bench *b, void (*script)(struct bench *b))
{
	b->script = script;
	rig_run_logged(&b->rig, &rig_virtual, run_script, b);
}

static inline void bench_free(struct bench *b)
{
	rig_unplug(&b->rig, "pca9685");
	chip_free(b->chip);
	rig_close(&b->rig);
	free(b);
}

/* The pulse at @channel, us; NaN without pulses. */
static inline double pulse_us(const struct bench *b, unsigned channel)
{
	return emul_pulse_s(rig_model(&b->rig, "pca9685"), channel) * 1e6;
}

/* One count of 4096 at 50 Hz is 4.9 us. */
#define PULSE(channel, us)                                                               \
	cr_expect(fabs(pulse_us(b, channel) - (us)) < 2.5, "%g us is not %g us",         \
		  pulse_us(b, channel), (double)(us))

static inline struct actuator_conf tilt_conf(void)
{
	struct actuator_conf tilt = servo;

	tilt.channel = 1;
	tilt.rate_rad_s = (double)NAN;
	return tilt;
}

#endif
