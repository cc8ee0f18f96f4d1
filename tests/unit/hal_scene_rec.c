/* Recorded trials: read whole, given out one by one, and whatever is wrong with a file is said. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/scene.h"

#define HEADER 96
#define FLOATS 14
#define RECORD (FLOATS * sizeof(float))
#define COUNT 5
#define RATE_HZ 250.0 /* 4 ms */

/* A little trial in memory; each test spoils what it is about. */
struct file {
	uint8_t bytes[HEADER + COUNT * RECORD + 1];
	size_t size;
	char path[64];
};

static void put_u32(struct file *f, size_t at, uint32_t v)
{
	memcpy(f->bytes + at, &v, sizeof(v));
}

static void put_f64(struct file *f, size_t at, double v)
{
	memcpy(f->bytes + at, &v, sizeof(v));
}

static void put_float(struct file *f, uint32_t record, uint32_t column, float v)
{
	memcpy(f->bytes + HEADER + record * RECORD + column * sizeof(v), &v, sizeof(v));
}

static struct file good(void)
{
	struct file f = {.size = HEADER + COUNT * RECORD};

	memcpy(f.bytes, "BROADF32", 8);
	put_u32(&f, 8, 1);
	put_u32(&f, 12, HEADER);
	put_u32(&f, 16, COUNT);
	put_u32(&f, 20, FLOATS);
	put_f64(&f, 24, RATE_HZ);
	memcpy(f.bytes + 32, "little", 6);
	for (uint32_t k = 0; k < COUNT; k++) {
		for (uint32_t i = 0; i < FLOATS; i++)
			put_float(&f, k, i, (float)(100 * k + i));
		put_float(&f, k, 13, k >= 2 ? 1 : 0);
	}
	put_float(&f, 0, 9, NAN);
	return f;
}

static int open_file(struct file *f, char why[SCENE_WHY_MAX], struct scene **ret)
{
	int fd;
	int r;

	(void)snprintf(f->path, sizeof(f->path), "/tmp/scene.XXXXXX");
	fd = mkstemp(f->path);
	cr_assert(ge(int, fd, 0));
	cr_assert(eq(sz, (size_t)write(fd, f->bytes, f->size), f->size));
	(void)close(fd);
	r = scene_rec_open(f->path, why, ret);
	(void)unlink(f->path);
	return r;
}

static struct scene *opened(void)
{
	struct file f = good();
	char why[SCENE_WHY_MAX] = "";
	struct scene *s = NULL;

	cr_assert(eq(int, open_file(&f, why, &s), 0), "%s", why);
	return s;
}

static void refused(struct file f, const char *what)
{
	char why[SCENE_WHY_MAX] = "";
	struct scene *s = NULL;

	cr_expect(eq(int, open_file(&f, why, &s), -EBADMSG), "%s", what);
	cr_expect(eq(ptr, s, NULL));
	cr_expect(eq(int, strncmp(why, f.path, strlen(f.path)), 0), "%s", why);
	cr_expect(ne(ptr, strstr(why, what), NULL), "%s: %s", what, why);
}

Test(scene_rec, header_is_read)
{
	struct scene *s = opened();

	cr_expect(eq(u32, scene_rec_count(s), COUNT));
	cr_expect(eq(dbl, scene_rec_rate_hz(s), RATE_HZ));
	cr_expect(eq(str, (char *)scene_rec_name(s), "little"));
	cr_expect(s->paced);
	scene_free(s);
}

Test(scene_rec, truth_lies_beside_the_data)
{
	struct scene *s = opened();
	struct scene_truth t;

	scene_rec_truth(s, 0, &t);
	cr_expect(isnan(t.quat[0]), "the cameras saw nothing");
	cr_expect(not(t.moving));
	scene_rec_truth(s, 4, &t);
	cr_expect(eq(dbl, t.quat[0], 409));
	cr_expect(eq(dbl, t.quat[3], 412));
	cr_expect(t.moving);
	scene_free(s);
}

Test(scene_rec, records_come_one_by_one_at_their_times)
{
	struct scene *s = opened();
	struct scene_motion m;
	const int64_t t0_ns = 7 * NS_PER_S + 5;

	for (int64_t k = 0; k < COUNT; k++) {
		int64_t t_ns = scene_next_ns(s, 7 * NS_PER_S, k == 0 ? 5 : 99);

		cr_assert(eq(i64, t_ns, t0_ns + k * 4 * NS_PER_MS));
		cr_expect(eq(i64, scene_next_ns(s, t_ns, 1), t_ns), "until measured");
		scene_measure(s, t_ns, &m);
		cr_expect(eq(dbl, m.accel_ms2[2], 100.0 * (double)k + 2));
		cr_expect(eq(dbl, m.gyro_rads[0], 100.0 * (double)k + 3));
		cr_expect(epsilon_eq(dbl, m.mag_t[1], (100.0 * (double)k + 7) * 1e-6,
				     1e-12));
		cr_expect(eq(u32, scene_rec_measured(s), (uint32_t)k + 1));
		cr_expect(eq(i64, scene_rec_index(s, t_ns + NS_PER_MS), k));
	}
	cr_expect(eq(i64, scene_next_ns(s, 0, 1), TIME_NEVER));
	cr_expect(eq(i64, scene_rec_index(s, t0_ns - 3 * NS_PER_MS), -1));
	cr_expect(eq(i64, scene_rec_index(s, t0_ns + 19 * NS_PER_MS), -1));
	scene_free(s);
}

Test(scene_rec, bad_headers)
{
	struct file f = good();

	f.bytes[0] = 'b';
	refused(f, "begins with other than BROADF32");
	f = good();
	put_u32(&f, 8, 2);
	refused(f, "version 2");
	f = good();
	put_u32(&f, 12, 64);
	refused(f, "header of 64 bytes");
	f = good();
	put_u32(&f, 20, 13);
	refused(f, "records of 13 numbers");
	f = good();
	put_u32(&f, 16, 0);
	f.size = HEADER;
	refused(f, "no records");
	f = good();
	memcpy(f.bytes, "VQFREF32", 8);
	refused(f, "no recording");
}

Test(scene_rec, bad_rates)
{
	const double rates[] = {0, -1, 1e9, 1e-300, HUGE_VAL, (double)NAN};

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct file f = good();

		put_f64(&f, 24, rates[i]);
		refused(f, "rate of");
	}
}

Test(scene_rec, bad_lengths)
{
	struct file f = good();

	for (f.size = 0; f.size < HEADER + COUNT * RECORD; f.size++)
		refused(f, "truncated");
	f.size = HEADER + COUNT * RECORD + 1;
	refused(f, "1 bytes too many");
	f = good();
	put_u32(&f, 16, UINT32_MAX);
	refused(f, "4294967295 records");
	put_u32(&f, 16, COUNT - 1);
	refused(f, "56 bytes too many");
}

Test(scene_rec, numbers_that_are_none)
{
	static const char *const names[] = {"acc x", "acc y", "acc z", "gyr x", "gyr y",
					    "gyr z", "mag x", "mag y", "mag z"};

	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		struct file f = good();

		put_float(&f, 3, i, i % 2 ? NAN : INFINITY);
		refused(f, names[i]);
		refused(f, "record 3");
	}
}

Test(scene_rec, what_is_no_file)
{
	char why[SCENE_WHY_MAX];
	char dir[] = "/tmp/scene.XXXXXX";
	char fifo[64];
	struct scene *s;

	cr_expect(eq(int, scene_rec_open("/nowhere/at/all.f32", why, &s), -ENOENT));
	cr_expect(eq(str, why, "/nowhere/at/all.f32: No such file or directory"));
	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	cr_expect(eq(int, scene_rec_open(dir, why, &s), -EISDIR));
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	cr_assert(eq(int, mkfifo(fifo, 0600), 0));
	cr_expect(eq(int, scene_rec_open(fifo, why, &s), -EBADMSG), "and does not hang");
	(void)unlink(fifo);
	(void)rmdir(dir);
}

Test(scene_rec, trials_of_broad)
{
	const char *path =
		INSTINCT_SOURCE "/../shared/data/broad/"
				"09_undisturbed_fast_rotation_with_breaks_B.f32";
	char why[SCENE_WHY_MAX];
	struct scene_truth t;
	struct scene *s;

	if (access(path, R_OK) < 0)
		cr_skip_test("the BROAD trials are not here");
	cr_assert(eq(int, scene_rec_open(path, why, &s), 0), "%s", why);
	cr_expect(eq(str, (char *)scene_rec_name(s),
		     "09_undisturbed_fast_rotation_with_breaks_B"));
	cr_expect(epsilon_eq(dbl, scene_rec_rate_hz(s), 1 / 0.0035, 1e-5));
	scene_rec_truth(s, scene_rec_count(s) / 2, &t);
	cr_expect(epsilon_eq(
		dbl, hypot(hypot(t.quat[0], t.quat[1]), hypot(t.quat[2], t.quat[3])), 1,
		1e-5));
	scene_free(s);
}

/* A byte here and there changed at random: refused, or a recording like any other. */
Test(scene_rec, damaged_at_random)
{
	const unsigned seed = 20211;
	char why[SCENE_WHY_MAX];

	cr_log_info("seed %u", seed);
	srandom(seed);
	for (int i = 0; i < 1000; i++) {
		struct file f = good();
		struct scene *s = NULL;
		int r;

		for (long n = 1 + random() % 4; n > 0; n--)
			f.bytes[(size_t)random() % f.size] = (uint8_t)random();
		if (i % 4 == 0)
			f.size = (size_t)random() % f.size;
		r = open_file(&f, why, &s);
		cr_expect(r == 0 || r == -EBADMSG, "%d: %s", r, why);
		cr_expect(eq(int, r == 0, s != NULL));
		scene_free(s);
	}
}

static int read_slowly(void *arg)
{
	struct scene *s = arg;
	int64_t t_ns = rt_now();
	struct scene_motion m;

	while ((t_ns = scene_next_ns(s, t_ns, NS_PER_MS)) != TIME_NEVER) {
		int r = task_sleep_until(t_ns);

		if (r < 0)
			return r;
		scene_measure(s, t_ns, &m);
	}
	return 0;
}

static int await_end(void *arg)
{
	struct scene *s = arg;
	struct nursery n;
	struct scope hasty;
	int r;

	nursery_open(&n);
	scene_start(s);
	nursery_go(&n, "reader", read_slowly, s);
	scope_enter_after(&hasty, 10 * NS_PER_MS);
	r = scope_leave_timeout(&hasty, scene_rec_wait_end(s));
	cr_expect(eq(int, r, -ETIMEDOUT));
	r = scene_rec_wait_end(s);
	cr_expect(eq(i64, rt_now(), 17 * NS_PER_MS));
	cr_expect(eq(u32, scene_rec_measured(s), COUNT));
	if (r == 0)
		r = scene_rec_wait_end(s);
	scene_stop(s);
	return nursery_close(&n, r);
}

Test(scene_rec, end_can_be_waited_for)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct scene *s = opened();

	cr_expect(eq(int, rt_run(&conf, await_end, s), 0));
	scene_free(s);
}
