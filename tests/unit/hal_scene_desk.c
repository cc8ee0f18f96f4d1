/* The desk: what the sensor feels belongs to one motion, and somebody plays with the robot. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "hal/scene.h"

#define RATE_HZ 200
#define PERIOD_NS (NS_PER_S / RATE_HZ)
#define SEED 7

/* The noise of one sample is at most 3.5 of its deviations. */
#define ACCEL_NOISE_MAX_MS2 0.15
#define GYRO_NOISE_MAX_RADS 0.004

static struct scene *desk_new(uint64_t seed)
{
	struct scene_desk_conf conf = {.seed = seed};
	struct scene *s = NULL;

	cr_assert(eq(int, scene_desk_new(&conf, &s), 0));
	return s;
}

static int run(int (*body)(void *), void *arg)
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	return rt_run(&conf, body, arg);
}

static double norm(const double v[3])
{
	return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

/* The earth vector @v in the axes of a body turned by @q. */
static void turn_back(const double q[4], const double v[3], double ret[3])
{
	double w = q[0];
	double x = -q[1];
	double y = -q[2];
	double z = -q[3];
	double t[3] = {2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]),
		       2 * (x * v[1] - y * v[0])};

	ret[0] = v[0] + w * t[0] + y * t[2] - z * t[1];
	ret[1] = v[1] + w * t[1] + z * t[0] - x * t[2];
	ret[2] = v[2] + w * t[2] + x * t[1] - y * t[0];
}

/* The rate about the body's axes that turns @from into @to, nearly equal, in @dt_s. */
static void rate_between(const double from[4], const double to[4], double dt_s,
			 double ret[3])
{
	const double *a = from;
	const double *b = to;

	ret[0] = 2 / dt_s * (a[0] * b[1] - a[1] * b[0] - a[2] * b[3] + a[3] * b[2]);
	ret[1] = 2 / dt_s * (a[0] * b[2] + a[1] * b[3] - a[2] * b[0] - a[3] * b[1]);
	ret[2] = 2 / dt_s * (a[0] * b[3] - a[1] * b[2] + a[2] * b[1] - a[3] * b[0]);
}

/* What the sensor would feel, from poses alone. */
static void felt(const struct scene *s, int64_t t_ns, double ret_accel[3],
		 double ret_gyro[3])
{
	const int64_t d_ns = 50 * NS_PER_US;
	const double d_s = 50e-6;
	struct scene_pose before;
	struct scene_pose now;
	struct scene_pose after;
	double force[3];

	scene_desk_pose(s, t_ns - d_ns, &before);
	scene_desk_pose(s, t_ns, &now);
	scene_desk_pose(s, t_ns + d_ns, &after);
	for (int i = 0; i < 3; i++)
		force[i] = (before.position_m[i] - 2 * now.position_m[i] +
			    after.position_m[i]) /
			   (d_s * d_s);
	force[2] += 9.80665;
	turn_back(now.quat, force, ret_accel);
	rate_between(before.quat, after.quat, 2 * d_s, ret_gyro);
}

static int consistent(void *arg)
{
	struct scene *s = desk_new(SEED);
	struct scene_motion first;
	double worst_accel = 0;
	double worst_gyro = 0;
	double most_gyro = 0;

	(void)arg;
	scene_start(s);
	scene_measure(s, NS_PER_S, &first); /* at rest: the bias, and noise */
	for (int64_t t_ns = NS_PER_S; t_ns < 24 * NS_PER_S; t_ns += PERIOD_NS) {
		struct scene_motion m;
		double accel[3];
		double gyro[3];

		scene_measure(s, t_ns, &m);
		felt(s, t_ns, accel, gyro);
		for (int i = 0; i < 3; i++) {
			accel[i] -= m.accel_ms2[i];
			gyro[i] -= m.gyro_rads[i] - first.gyro_rads[i];
		}
		worst_accel = fmax(worst_accel, norm(accel));
		worst_gyro = fmax(worst_gyro, norm(gyro));
		most_gyro = fmax(most_gyro, norm(m.gyro_rads));
	}
	cr_expect(lt(dbl, worst_accel, 2 * ACCEL_NOISE_MAX_MS2));
	cr_expect(lt(dbl, worst_gyro, 4 * GYRO_NOISE_MAX_RADS));
	cr_expect(gt(dbl, most_gyro, 3), "it was shaken");
	scene_stop(s);
	scene_free(s);
	return 0;
}

Test(scene_desk, accel_and_gyro_tell_of_one_motion)
{
	cr_expect(eq(int, run(consistent, NULL), 0));
}

/* Half the angle of the lean: 1 is upright. */
static double upright(const struct scene_pose *p)
{
	return hypot(p->quat[0], p->quat[3]);
}

static int played_with(void *arg)
{
	struct scene *s = desk_new(SEED);
	double highest_m = 0;
	double lean = 1;
	unsigned strong = 0;

	(void)arg;
	scene_start(s);
	for (int64_t t_ns = 0; t_ns < 5 * NS_PER_S; t_ns += PERIOD_NS) {
		struct scene_motion m;
		struct scene_pose p;

		scene_measure(s, t_ns, &m);
		scene_desk_pose(s, t_ns, &p);
		highest_m = fmax(highest_m, p.position_m[2]);
		lean = fmin(lean, upright(&p));
		if (t_ns >= 3800 * NS_PER_MS && t_ns < 4300 * NS_PER_MS)
			strong += norm(m.accel_ms2) > 13;
		if (t_ns < 2 * NS_PER_S) {
			cr_expect(epsilon_eq(dbl, norm(m.accel_ms2), 9.80665, 0.3));
			cr_expect(lt(dbl, norm(m.gyro_rads), 2 * M_PI / 180));
		}
	}
	cr_expect(gt(dbl, highest_m, 0.2), "picked up");
	cr_expect(lt(dbl, lean, cos(M_PI / 12)), "tilted by more than 30 degrees");
	cr_expect(ge(uint, strong, RATE_HZ / 2 * 3 / 4),
		  "shaken: 3/4 of half a second above 13 m/s^2");
	scene_stop(s);
	scene_free(s);
	return 0;
}

Test(scene_desk, within_five_seconds_it_is_lifted_tilted_and_shaken)
{
	cr_expect(eq(int, run(played_with, NULL), 0));
}

static int put_down(void *arg)
{
	struct scene *s = desk_new(SEED);
	struct scene_pose p;

	(void)arg;
	scene_start(s);
	for (int64_t t_ns = 7 * NS_PER_S; t_ns < 14 * NS_PER_S; t_ns += PERIOD_NS) {
		scene_desk_pose(s, t_ns, &p);
		cr_expect(epsilon_eq(dbl, p.position_m[2], 0, 1e-9));
		cr_expect(epsilon_eq(dbl, p.quat[0], 1, 1e-9));
	}
	scene_desk_pose(s, 16 * NS_PER_S, &p);
	cr_expect(gt(dbl, p.position_m[2], 0.2), "every twelve seconds");
	scene_stop(s);
	scene_free(s);
	return 0;
}

Test(scene_desk, put_down_it_stands_as_before)
{
	cr_expect(eq(int, run(put_down, NULL), 0));
}

static int same_seed(void *arg)
{
	struct scene *scenes[] = {desk_new(1), desk_new(1), desk_new(2)};
	struct scene_motion m[3];

	(void)arg;
	for (int64_t t_ns = 0; t_ns < NS_PER_S; t_ns += PERIOD_NS) {
		for (int i = 0; i < 3; i++)
			scene_measure(scenes[i], t_ns, &m[i]);
		cr_expect(eq(dbl, m[0].gyro_rads[1], m[1].gyro_rads[1]));
		cr_expect(eq(dbl, m[0].accel_ms2[0], m[1].accel_ms2[0]));
		cr_expect(ne(dbl, m[0].gyro_rads[1], m[2].gyro_rads[1]));
	}
	for (int i = 0; i < 3; i++)
		scene_free(scenes[i]);
	return 0;
}

Test(scene_desk, equal_seeds_give_equal_scenes)
{
	cr_expect(eq(int, run(same_seed, NULL), 0));
}

Test(scene_desk, samples_follow_the_chips_rate)
{
	struct scene *s = desk_new(SEED);

	cr_expect(eq(i64, scene_next_ns(s, 3 * NS_PER_S, PERIOD_NS),
		     3 * NS_PER_S + PERIOD_NS));
	cr_expect(not(s->paced));
	scene_free(s);
}

static int touches(void *arg)
{
	struct gpio_board *board = gpio_board_new();
	struct scene_desk_conf conf = {
		.seed = SEED, .board = board, .touch_line = "head"};
	struct gpio_request req = {.line = "head", .edge = GPIO_EDGE_BOTH};
	struct gpio_line *line = NULL;
	struct gpio_event e[6] = {0};
	struct scene *s = NULL;

	(void)arg;
	cr_assert(eq(int, scene_desk_new(&conf, &s), 0));
	cr_assert(eq(int, gpio_open(gpio_board_provider(board), &req, &line), 0));
	scene_start(s);
	for (int i = 0; i < 6; i++) {
		cr_assert(eq(int, gpio_wait(line, &e[i]), 0));
		cr_expect(eq(int, e[i].level, i % 2 == 0));
		cr_expect(eq(i64, e[i].t_ns, rt_now()));
	}
	cr_expect(eq(i64, e[0].t_ns, 1500 * NS_PER_MS));
	cr_expect(eq(i64, e[1].t_ns, 1900 * NS_PER_MS));
	for (int i = 2; i < 6; i += 2) {
		int64_t nominal_ns = e[0].t_ns + (int64_t)i / 2 * 7 * NS_PER_S;

		cr_expect(le(i64, llabs(e[i].t_ns - nominal_ns), 700 * NS_PER_MS));
		cr_expect(eq(i64, e[i + 1].t_ns - e[i].t_ns, 400 * NS_PER_MS));
	}
	scene_stop(s);
	cr_expect(eq(int, task_sleep(60 * NS_PER_S), 0));
	cr_expect(not(gpio_board_level(board, "head")), "nobody touches it any more");
	gpio_close(line);
	scene_free(s);
	gpio_board_free(board);
	return 0;
}

Test(scene_desk, head_is_touched)
{
	cr_expect(eq(int, run(touches, NULL), 0));
}

Test(scene_desk, line_name_too_long_is_refused)
{
	struct gpio_board *board = gpio_board_new();
	struct scene_desk_conf conf = {
		.board = board, .touch_line = "a name that is far too long for a line"};
	struct scene *s = NULL;

	cr_expect(eq(int, scene_desk_new(&conf, &s), -EINVAL));
	cr_expect(eq(ptr, s, NULL));
	gpio_board_free(board);
}
