/* State of charge. */
#include "daemon/fusion/charge.h"

#include <math.h>

#include "daemon/base/macros.h"

#define CURVE_MAX 12
#define S_PER_H 3600.0
#define MEAN_S 60.0 /* of the current */
#define REST_S                                                                           \
	60.0 /* in this time a battery without load is corrected by its voltage ... */
/* ... and at this share of the capacity per hour four times as slowly (ours). */
#define LOAD_C 0.05
#define GAP_S 60.0 /* what was drawn meanwhile is not known: begin afresh */

struct point {
	double cell_v, share;
};

/*
 * Open-circuit voltage at room temperature, as makers' discharge curves show it. Of LiFePO4 and NiMH the
 * middle is flat, and the voltage tells little there.
 */
static const struct point curves[][CURVE_MAX] = {
	[CHARGE_LI_ION] = {{3.27, 0},
			   {3.61, 0.05},
			   {3.69, 0.1},
			   {3.73, 0.2},
			   {3.77, 0.3},
			   {3.80, 0.4},
			   {3.84, 0.5},
			   {3.87, 0.6},
			   {3.95, 0.7},
			   {4.02, 0.8},
			   {4.11, 0.9},
			   {4.20, 1}},
	[CHARGE_LIFEPO4] = {{2.50, 0},
			    {3.00, 0.1},
			    {3.20, 0.2},
			    {3.22, 0.3},
			    {3.25, 0.4},
			    {3.26, 0.5},
			    {3.27, 0.6},
			    {3.30, 0.7},
			    {3.32, 0.8},
			    {3.35, 0.9},
			    {3.40, 1}},
	[CHARGE_NIMH] = {{1.00, 0},
			 {1.16, 0.1},
			 {1.20, 0.2},
			 {1.22, 0.3},
			 {1.24, 0.4},
			 {1.25, 0.5},
			 {1.26, 0.6},
			 {1.28, 0.7},
			 {1.30, 0.8},
			 {1.34, 0.9},
			 {1.42, 1}},
};

static const char *const chemistries[] = {"li-ion", "lifepo4", "nimh", NULL};

const struct conf_field charge_fields[] = {
	CONF_STRING(charge_conf, voltage, NULL, "The value of the battery's voltage."),
	CONF_STRING(
		charge_conf, current, "",
		"The value of the current drawn from it; without it the voltage alone "
		"tells."),
	CONF_REAL(charge_conf, capacity_ah, CONF_REQUIRED, 0.01, 1e4, "Ah",
		  "What the battery holds."),
	CONF_INT(charge_conf, cells, 1, 1, 100, "", "Cells in series."),
	CONF_ENUM(charge_conf, chemistry, CHARGE_LI_ION, chemistries,
		  "What its voltage means."),
	CONF_REAL(charge_conf, resistance_ohm, 0, 0, 100, "ohm",
		  "Of the whole battery with its wires: the voltage drops by this under "
		  "load."),
	CONF_REAL(charge_conf, low, 0.2, 0, 1, "", "Low below this share."),
	CONF_REAL(charge_conf, critical, 0.08, 0, 1, "", "Critical below this share."),
	CONF_REAL(charge_conf, recover, 0.03, 0, 1, "",
		  "Over when the share is larger by this."),
	CONF_END,
};

double charge_of_voltage(enum charge_chemistry chemistry, double cell_v)
{
	const struct point *p = curves[chemistry];

	if (cell_v <= p[0].cell_v)
		return 0;
	for (int i = 1; i < CURVE_MAX && p[i].cell_v > 0; i++)
		if (cell_v < p[i].cell_v)
			return p[i - 1].share + (cell_v - p[i - 1].cell_v) /
							(p[i].cell_v - p[i - 1].cell_v) *
							(p[i].share - p[i - 1].share);
	return 1;
}

/* What the voltage alone says. */
static double seen_share(const struct charge_conf *conf, double voltage_v,
			 double current_a)
{
	double open_v = voltage_v;

	if (!isnan(current_a))
		open_v += current_a * conf->resistance_ohm;
	return charge_of_voltage(conf->chemistry, open_v / conf->cells);
}

static double within_0_1(double x)
{
	return fmin(fmax(x, 0), 1);
}

/* Count the current and lean on the voltage, for @dt_s. */
static void step(struct charge *c, const struct charge_conf *conf, double seen,
		 double current_a, double dt_s)
{
	double load = 0;

	if (!isnan(current_a)) {
		c->share -= current_a * dt_s / (conf->capacity_ah * S_PER_H);
		c->mean_a += (current_a - c->mean_a) * (1 - exp(-dt_s / MEAN_S));
		load = fabs(current_a) / (LOAD_C * conf->capacity_ah);
	}
	c->share +=
		(seen - c->share) * (1 - exp(-dt_s / (REST_S * (1 + load) * (1 + load))));
	c->share = within_0_1(c->share);
}

/* Below @limit, until above it by conf->recover. */
static bool is_below(bool was, double share, double limit, double recover)
{
	return share < (was ? limit + recover : limit);
}

static struct estimate_charge estimate(const struct charge *c,
				       const struct charge_conf *conf)
{
	/* A thousandth of the capacity per hour is nothing. */
	double nothing_a = conf->capacity_ah / 1000;

	return (struct estimate_charge){
		.share = c->begun ? c->share : (double)NAN,
		.time_left_s =
			c->begun && c->mean_a > nothing_a
				? c->share * conf->capacity_ah * S_PER_H / c->mean_a
				: (double)NAN,
		.charging = c->mean_a < -nothing_a,
		.low = c->low,
		.critical = c->critical,
	};
}

struct estimate_charge charge_update(struct charge *c, const struct charge_conf *conf,
				     double voltage_v, double current_a, int64_t t_ns)
{
	double dt_s = (double)(t_ns - c->t_ns) / (double)NS_PER_S;
	double seen;

	if (isinf(current_a))
		current_a = (double)NAN;
	/* One sample may be late; time that has gone back is a gap. */
	if (!isfinite(voltage_v) || (c->begun && dt_s < 0 && dt_s >= -GAP_S))
		return estimate(c, conf);
	seen = seen_share(conf, voltage_v, current_a);
	if (!c->begun || fabs(dt_s) > GAP_S) {
		c->share = seen;
		c->mean_a = isnan(current_a) ? 0 : current_a;
		c->begun = true;
	} else {
		step(c, conf, seen, current_a, dt_s);
	}
	c->t_ns = t_ns;
	c->low = is_below(c->low, c->share, conf->low, conf->recover);
	c->critical = is_below(c->critical, c->share, conf->critical, conf->recover);
	return estimate(c, conf);
}
