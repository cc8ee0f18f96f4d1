/* A sensor in its nursery while a script plays with its chip, and all that came out of it. */
#ifndef TESTS_DRIVER_SENSOR_RIG_H
#define TESTS_DRIVER_SENSOR_RIG_H
#include <stdlib.h>

#include "tests/driver/rig.h"

#define KEPT_MAX 4000

/* A sensor in its nursery, and all that came out of it. */
struct bench {
	struct rig rig;
	struct sensor_conf conf;
	struct sensor *sensor;
	const struct sensor_tap *tap;
	const char *role;
	void (*script)(struct bench *b); /* the sensor ends after it */

	struct sample sample[KEPT_MAX];
	int64_t got_ns[KEPT_MAX]; /* when they came */
	size_t n;
	enum device_state state[64];
	int64_t state_ns[64];
	size_t n_states;
};

static inline void keep_samples(void *arg, const struct sample *s, unsigned n)
{
	struct bench *b = arg;

	for (unsigned i = 0; i < n && b->n < KEPT_MAX; i++) {
		b->got_ns[b->n] = rt_now();
		b->sample[b->n++] = s[i];
	}
}

static inline void keep_health(void *arg, const struct device_health *health)
{
	struct bench *b = arg;

	if (b->n_states == ARRAY_LEN(b->state))
		return;
	b->state_ns[b->n_states] = rt_now();
	b->state[b->n_states++] = health->state;
}

static inline void play(void *arg)
{
	struct bench *b = arg;

	b->script(b);
}

static inline int live(void *arg)
{
	struct bench *b = arg;

	rig_live(&b->rig, b->sensor, rig_model(&b->rig, b->conf.device.driver), play, b);
	return 0;
}

static inline struct bench *bench_new_at(const char *driver, uint32_t clock_hz)
{
	struct bench *b = calloc(1, sizeof(*b));

	cr_assert(b != NULL);
	rig_open(&b->rig, clock_hz);
	rig_conf(driver_find(driver), &b->conf.device);
	b->conf.mount = mount_identity;
	b->role = "imu";
	return b;
}

static inline struct bench *bench_new(const char *driver)
{
	return bench_new_at(driver, 400000);
}

static inline void bench_run(struct bench *b, void (*script)(struct bench *b))
{
	struct device_ports ports = rig_ports(&b->rig);
	struct sensor_sink sink = {keep_samples, keep_health, b};

	b->script = script;
	b->sensor = sensor_new(b->role, &b->conf, &ports, &sink);
	cr_assert(b->sensor != NULL);
	sensor_set_tap(b->sensor, b->tap);
	rig_run_logged(&b->rig, &rig_virtual, live, b);
}

static inline void bench_free(struct bench *b)
{
	sensor_free(b->sensor);
	rig_close(&b->rig);
	free(b);
}

static inline void plug(struct bench *b)
{
	emul_reset(rig_model(&b->rig, "mpu6050"));
	rig_plug(&b->rig, "mpu6050");
}

static inline void unplug(struct bench *b)
{
	rig_unplug(&b->rig, "mpu6050");
}

static inline void second(struct bench *b)
{
	plug(b);
	nap(NS_PER_S);
	unplug(b);
}

/* Samples of one channel. */
static inline size_t count(const struct bench *b, enum chan chan)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->sample[i].chan == chan;
	return n;
}

#endif
