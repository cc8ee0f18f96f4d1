/*
 * What hardware costs: an inertial sensor at 1 kHz, and how long an edge takes to become a value.
 *
 * Both run on the real clock. Neither has a kernel driver below it, as a machine without I2C and GPIO has none:
 * - hw.khz_cpu_pct is the processor time of the whole process, the model of the chip included, which a real
 *   robot has not; the system calls of a real bus are not in it.
 * - hw.edge_p99_us is from a time stamp, taken by another thread just before it writes to a pipe, to a task that
 *   waits for the value: through descriptor, loop, sensor, transaction and waking up. The pipe stands for the
 *   kernel's queue of edges; the interrupt and the kernel's stamping of it are missing.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "daemon/app/hardware.h"
#include "daemon/app/senses.h"
#include "daemon/base/log.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/rt.h"
#include "daemon/state/await.h"
#include "drivers/core/sensor.h"

#define CONFIG INSTINCT_SOURCE "/bench/app_hw.jsonc"
#define WARM_UP_NS (1500 * NS_PER_MS)
#define MEASURE_NS (5 * NS_PER_S)
#define EDGES 2000
#define EDGE_GAP_NS (2 * NS_PER_MS)

static void give_up(const char *what, int r)
{
	fprintf(stderr, "app_hw: %s: error %d\n", what, r);
	exit(1);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* A task that waits for each change of a value. */
struct reader {
	struct value *value;
	unsigned long seen;
	void (*on_change)(void *arg);
	void *arg;
};

static int follow(void *arg)
{
	struct reader *reader = arg;
	const struct pred any = {.op = PRED_CHANGED};

	for (;;) {
		int r = value_await_transition(reader->value, &any, NULL, NULL, NULL);

		if (r < 0)
			return r;
		reader->seen++;
		if (reader->on_change)
			reader->on_change(reader->arg);
	}
}

/* Percent of a core. */
static double khz_pct(struct senses *senses, struct hardware *hw, struct world *world)
{
	struct reader reader = {.value = world_find(world, "imu.accel")};
	uint64_t before;
	int64_t start_ns;
	int64_t used_ns;
	struct nursery n;

	if (!reader.value)
		give_up("imu.accel", 0);
	nursery_open(&n);
	senses_go(senses, &n);
	hardware_start(hw);
	nursery_go(&n, "reader", follow, &reader);
	(void)!task_sleep(WARM_UP_NS);
	before = value_version(reader.value);
	start_ns = bench_now_ns();
	used_ns = cpu_ns();
	(void)!task_sleep(MEASURE_NS);
	used_ns = cpu_ns() - used_ns;
	start_ns = bench_now_ns() - start_ns;
	nursery_cancel(&n, "measured");
	(void)!nursery_close(&n, 0);
	before = value_version(reader.value) - before;
	/* Noise makes every sample another one. */
	if (reader.seen == 0 || (double)before < 0.95 * (double)start_ns / NS_PER_MS)
		give_up("samples are missing", (int)before);
	return 100.0 * (double)used_ns / (double)start_ns;
}

static int run_khz(void *arg)
{
	const char *paths[] = {CONFIG};
	struct conf_errors errs = {0};
	struct config *conf;
	struct hardware *hw = NULL;
	struct senses *senses = NULL;
	struct world *world;
	int r = config_read(paths, 1, &errs, &conf);

	if (r == 0)
		r = hardware_open(conf, HARDWARE_AS_CONFIGURED, NULL, &hw);
	if (r < 0)
		give_up("robot", r);
	world = world_new();
	r = world ? senses_new(conf, hw, world, &errs, &senses) : -ENOMEM;
	if (r < 0)
		give_up("senses", r);
	*(double *)arg = khz_pct(senses, hw, world);
	senses_free(senses);
	world_free(world);
	hardware_close(hw);
	config_free(conf);
	conf_errors_fini(&errs);
	return 0;
}

/* A line whose edges come through a pipe, as those of Linux come through a descriptor of the kernel. */
struct pipe_line {
	struct gpio_provider provider;
	struct gpio_line line;
	int fd[2];
	bool level;
};

static int pipe_get(struct gpio_line *line)
{
	return container_of(line, struct pipe_line, line)->level;
}

static int pipe_wait(struct gpio_line *line, struct gpio_event *ret)
{
	struct pipe_line *l = container_of(line, struct pipe_line, line);
	int r = fd_wait_kept(l->fd[0]);

	if (r < 0)
		return r;
	if (read(l->fd[0], ret, sizeof(*ret)) != sizeof(*ret))
		return -EIO;
	l->level = ret->level;
	return 0;
}

static void pipe_close(struct gpio_line *line)
{
	fd_forget(container_of(line, struct pipe_line, line)->fd[0]);
}

static int pipe_open(struct gpio_provider *p, const struct gpio_request *req,
		     struct gpio_line **ret)
{
	static const struct gpio_ops ops = {
		.get = pipe_get, .wait = pipe_wait, .close = pipe_close};
	struct pipe_line *l = container_of(p, struct pipe_line, provider);

	(void)req;
	l->line.ops = &ops;
	*ret = &l->line;
	return 0;
}

/* The hardware: edges from another thread, while the loop sleeps. */
static void *make_edges(void *arg)
{
	const struct pipe_line *l = arg;

	for (int i = 0; i < EDGES; i++) {
		const struct timespec gap = {.tv_nsec = EDGE_GAP_NS +
							i % 7 * INT64_C(100000)};
		struct gpio_event e = {.level = i % 2 == 0};

		nanosleep(&gap, NULL);
		e.t_ns = bench_now_ns();
		if (write(l->fd[1], &e, sizeof(e)) != sizeof(e))
			give_up("edge", errno);
	}
	return NULL;
}

struct edges {
	struct value *value;
	int64_t late_ns[EDGES];
	size_t n;
	struct nursery *nursery;
};

static void on_samples(void *arg, const struct sample *s, unsigned n)
{
	const struct edges *e = arg;
	const struct datum d = datum_bool(s->v[0] != 0);

	(void)n;
	(void)value_set_at(e->value, &d, s->t_ns);
}

static void on_change(void *arg)
{
	struct edges *e = arg;

	e->late_ns[e->n++] = bench_now_ns() - value_sample_ns(e->value);
	if (e->n == EDGES)
		nursery_cancel(e->nursery, "measured");
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void check(const char *what, int r)
{
	if (r < 0)
		give_up(what, r);
}

static int run_edges(void *arg)
{
	const struct value_info info = {.name = "head.touched"};
	struct sensor_conf conf = {.mount = mount_identity};
	struct pipe_line line = {.provider = {.name = "pipe", .open = pipe_open}};
	struct device_ports ports = {.gpio = &line.provider};
	struct edges *e = arg;
	struct sensor_sink sink = {.samples = on_samples, .arg = e};
	struct reader reader = {.on_change = on_change, .arg = e};
	struct sensor *sensor;
	struct nursery n;
	pthread_t thread;

	check("pipe", pipe(line.fd));
	check("value", value_new(&info, &e->value));
	conf.device.chip = driver_find("gpio_button");
	conf_defaults(conf.device.chip->conf, conf.device.settings);
	(void)snprintf(conf.device.line, sizeof(conf.device.line), "pipe");
	sensor = sensor_new("head", &conf, &ports, &sink);
	if (!sensor)
		give_up("sensor", -ENOMEM);
	reader.value = e->value;
	nursery_open(&n);
	e->nursery = &n;
	nursery_go(&n, "head", sensor_run, sensor);
	check("start",
	      task_sleep(100 * NS_PER_MS)); /* the level at the start is no edge */
	nursery_go(&n, "reader", follow, &reader);
	check("start", task_sleep(100 * NS_PER_MS));
	check("thread", -pthread_create(&thread, NULL, make_edges, &line));
	(void)!nursery_close(&n, 0);
	pthread_join(thread, NULL);
	sensor_free(sensor);
	value_free(e->value);
	close(line.fd[0]);
	close(line.fd[1]);
	return 0;
}

int main(int argc, char **argv)
{
	const struct rt_conf conf = {.slow_step_ns = -1};

	log_set_level(LOG_LEVEL_ERR);
	bench_begin(argc, argv);
	if (bench_wants("hw.khz_cpu_pct")) {
		double pct = (double)NAN;

		if (rt_run(&conf, run_khz, &pct) < 0)
			return 1;
		bench_report("hw.khz_cpu_pct", pct, "%", NULL, 0);
	}
	if (bench_wants("hw.edge_p99_us")) {
		static struct edges e;
		int64_t p50_ns, p99_ns;

		if (rt_run(&conf, run_edges, &e) < 0 || e.n != EDGES)
			return 1;
		qsort(e.late_ns, EDGES, sizeof(e.late_ns[0]), by_size);
		p50_ns = e.late_ns[EDGES / 2];
		p99_ns = e.late_ns[EDGES * 99 / 100];
		bench_report("hw.edge_p50_us", 1e-3 * (double)p50_ns, "us", NULL, 0);
		bench_report("hw.edge_p99_us", 1e-3 * (double)p99_ns, "us", NULL, 0);
	}
	return 0;
}
