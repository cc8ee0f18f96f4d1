/* Readings beyond what is physically possible: left out, said once, and at last a fault. */
#include <math.h>

#include "tests/driver/sensor_rig.h"

/* A chip that measures what it is told to: temperature, and pressure, which may be impossible. */
static float told_temp, told_pressure;

static int64_t liar_period_ns(const void *conf)
{
	(void)conf;
	return 100 * NS_PER_MS;
}

static int liar_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	(void)io;
	(void)conf;
	memcpy(raw, &told_temp, sizeof(told_temp));
	memcpy(raw + 4, &told_pressure, sizeof(told_pressure));
	return 8;
}

static int liar_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
		       size_t len, int64_t t_ns, struct sample *ret)
{
	(void)conf;
	(void)trim;
	(void)len;
	ret[0] = (struct sample){.t_ns = t_ns, .chan = CHAN_TEMP};
	ret[1] = (struct sample){.t_ns = t_ns, .chan = CHAN_PRESSURE};
	memcpy(ret[0].v, raw, 4);
	memcpy(ret[1].v, raw + 4, 4);
	return 2;
}

static const struct driver liar = {
	.name = "liar",
	.chans = CHAN_BIT(CHAN_TEMP) | CHAN_BIT(CHAN_PRESSURE),
	.raw_max = 8,
	.period_ns = liar_period_ns,
	.read = liar_read,
	.decode = liar_decode,
};

static struct bench *liar_new(void)
{
	struct bench *b = bench_new("tmp102");

	b->conf.device.chip = &liar;
	b->role = "baro";
	return b;
}

/* How often @text stands in the log. */
static int times_said(const struct bench *b, const char *text)
{
	int n = 0;

	for (const char *at = strstr(b->rig.log, text); at; at = strstr(at + 1, text))
		n++;
	return n;
}

static void lie_by_half(struct bench *b)
{
	(void)b;
	told_temp = 20;
	told_pressure = 100000;
	nap(NS_PER_S);
	told_pressure = -130001;
	nap(10 * NS_PER_S);
	told_pressure = NAN; /* not measured: no lie */
	nap(NS_PER_S);
	told_pressure = 100000;
	nap(NS_PER_S);
}

Test(impossible, leaves_out_what_is_impossible_and_says_so_once)
{
	struct bench *b = liar_new();
	struct device_health h;

	bench_run(b, lie_by_half);
	h = sensor_health(b->sensor);
	cr_expect(eq(int, (int)h.state, (int)DEVICE_RUNNING));
	cr_expect(ge(u64, h.faults[FAULT_RANGE], 99), "each is counted");
	cr_expect(le(u64, h.faults[FAULT_RANGE], 101));
	for (size_t i = 0; i < b->n; i++)
		cr_expect(b->sample[i].v[0] < 0 ? false : true, "%zu", i);
	cr_expect(count(b, CHAN_TEMP) > 125, "the other channel goes on");
	cr_expect(eq(int,
		     times_said(b, "baro: pressure beyond what is possible (130000 Pa), "
				   "it is -130001, 10 times in a row; left out"),
		     1),
		  "%s", b->rig.log);
	cr_expect(eq(int, times_said(b, "baro: pressure is possible again"), 1));
	bench_free(b);
}

static void lie(struct bench *b)
{
	(void)b;
	told_temp = 20;
	told_pressure = 100000;
	nap(NS_PER_S);
	told_temp = INFINITY;
	told_pressure = 1e6f;
	for (int i = 0; i < 30; i++, told_pressure += 100)
		nap(NS_PER_S);
}

Test(impossible, that_measures_only_the_impossible_fails)
{
	struct bench *b = liar_new();

	bench_run(b, lie);
	cr_expect(eq(int, (int)sensor_health(b->sensor).state, (int)DEVICE_LOST));
	cr_expect(
		eq(int,
		   times_said(b, "baro: running -> failing: 10 readings in a row make no "
				 "sense: pressure beyond what is possible (130000 Pa), "
				 "retry 1"),
		   1),
		"%s", b->rig.log);
	cr_expect(eq(int, times_said(b, "\n"), 3), "one line for each change: %s",
		  b->rig.log);
	bench_free(b);
}
