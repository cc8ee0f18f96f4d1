/* Readings beyond what is possible: they are counted and dropped, and what goes on so is said once. */
#include <math.h>
#include <stdio.h>

#include "daemon/base/log.h"
#include "drivers/core/sensor_internal.h"

/* So many in a row are no glitch. */
#define ODD_MAX 10

/* The number of @s that is farthest beyond what is possible, or NAN: all are possible. NaN was not measured. */
static float impossible(const struct sample *s)
{
	const struct chan_info *info = &chan_info[s->chan];
	float worst = NAN;

	for (int i = 0; i < info->width; i++) {
		bool beyond = isinf(s->v[i]) ||
			      (info->limit > 0 && fabs((double)s->v[i]) > info->limit);

		if (beyond && !(fabsf(worst) > fabsf(s->v[i])))
			worst = s->v[i];
	}
	return worst;
}

bool sensor_plausible(struct sensor *s, const struct sample *x)
{
	const struct chan_info *info = &chan_info[x->chan];
	uint8_t *odd = &s->odd[x->chan];
	char limit[SENSOR_LIMIT_MAX];
	float v = impossible(x);

	if (isnan(v)) {
		if (*odd >= ODD_MAX)
			LOG(NOTICE, "%s: %s is possible again", s->dev.name, info->name);
		*odd = 0;
		return true;
	}
	device_fault(&s->dev, FAULT_RANGE);
	s->beyond = info;
	/* When all of a reading is impossible the sensor fails, and that says it. */
	if (s->bad == 0 && *odd < ODD_MAX && ++*odd == ODD_MAX)
		LOG(WARNING, "%s: %s, it is %.6g, %d times in a row; left out",
		    s->dev.name, sensor_limit_text(info, limit), (double)v, ODD_MAX);
	return false;
}

const char *sensor_limit_text(const struct chan_info *info, char text[SENSOR_LIMIT_MAX])
{
	(void)snprintf(text, SENSOR_LIMIT_MAX, "%s beyond what is possible (%g%s%s)",
		       info->name, info->limit, info->unit[0] ? " " : "", info->unit);
	return text;
}
