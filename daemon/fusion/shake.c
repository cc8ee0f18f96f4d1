/* Shaken: strong acceleration most of the time. */
#include "daemon/fusion/shake.h"

#include "daemon/base/macros.h"

#define BUCKET_NS (25 * NS_PER_MS)
#define SAMPLES_MIN 4

const struct conf_field shaken_fields[] = {
	CONF_REAL(shaken_conf, accel_m_s2, 13, 10, 160, "m/s^2",
		  "An acceleration above this is strong (11 light, 13 usual, 15 hard)."),
	CONF_REAL(shaken_conf, share, 0.75, 0.1, 1, "",
		  "Strong samples in the last half second that make it shaken."),
	CONF_REAL(shaken_conf, hysteresis, 0.25, 0, 0.9, "",
		  "Shaking ends when the share is smaller by this."),
	CONF_DURATION_NS(shaken_conf, after_ns, 100 * NS_PER_MS, 0, 2 * NS_PER_S,
			 "The share must be so high for so long (ours)."),
	CONF_END,
};

void shake_init(struct shake *s)
{
	*s = (struct shake){0};
	for (int i = 0; i < SHAKE_BUCKETS; i++)
		s->buckets[i].index = -1;
}

void shake_feed(struct shake *s, const struct shaken_conf *conf, int64_t t_ns,
		float accel)
{
	int64_t index = t_ns / BUCKET_NS;
	struct shake_bucket *b = &s->buckets[index % SHAKE_BUCKETS];

	if (t_ns < 0)
		return;
	if (b->index != index)
		*b = (struct shake_bucket){.index = index};
	b->samples++;
	if (accel > conf->accel_m_s2)
		b->strong++;
}

float shake_share(const struct shake *s, int64_t t_ns)
{
	unsigned samples = 0;
	unsigned strong = 0;
	unsigned filled = 0;

	for (int i = 0; i < SHAKE_BUCKETS; i++) {
		const struct shake_bucket *b = &s->buckets[i];

		if (b->index < 0 || b->index <= t_ns / BUCKET_NS - SHAKE_BUCKETS)
			continue;
		samples += b->samples;
		strong += b->strong;
		filled++;
	}
	if (filled < SHAKE_BUCKETS / 2 || samples < SAMPLES_MIN)
		return 0;
	return (float)strong / (float)samples;
}

bool shake_update(struct shake *s, const struct shaken_conf *conf, int64_t t_ns)
{
	float share = shake_share(s, t_ns);

	/* Without a strong sample it is over, whatever the numbers. */
	bool much =
		share > 0 && (share >= conf->share ||
			      held_above(s->on, share, conf->share, conf->hysteresis));

	held_update(&s->much, much, t_ns);
	s->on = held_for(&s->much, t_ns, s->on ? 0 : conf->after_ns);
	return s->on;
}
