/* Several barometers: they vote, and who comes and goes makes no jump. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>

#include "daemon/base/macros.h"
#include "daemon/fusion/altitude.h"
#include "daemon/fusion/baro.h"
#include "daemon/fusion/baros.h"

#define HZ 20
#define STEP_NS (NS_PER_S / HZ)
#define FROZEN_S 1

/* A tower with @n barometers side by side, each with a zero of its own, in Pa. */
struct tower {
	struct altitude *altitude;
	unsigned n;
	double height_m;
	double off_pa[3];
	bool silent[3], stuck[3];
	float last[3];
	int64_t t_ns;
	unsigned steps;
	float jump_m; /* the largest step of the height */
};

static void start(struct tower *t, unsigned n)
{
	*t = (struct tower){.altitude = altitude_new(1), .n = n, .off_pa = {0, 90, -120}};
	cr_assert(t->altitude != NULL);
	for (unsigned i = 0; i < n; i++)
		altitude_baro(t->altitude, i, HZ, FROZEN_S, false);
}

static float read_baro(struct tower *t, unsigned i)
{
	double hiss = (double)(t->steps * (7919 + 2 * i) % 1000) / 500 - 1;

	if (!t->stuck[i])
		t->last[i] = (float)(baro_pressure_pa(t->height_m, 99000) + t->off_pa[i] +
				     hiss);
	return t->last[i];
}

static void run(struct tower *t, double seconds)
{
	for (int k = 0; k < (int)(seconds * HZ); k++) {
		float before_m = altitude_m(t->altitude);

		t->steps++;
		t->t_ns += STEP_NS;
		for (unsigned i = 0; i < t->n; i++) {
			/* Not at the same moment. */
			struct sample s = {t->t_ns + i * NS_PER_MS,
					   CHAN_PRESSURE,
					   {read_baro(t, i)}};

			if (!t->silent[i])
				cr_assert(eq(int, altitude_feed(t->altitude, i, &s), 0));
		}
		if (!isnan(before_m))
			t->jump_m = fmaxf(t->jump_m,
					  fabsf(altitude_m(t->altitude) - before_m));
	}
}

static void expect_height(const struct tower *t, double m)
{
	cr_expect(lt(dbl, fabs((double)altitude_m(t->altitude) - m), 0.3), "%g, not %g",
		  (double)altitude_m(t->altitude), m);
}

static enum vote_verdict verdict(const struct tower *t, unsigned i)
{
	return altitude_sources(t->altitude)->verdict[i];
}

Test(baros, agree_although_their_zeros_differ)
{
	struct tower t;

	start(&t, 3);
	run(&t, 10);
	expect_height(&t, 0);
	for (unsigned i = 0; i < 3; i++)
		cr_expect(eq(int, (int)verdict(&t, i), VOTE_USED));
	t.height_m = 3;
	run(&t, 10);
	expect_height(&t, 3);
	cr_expect(not(altitude_degraded(t.altitude)));
	altitude_free(t.altitude);
}

Test(baros, losing_one_is_no_jump)
{
	struct tower t;

	start(&t, 2);
	run(&t, 10);
	/* Their zeros have drifted apart by a metre and a half. */
	t.off_pa[1] += 18;
	run(&t, 20);
	t.jump_m = 0;
	t.silent[0] = true;
	run(&t, 5);
	cr_expect(eq(int, (int)verdict(&t, 0), VOTE_SILENT));
	cr_expect(eq(int, (int)verdict(&t, 1), VOTE_USED));
	cr_expect(not(altitude_degraded(t.altitude)), "there is another one");
	cr_expect(lt(flt, t.jump_m, 0.1F), "%g", (double)t.jump_m);
	t.silent[0] = false;
	run(&t, 5);
	cr_expect(eq(int, (int)verdict(&t, 0), VOTE_USED));
	cr_expect(lt(flt, t.jump_m, 0.1F), "%g", (double)t.jump_m);
	altitude_free(t.altitude);
}

Test(baros, a_falseticker_is_left_out)
{
	struct tower t;

	start(&t, 3);
	run(&t, 10);
	t.jump_m = 0;
	t.off_pa[0] += 200;
	run(&t, 10);
	cr_expect(eq(int, (int)verdict(&t, 0), VOTE_OUTVOTED));
	cr_expect(epsilon_eq(dbl, altitude_sources(t.altitude)->off[0], 16.7, 1));
	expect_height(&t, 0);
	cr_expect(lt(flt, t.jump_m, 0.3F), "%g", (double)t.jump_m);
	cr_expect(not(altitude_degraded(t.altitude)), "two agree");
	altitude_free(t.altitude);
}

/* Of two that contradict each other one is wrong, but which? */
Test(baros, a_contradiction_is_told)
{
	struct tower t;

	start(&t, 2);
	run(&t, 10);
	t.off_pa[1] += 200;
	run(&t, 10);
	cr_expect(eq(int, (int)verdict(&t, 1), VOTE_OUTVOTED),
		  "it is the one that jumped");
	expect_height(&t, 0);
	cr_expect(altitude_degraded(t.altitude));
	t.off_pa[1] -= 200;
	run(&t, 10);
	cr_expect(not(altitude_degraded(t.altitude)));
	altitude_free(t.altitude);
}

Test(baros, a_frozen_one_is_left_out)
{
	struct tower t;

	start(&t, 2);
	run(&t, 10);
	t.stuck[0] = true;
	run(&t, 0.5);
	cr_expect(eq(int, (int)verdict(&t, 0), VOTE_USED));
	run(&t, 1.5);
	cr_expect(eq(int, (int)verdict(&t, 0), VOTE_FROZEN));
	t.height_m = 4;
	run(&t, 10);
	expect_height(&t, 4);
	cr_expect(not(altitude_degraded(t.altitude)));
	t.stuck[0] = false;
	run(&t, 1);
	cr_expect(eq(int, (int)verdict(&t, 0), VOTE_USED));
	altitude_free(t.altitude);
}

/* One that was not there at the start shows the height of the moment at which it comes. */
Test(baros, a_late_one_takes_over_the_height)
{
	struct tower t;

	start(&t, 2);
	t.silent[1] = true;
	run(&t, 10);
	cr_expect(eq(int, (int)verdict(&t, 1), VOTE_SILENT));
	t.height_m = 5;
	run(&t, 10);
	t.silent[1] = false;
	t.jump_m = 0;
	run(&t, 5);
	t.silent[0] = true;
	run(&t, 10);
	expect_height(&t, 5);
	cr_expect(lt(flt, t.jump_m, 0.1F), "%g", (double)t.jump_m);
	/* Another chip in its place as well. */
	altitude_baro(t.altitude, 1, HZ, FROZEN_S, true);
	t.off_pa[1] -= 300;
	run(&t, 5);
	expect_height(&t, 5);
	cr_expect(lt(flt, t.jump_m, 0.1F), "%g", (double)t.jump_m);
	altitude_free(t.altitude);
}
