/* Taps: strong, short knocks, counted in series. */
#include "daemon/fusion/tap.h"

#include <math.h>
#include <string.h>

#include "daemon/base/macros.h"

#define GRAVITY_M_S2 9.80665
#define MEAN_S 0.05f

const struct conf_field tapped_fields[] = {
	CONF_REAL(
		tapped_conf, accel_m_s2, 3 * GRAVITY_M_S2, 5, 160, "m/s^2",
		"A tap's acceleration, away from the mean of 50 ms (2 to 3 g, ADXL345)."),
	CONF_DURATION_NS(
		tapped_conf, length_ns, 25 * NS_PER_MS, 1 * NS_PER_MS, 200 * NS_PER_MS,
		"What is beyond for longer is no tap (10 to 20 ms, and one sample)."),
	CONF_DURATION_NS(tapped_conf, apart_ns, 80 * NS_PER_MS, 10 * NS_PER_MS, NS_PER_S,
			 "Sooner after a tap it is not another one."),
	CONF_DURATION_NS(tapped_conf, window_ns, 400 * NS_PER_MS, 50 * NS_PER_MS,
			 5 * NS_PER_S,
			 "After so long without a tap the count is 0 again (ours)."),
	CONF_END,
};

static float distance(const float a[3], const float b[3])
{
	return hypotf(hypotf(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
}

/* A knock from knock_ns to @t_ns is over. */
static void end_knock(struct tap *t, const struct tapped_conf *conf, int64_t t_ns)
{
	bool follows = tap_count(t, conf, t->knock_ns) > 0;

	t->knocked = false;
	if (t_ns - t->knock_ns > conf->length_ns)
		return;
	if (t->count > 0 && t->knock_ns - t->tapped_ns < conf->apart_ns)
		return;
	t->count = follows ? t->count + 1 : 1;
	t->tapped_ns = t->knock_ns;
}

void tap_feed(struct tap *t, const struct tapped_conf *conf, int64_t t_ns,
	      const float accel[3])
{
	float dt = (float)(t_ns - t->t_ns) * 1e-9f;
	bool beyond;

	if (!t->seen)
		memcpy(t->mean, accel, sizeof(t->mean));
	beyond = distance(accel, t->mean) > conf->accel_m_s2;
	if (beyond && !t->knocked) {
		t->knocked = true;
		t->knock_ns = t_ns;
	} else if (!beyond && t->knocked) {
		end_knock(t, conf, t_ns);
	}
	/* The mean leaves a knock out, but follows what lasts. */
	if (t->seen && (!t->knocked || t_ns - t->knock_ns > conf->length_ns))
		for (int i = 0; i < 3; i++)
			t->mean[i] += (accel[i] - t->mean[i]) * dt / (dt + MEAN_S);
	t->t_ns = t_ns;
	t->seen = true;
}

unsigned tap_count(const struct tap *t, const struct tapped_conf *conf, int64_t t_ns)
{
	return t_ns - t->tapped_ns <= conf->window_ns ? t->count : 0;
}
