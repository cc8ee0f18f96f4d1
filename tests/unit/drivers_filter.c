/* Filters against numbers computed elsewhere. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/core/filter.h"
#include "tests/seed.h"

#define STEP_NS (10 * NS_PER_MS)
#define HELD ((double)NAN) /* held back */

static int read_filters(const char *text, struct filters_conf *ret)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	struct conf_at at;
	char object[400];
	int r;

	(void)snprintf(object, sizeof(object), "{\"filters\": %s}", text);
	cr_assert(eq(int, json_doc_parse(&doc, object, strlen(object), "t", &errs), 0));
	root = conf_root(&doc, &errs);
	at = conf_child(&root, "filters");
	r = filters_read(&at, ret);
	cr_expect(eq(int, errs.n > 0, r < 0));
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	return r;
}

static struct filters *make(const char *text)
{
	struct filters_conf conf;
	struct filters *f;

	cr_assert(eq(int, read_filters(text, &conf), 0), "%s", text);
	f = filters_new(&conf);
	cr_assert(f != NULL);
	return f;
}

/* Feed @n samples of pressure, @step_ns apart; HELD in @want: it does not pass. */
static void check(const char *text, int64_t step_ns, const double *in, const double *want,
		  size_t n, double eps)
{
	struct filters *f = make(text);

	for (size_t i = 0; i < n; i++) {
		struct sample s = {.t_ns = (int64_t)i * step_ns,
				   .chan = CHAN_PRESSURE,
				   .v = {(float)in[i]}};
		bool passed = filters_apply(f, &s);

		cr_expect(eq(int, passed, !isnan(want[i])), "%s: %zu", text, i);
		cr_expect(isnan(want[i]) || fabs((double)s.v[0] - want[i]) <= eps,
			  "%s: %zu is %.9g, not %.9g", text, i, (double)s.v[0], want[i]);
	}
	filters_free(f);
}

#define CHECK(text, step_ns, in, want, eps)                                              \
	do {                                                                             \
		_Static_assert(sizeof(in) == sizeof(want), "one for each");              \
		check(text, step_ns, in, want, ARRAY_LEN(in), eps);                      \
	} while (0)

Test(filter, median)
{
	static const double in[] = {5, 1, 9, 2, 7, 3, 8};
	static const double of_3[] = {5, 1, 5, 2, 7, 3, 7};
	static const double of_5[] = {5, 1, 5, 2, 5, 3, 7};

	CHECK("[{\"median\": 3}]", STEP_NS, in, of_3, 0);
	CHECK("[{\"median\": 5}]", STEP_NS, in, of_5, 0);
	CHECK("[{\"median\": 1}]", STEP_NS, in, in, 0);
}

Test(filter, exponential_moving_average)
{
	static const double in[] = {4, 0, 0, 8};
	static const double want[] = {4, 3, 2.25, 3.6875};

	CHECK("[{\"exponential_moving_average\": 0.25}]", STEP_NS, in, want, 0);
}

/* Numbers from the matrix form, with Joseph's update of the covariance. */
Test(filter, kalman_at_constant_velocity)
{
	static const double in[] = {0, 1, 2.5, 2.5, 4, 6, 5.5, 7};
	static const double want[] = {0,        0.990196, 2.410490, 2.846875,
				      3.897806, 5.453809, 6.068520, 7.037610};

	CHECK("[{\"kalman\": {\"model\": \"constant_velocity\", \"process\": 1000, "
	      "\"measurement\": 0.25}}]",
	      STEP_NS, in, want, 1e-5);
}

/* What moves steadily is followed without lag, by a random walk it is not. */
Test(filter, constant_velocity_has_no_lag)
{
	struct filters *steady = make(
		"[{\"kalman\": {\"model\": \"constant_velocity\", \"process\": 0.01, "
		"\"measurement\": 0.01}}]");
	struct filters *walk =
		make("[{\"kalman\": {\"process\": 0.001, \"measurement\": 0.01}}]");
	float a[3] = {0};
	float b[3] = {0};

	for (int i = 0; i < 500; i++) {
		a[0] = b[0] = (float)i * 0.02F;
		cr_assert(filters_pass(steady, i * STEP_NS, a, 1));
		cr_assert(filters_pass(walk, i * STEP_NS, b, 1));
	}
	cr_expect(epsilon_eq(flt, a[0], 499 * 0.02F, 0.001F));
	cr_expect(lt(flt, b[0], 499 * 0.02F - 0.04F));
	/* No time has passed: nothing new is known. */
	cr_expect(not(filters_pass(steady, 499 * STEP_NS, a, 1)));
	filters_free(steady);
	filters_free(walk);
}

/* Feed @x at @t_ms; the chain must pass it as @want, or hold it back. */
static void expect_pass(struct filters *f, int64_t t_ms, float x, double want)
{
	float v[3] = {x};
	bool passed = filters_pass(f, t_ms * NS_PER_MS, v, 1);

	cr_expect(eq(int, passed, !isnan(want)), "at %d ms", (int)t_ms);
	cr_expect(isnan(want) || (double)v[0] == want, "at %d ms: %g", (int)t_ms,
		  (double)v[0]);
}

/* Nothing comes until @t_ms, when the chain is due and says @want. */
static void expect_due(struct filters *f, int64_t t_ms, float want)
{
	float v[3] = {0};

	cr_assert(eq(i64, filters_due_ns(f), t_ms * NS_PER_MS));
	cr_expect(not(filters_fall_due(f, t_ms * NS_PER_MS - 1, v, 1)));
	cr_expect(filters_fall_due(f, t_ms * NS_PER_MS, v, 1));
	cr_expect(isnan(want) ? isnan(v[0]) : v[0] == want, "at %d ms: %g", (int)t_ms,
		  (double)v[0]);
}

Test(filter, delays_of_true_and_of_false)
{
	struct filters *f = make("[{\"delayed_off\": \"100ms\"}]");

	expect_pass(f, 0, 0, 0);
	expect_pass(f, 10, 1, 1);
	cr_expect(eq(i64, filters_due_ns(f), TIME_NEVER));
	expect_pass(f, 20, 0, 1);
	expect_pass(f, 60, 1, 1); /* again: the delay begins afresh */
	expect_pass(f, 70, 0, 1);
	expect_due(f, 170, 0);
	cr_expect(eq(i64, filters_due_ns(f), TIME_NEVER));
	filters_free(f);

	f = make("[{\"delayed_on\": \"100ms\"}]");
	expect_pass(f, 0, 0, 0);
	expect_pass(f, 10, 1, 0);
	expect_pass(f, 60, 0, 0);
	expect_pass(f, 70, 1, 0);
	expect_due(f, 170, 1);
	expect_pass(f, 180, 0, 0);
	filters_free(f);
}

Test(filter, timeout_and_others_speak_when_nothing_comes)
{
	struct filters *f = make("[{\"timeout\": \"1s\"}]");

	cr_expect(eq(i64, filters_due_ns(f), TIME_NEVER));
	expect_pass(f, 0, 5, 5);
	expect_pass(f, 500, 6, 6);
	expect_due(f, 1500, NAN);
	cr_expect(eq(i64, filters_due_ns(f), TIME_NEVER));
	expect_pass(f, 2000, 7, 7);
	filters_free(f);

	/* What a filter says of itself goes through those behind it only. */
	f = make("[{\"offset\": 1}, {\"debounce\": \"50ms\"}, {\"scale\": 10}]");
	expect_pass(f, 0, 0, 10);
	expect_pass(f, 10, 1, 10);
	expect_due(f, 60, 20);
	filters_free(f);

	f = make("[{\"max_step\": {\"step\": 1, \"accept_after\": \"200ms\"}}]");
	expect_pass(f, 0, 0, 0);
	expect_pass(f, 10, 5, HELD);
	expect_due(f, 210, 5);
	filters_free(f);
}

Test(filter, clamp)
{
	static const double in[] = {-3, 0.5, 2, -1};
	static const double want[] = {-1, 0.5, 1.5, -1};

	CHECK("[{\"clamp\": [-1, 1.5]}]", STEP_NS, in, want, 0);
}

Test(filter, delta_counts_from_what_passed)
{
	static const double in[] = {1, 1.4, 1.5, 1.9, 2.0, 1.6, 1.5};
	static const double want[] = {1, HELD, 1.5, HELD, 2, HELD, 1.5};

	CHECK("[{\"delta\": 0.5}]", STEP_NS, in, want, 0);
}

Test(filter, throttle_counts_from_what_passed)
{
	static const double in[] = {1, 2, 3, 4, 5, 6, 7};
	static const double want[] = {1, HELD, HELD, 4, HELD, HELD, 7};

	CHECK("[{\"throttle\": \"25ms\"}]", STEP_NS, in, want, 0);
}

Test(filter, debounce_follows_what_lasts)
{
	static const double in[] = {0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0};
	static const double want[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0};

	CHECK("[{\"debounce\": \"30ms\"}]", STEP_NS, in, want, 0);
}

Test(filter, one_euro)
{
	static const double in[] = {0, 1, 1, 1, 1, 0.5, 0.5, -1, -1, -1};
	static const double want[] = {0,           0.061413562, 0.120942209, 0.178232129,
				      0.233028562, 0.250873532, 0.267553388, 0.186920731,
				      0.114954286, 0.047773615};
	/* The authors' ground truth: 120 Hz, beta 0.1. */
	static const double author[] = {-0.0385099, -0.0280664, 0.048622,
					0.111498,   0.053026,   0.120548};
	static const double truth[] = {-0.0385099, -0.0379872, -0.0334427,
				       -0.0252696, -0.0207099, -0.0119912};

	CHECK("[{\"one_euro\": {\"mincutoff\": \"1Hz\", \"beta\": 0.007}}]", STEP_NS, in,
	      want, 1e-6);
	CHECK("[{\"one_euro\": {\"beta\": 0.1}}]", 8333333, author, truth, 2e-6);
}

Test(filter, windows)
{
	static const double in[] = {5, 1, 9, 2, 7, 3, 8};
	static const double min[] = {5, 1, 1, 1, 2, 2, 3};
	static const double max[] = {5, 5, 9, 9, 9, 7, 8};
	static const double mean[] = {5, 3, 5, 4, 6, 4, 6};
	/* The second largest of five, once there are five; of two as near the lower one. */
	static const double high[] = {5, 5, 5, 5, 7, 7, 8};

	CHECK("[{\"min\": 3}]", STEP_NS, in, min, 0);
	CHECK("[{\"max\": 3}]", STEP_NS, in, max, 0);
	CHECK("[{\"sliding_window_moving_average\": 3}]", STEP_NS, in, mean, 1e-6);
	CHECK("[{\"quantile\": {\"window\": 5, \"quantile\": 0.75}}]", STEP_NS, in, high,
	      0);
	CHECK("[{\"quantile\": {\"window\": 3, \"quantile\": 0}}]", STEP_NS, in, min, 0);
}

Test(filter, kalman)
{
	/* The first sample is the state, with the variance of a measurement. */
	static const double in[] = {0, 1, 2, 3, 2, 1};
	static const double want[] = {0,           0.502487562, 1.009900990,
				      1.524582128, 1.625248265, 1.511767659};

	CHECK("[{\"kalman\": {\"process\": 0.01, \"measurement\": 1}}]", STEP_NS, in,
	      want, 1e-6);
}

Test(filter, kalman_in_its_steady_state)
{
	/* Q = R: the gain is the golden ratio's 0.618033989. */
	static const char text[] = "[{\"kalman\": {\"process\": 2, \"measurement\": 2}}]";
	struct filters *f = make(text);
	struct sample s = {.chan = CHAN_PRESSURE};

	for (s.t_ns = 0; s.t_ns < 100; s.t_ns++) {
		s.v[0] = s.t_ns == 99 ? 1 : 0;
		cr_assert(filters_apply(f, &s));
	}
	cr_expect(epsilon_eq(dbl, (double)s.v[0], 0.618033989, 1e-7));
	filters_free(f);
}

Test(filter, offset_and_scale)
{
	static const double in[] = {-1, 0, 3};
	static const double plus[] = {1, 2, 5};
	static const double times[] = {-4, 0, 12};

	CHECK("[{\"offset\": 2}]", STEP_NS, in, plus, 0);
	CHECK("[{\"scale\": 4}]", STEP_NS, in, times, 0);
}

Test(filter, calibration)
{
	static const double in[] = {0, 10, 2};
	static const double line[] = {1, 21, 5};
	static const double nearest[] = {1.0 / 6, 10 + 1.0 / 6, 2 + 1.0 / 6};
	static const double square[] = {1, 311, 15};

	CHECK("[{\"calibrate_linear\": [[0, 1], [5, 11]]}]", STEP_NS, in, line, 1e-5);
	/* Three points that are on no line: least squares. */
	CHECK("[{\"calibrate_linear\": [[0, 0], [1, 1.5], [2, 2]]}]", STEP_NS, in,
	      nearest, 1e-5);
	CHECK("[{\"calibrate_polynomial\": [1, 1, 3]}]", STEP_NS, in, square, 0);
}

Test(filter, max_step_holds_back_jumps_that_do_not_last)
{
	static const double in[] = {1, 2, 9, 2.5, 9, 9, 9, 9, 8};
	static const double want[] = {1, 2, HELD, 2.5, HELD, HELD, HELD, 9, 8};

	CHECK("[{\"max_step\": {\"step\": 1, \"accept_after\": \"30ms\"}}]", STEP_NS, in,
	      want, 0);
}

Test(filter, chain_is_in_order_and_by_channel)
{
	static const double in[] = {0, 9, 0, 0, 9, 9};
	static const double want[] = {0, HELD, HELD, HELD, HELD, 9};

	CHECK("[{\"median\": 3}, {\"delta\": 1}]", STEP_NS, in, want, 0);
	CHECK("[{\"delta\": 100, \"channel\": \"temperature\"}]", STEP_NS, in, in, 0);
}

Test(filter, vectors_go_axis_by_axis)
{
	struct filters *f = make("[{\"median\": 3}]");
	struct sample s = {.chan = CHAN_ACCEL};

	for (int i = 0; i < 3; i++) {
		s = (struct sample){.t_ns = i,
				    .chan = CHAN_ACCEL,
				    .v = {(float)i, (float)-i, i == 1 ? 50 : 0}};
		cr_assert(filters_apply(f, &s));
	}
	cr_expect(eq(flt, s.v[0], 1));
	cr_expect(eq(flt, s.v[1], -1));
	cr_expect(eq(flt, s.v[2], 0));
	filters_free(f);
}

Test(filter, what_was_not_measured_leaves_no_trace)
{
	struct filters *f = make("[{\"exponential_moving_average\": 0.5}]");
	struct sample s = {.t_ns = 1, .chan = CHAN_DISTANCE, .v = {1}};

	cr_assert(filters_apply(f, &s));
	s.v[0] = NAN;
	cr_expect(filters_apply(f, &s) && isnan(s.v[0]));
	s.v[0] = 2;
	cr_expect(filters_apply(f, &s));
	cr_expect(eq(flt, s.v[0], 1.5f));
	filters_reset(f);
	s.v[0] = 7;
	cr_expect(filters_apply(f, &s));
	cr_expect(eq(flt, s.v[0], 7), "forgotten");
	filters_free(f);
}

Test(filter, time_that_stands_still_is_no_speed)
{
	struct filters *f = make("[{\"one_euro\": {}}]");
	struct sample s = {.t_ns = 5, .chan = CHAN_PRESSURE, .v = {1}};

	cr_expect(filters_apply(f, &s));
	cr_expect(eq(int, filters_apply(f, &s), 0));
	filters_free(f);
}

Test(filter, refuses_what_makes_no_sense)
{
	static const char *const texts[] = {
		"[{}]",
		"[{\"median\": 5, \"delta\": 1}]",
		"[{\"median\": 16}]",
		"[{\"median\": 0}]",
		"[{\"max_step\": {}}]",
		"[{\"quantile\": {\"quantile\": 1.1}}]",
		"[{\"calibrate_linear\": [[0, 1]]}]",
		"[{\"calibrate_linear\": [[0, 1], [0, 2]]}]",
		"[{\"calibrate_linear\": [[0, 1], [1, 2, 3]]}]",
		"[{\"calibrate_linear\": [0, 1]}]",
		"[{\"calibrate_polynomial\": []}]",
		"[{\"calibrate_polynomial\": [1, 2, 3, 4, 5, 6, 7]}]",
		"[{\"clamp\": [2, 1]}]",
		"[{\"channel\": \"pressure\"}]",
		"[{\"median\": 5, \"channel\": \"smell\"}]",
		"[{\"medium\": 5}]",
		"[{\"exponential_moving_average\": 0}]",
		"[{\"delta\": -1}]",
		"[{\"median\": 1}, {\"median\": 1}, {\"median\": 1}, {\"median\": 1}, "
		"{\"median\": 1}, {\"median\": 1}, {\"median\": 1}, {\"median\": 1}, "
		"{\"median\": 1}]",
	};
	struct filters_conf conf;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		cr_expect(eq(int, read_filters(texts[i], &conf) < 0, 1), "%s", texts[i]);
}

/* Any sample that a channel or a gate lets pass, often an extreme one. */
static float any_sample(unsigned *seed)
{
	static const float extremes[] = {0, 1, -1, 1e-30f, 1e12f, -1e12f, 0.5f};

	if (rand_r(seed) % 3 == 0)
		return extremes[(size_t)rand_r(seed) % ARRAY_LEN(extremes)];
	return (float)(rand_r(seed) % 20000) / 100 - 100;
}

/* Feed @n samples, at times that go on, stand still or go back; what passes is finite, what is due ends. */
static void play_any(struct filters *f, const char *text, unsigned *seed, int n)
{
	int64_t t_ns = NS_PER_S;

	for (int i = 0; i < n; i++) {
		float v[3] = {any_sample(seed), any_sample(seed), any_sample(seed)};
		int due = 0;

		t_ns += rand_r(seed) % 50 == 0   ? -5 * NS_PER_S
			: rand_r(seed) % 20 == 0 ? 3600 * NS_PER_S
						 : rand_r(seed) % (int)(NS_PER_S / 10);
		if (filters_pass(f, t_ns, v, 3))
			cr_assert(isfinite(v[0]) && isfinite(v[1]) && isfinite(v[2]),
				  "%s, sample %d", text, i);
		for (; filters_due_ns(f) <= t_ns; due++) {
			cr_assert(due < 100, "%s, sample %d: due for ever", text, i);
			if (filters_fall_due(f, t_ns, v, 3))
				cr_assert(isinf(v[0]) == 0, "%s, sample %d", text, i);
		}
	}
}

Test(filter, random_chains_of_random_samples_are_never_nonsense)
{
	static const char *const one[] = {
		"{\"median\": 5}",
		"{\"exponential_moving_average\": 0.3}",
		"{\"clamp\": [-1e9, 1e9]}",
		"{\"delta\": 0.1}",
		"{\"throttle\": \"1s\"}",
		"{\"debounce\": \"200ms\"}",
		"{\"one_euro\": {\"beta\": 1000}}",
		"{\"quantile\": {\"window\": 15, \"quantile\": 0.9}}",
		"{\"min\": 3}",
		"{\"max\": 3}",
		"{\"sliding_window_moving_average\": 15}",
		"{\"kalman\": {\"process\": 1e12}}",
		"{\"kalman\": {\"model\": \"constant_velocity\", \"process\": 1e12}}",
		"{\"kalman\": {\"model\": \"constant_velocity\", \"process\": 0}}",
		"{\"offset\": 1e9}",
		"{\"scale\": -1e9}",
		"{\"max_step\": {\"step\": 1, \"accept_after\": \"100ms\"}}",
		"{\"calibrate_polynomial\": [1, 1, 1, 1, 1, 1]}",
		"{\"calibrate_linear\": [[0, 1e12], [1e-12, -1e12]]}",
		"{\"delayed_on\": \"100ms\"}",
		"{\"delayed_off\": 0}",
		"{\"timeout\": \"1s\"}",
	};
	unsigned seed = (unsigned)test_seed(20261121);

	for (int round = 0; round < 500; round++) {
		char text[400] = "[";
		struct filters *f;
		int n = 1 + rand_r(&seed) % 4;

		for (int i = 0; i < n; i++)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
				       "%s%s", i ? "," : "",
				       one[(size_t)rand_r(&seed) % ARRAY_LEN(one)]);
		strcat(text, "]");
		f = make(text);
		play_any(f, text, &seed, 300);
		filters_free(f);
	}
}

Test(filter, time_that_goes_back_is_a_new_start)
{
	struct filters *f = make("[{\"throttle\": \"1s\"}]");
	float v[3] = {1};

	cr_expect(filters_pass(f, 3600 * NS_PER_S, v, 1));
	cr_expect(not(filters_pass(f, 3600 * NS_PER_S - NS_PER_MS, v, 1)), "late");
	cr_expect(filters_pass(f, NS_PER_S, v, 1));
	cr_expect(not(filters_pass(f, NS_PER_S + NS_PER_MS, v, 1)));
	filters_free(f);
}

Test(filter, what_is_too_large_does_not_stay)
{
	struct filters *f =
		make("[{\"scale\": 1e9}, {\"scale\": 1e9}, {\"scale\": 1e9}, "
		     "{\"scale\": 1e9}, {\"exponential_moving_average\": 0.5}]");
	float v[3] = {1e9f};

	cr_expect(not(filters_pass(f, 1, v, 1)));
	v[0] = 1e-36f;
	cr_expect(filters_pass(f, 2, v, 1));
	cr_expect(epsilon_eq(dbl, (double)v[0], 1, 1e-5));
	filters_free(f);
}
