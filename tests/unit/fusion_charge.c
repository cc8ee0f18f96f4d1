/* State of charge, from synthetic batteries whose charge is known. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "daemon/base/macros.h"
#include "daemon/fusion/charge.h"

#define CAPACITY_AH 2.0

static const struct charge_conf conf = {
	.capacity_ah = CAPACITY_AH,
	.cells = 2,
	.chemistry = CHARGE_LI_ION,
	.resistance_ohm = 0.2,
	.low = 0.2,
	.critical = 0.08,
	.recover = 0.03,
};

/* The open voltage of a pack of @share, by bisection of the curve. */
static double open_v(double share)
{
	double low = 2;
	double high = 5;

	for (int i = 0; i < 60; i++) {
		double mid = (low + high) / 2;

		if (charge_of_voltage(conf.chemistry, mid) < share)
			low = mid;
		else
			high = mid;
	}
	return low * conf.cells;
}

struct pack {
	struct charge charge;
	double share;
	int64_t t_ns;
};

/* Discharge with @amps for @seconds, measured once a second with a constant @error in the current. */
static struct estimate_charge run(struct pack *p, double amps, int seconds, double error)
{
	struct estimate_charge e = {0};

	for (int i = 0; i < seconds; i++) {
		p->t_ns += NS_PER_S;
		p->share -= amps / (CAPACITY_AH * 3600);
		e = charge_update(&p->charge, &conf,
				  open_v(p->share) - amps * conf.resistance_ohm,
				  amps + error, p->t_ns);
	}
	return e;
}

Test(charge, curves_rise_from_empty_to_full)
{
	for (int c = CHARGE_LI_ION; c <= CHARGE_NIMH; c++) {
		double last = 0;

		cr_expect(eq(dbl, charge_of_voltage((enum charge_chemistry)c, 0.5), 0));
		cr_expect(eq(dbl, charge_of_voltage((enum charge_chemistry)c, 5), 1));
		for (int mv = 900; mv < 4300; mv++) {
			double share = charge_of_voltage((enum charge_chemistry)c,
							 (double)mv / 1000);

			cr_assert(ge(dbl, share, last), "%d at %d mV", c, mv);
			last = share;
		}
	}
	cr_expect(epsilon_eq(dbl, charge_of_voltage(CHARGE_LI_ION, 3.84), 0.5, 1e-12));
	cr_expect(epsilon_eq(dbl, charge_of_voltage(CHARGE_LI_ION, 3.91), 0.65, 1e-12));
}

Test(charge, begins_with_what_the_voltage_says)
{
	struct pack p = {.share = 0.6};

	cr_expect(epsilon_eq(dbl, run(&p, 0, 1, 0).share, 0.6, 1e-6));
}

Test(charge, is_followed_from_full_to_low_and_critical)
{
	struct pack p = {.share = 1};
	struct estimate_charge e;

	/* 1 A from 2 Ah: half an hour is a quarter. */
	e = run(&p, 1, 1800, 0);
	cr_expect(epsilon_eq(dbl, e.share, 0.75, 0.01));
	cr_expect(epsilon_eq(dbl, e.time_left_s, 0.75 * CAPACITY_AH * 3600, 60));
	cr_expect(not(e.charging));
	cr_expect(not(e.low));
	e = run(&p, 1, 4100, 0);
	cr_expect(e.low);
	cr_expect(not(e.critical));
	e = run(&p, 1, 900, 0);
	cr_expect(e.critical);
	/* Charged, it is over a little above the limits. */
	e = run(&p, -1, 600, 0);
	cr_expect(e.charging);
	cr_expect(isnan(e.time_left_s));
	cr_expect(not(e.critical));
	cr_expect(e.low);
	e = run(&p, -1, 1800, 0);
	cr_expect(not(e.low));
}

/* A current that reads 50 mA too much would empty the count in 40 h; the voltage at rest holds it. */
Test(charge, an_error_of_the_current_does_not_add_up)
{
	struct pack p = {.share = 0.6};

	cr_expect(epsilon_eq(dbl, run(&p, 0, 20 * 3600, 0.05).share, 0.6, 0.01));
}

/* A servo that starts takes the voltage down, not the charge. */
Test(charge, a_load_is_no_discharge)
{
	struct pack p = {.share = 0.6};

	(void)run(&p, 0.1, 60, 0);
	cr_expect(epsilon_eq(dbl, run(&p, 3, 5, 0).share, p.share, 0.005));
}

Test(charge, without_a_current_the_voltage_alone)
{
	struct charge c = {0};
	struct estimate_charge e = {0};

	for (int i = 0; i < 600; i++)
		e = charge_update(&c, &conf, i < 10 ? open_v(0.9) : open_v(0.5),
				  (double)NAN, i * NS_PER_S);
	cr_expect(epsilon_eq(dbl, e.share, 0.5, 0.01));
	cr_expect(isnan(e.time_left_s));
	cr_expect(not(e.charging));
}

Test(charge, bad_samples_and_gaps)
{
	struct pack p = {.share = 0.6};
	struct estimate_charge e;

	cr_expect(isnan(charge_update(&p.charge, &conf, (double)NAN, 1, 1).share));
	cr_expect(isnan(charge_update(&p.charge, &conf, HUGE_VAL, 1, 1).share));
	e = run(&p, 0, 10, 0);
	/* Time that goes back changes nothing; after a gap the voltage says what there is. */
	cr_expect(eq(dbl, charge_update(&p.charge, &conf, open_v(0.1), 1, 5).share,
		     e.share));
	cr_expect(epsilon_eq(
		dbl,
		charge_update(&p.charge, &conf, open_v(0.1), 0, -600 * NS_PER_S).share,
		0.1, 1e-6));
	p.t_ns += 600 * NS_PER_S;
	p.share = 0.3;
	cr_expect(epsilon_eq(dbl, run(&p, 0, 1, 0).share, 0.3, 1e-6));
	cr_expect(le(dbl, charge_update(&p.charge, &conf, 8, HUGE_VAL, p.t_ns).share, 1));
}
