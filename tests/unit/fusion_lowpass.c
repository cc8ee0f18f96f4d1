/* The low-pass filter: coefficients by formula, start by averaging. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/fusion/lowpass.h"

/* Values computed independently from the bilinear transform, 12 digits. */
Test(lowpass, coefficients)
{
	static const struct {
		double tau_s, dt_s, b0, a1, a2;
	} oracle[] = {
		{3, 0.0035, 6.7976234546e-07, -1.99766666772, 0.997669386773},
		{0.5, 0.01, 1.96065872396e-04, -1.96000517628, 0.960789439767},
		{0.05, 0.01, 0.0165925766125, -1.60399346027, 0.67036376672},
	};

	for (int i = 0; i < 3; i++) {
		struct lowpass lp;

		lowpass_init(&lp, oracle[i].tau_s, oracle[i].dt_s);
		cr_expect(
			ieee_ulp_eq(dbl, round(lp.b0 / oracle[i].b0 * 1e9) / 1e9, 1, 4));
		cr_expect(epsilon_eq(dbl, lp.a1, oracle[i].a1, 1e-11));
		cr_expect(epsilon_eq(dbl, lp.a2, oracle[i].a2, 1e-11));
	}
}

Test(lowpass, starts_with_the_mean)
{
	double state[LOWPASS_STATE(1)] = {0};
	struct lowpass lp;
	double sum = 0;

	lowpass_init(&lp, 0.05, 0.01);
	for (int i = 1; i <= 5; i++) {
		double x = i * i;

		sum += x;
		lowpass_step(&lp, state, &x, 1);
		cr_expect(epsilon_eq(dbl, x, sum / i, 1e-12));
	}
	/* The mean goes on as if it had been the input for ever. */
	for (int i = 0; i < 20; i++) {
		double x = sum / 5;

		lowpass_step(&lp, state, &x, 1);
		cr_expect(epsilon_eq(dbl, x, sum / 5, 1e-12));
	}
}

Test(lowpass, step_response_is_that_of_second_order_butterworth)
{
	double state[LOWPASS_STATE(2)] = {0};
	struct lowpass lp;
	double x[2];
	double max = 0;

	/* Critical values: overshoot of exp(-pi) (damping 1/sqrt 2), settled on 1 and -2. */
	lowpass_init(&lp, 0.5, 0.001);
	for (int i = 0; i < 8000; i++) {
		x[0] = i < 1000 ? 0 : 1;
		x[1] = -2 * x[0];
		lowpass_step(&lp, state, x, 2);
		max = fmax(max, x[0]);
		cr_assert(epsilon_eq(dbl, x[1], -2 * x[0], 1e-9));
	}
	cr_expect(epsilon_eq(dbl, max, 1 + exp(-M_PI), 1e-4));
	cr_expect(epsilon_eq(dbl, x[0], 1, 1e-6));
}

Test(lowpass, faster_than_the_samples_passes_through)
{
	double state[LOWPASS_STATE(1)] = {0};
	struct lowpass lp;

	lowpass_init(&lp, 0.05, 0.1);
	for (int i = 0; i < 5; i++) {
		double x = i;

		lowpass_step(&lp, state, &x, 1);
		cr_expect(epsilon_eq(dbl, x, i, 1e-12));
	}
}

Test(lowpass, restart_averages_again)
{
	double state[LOWPASS_STATE(1)] = {0};
	struct lowpass lp;
	double x;

	lowpass_init(&lp, 0.05, 0.01);
	for (int i = 0; i < 20; i++) {
		x = 7;
		lowpass_step(&lp, state, &x, 1);
	}
	lowpass_restart(&lp, state, 1);
	x = -3;
	lowpass_step(&lp, state, &x, 1);
	cr_expect(epsilon_eq(dbl, x, -3, 1e-12));
}

Test(lowpass, first_order_gain)
{
	double x = 1e-6;

	/* The exact one, 1 - exp(-x), on both sides of where the series ends. */
	for (int i = 0; i < 190; i++) {
		cr_expect(epsilon_eq(dbl, lowpass_gain(x, 1) / -expm1(-x), 1, 1e-6));
		x *= 1.1;
	}
}
