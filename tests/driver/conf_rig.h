/* A device's configuration, read from its text, or the words with which it is refused. */
#ifndef TESTS_DRIVER_CONF_RIG_H
#define TESTS_DRIVER_CONF_RIG_H
#include <stdio.h>

#include "drivers/core/actuator.h"
#include "drivers/core/sensor.h"
#include "tests/driver/rig.h"

/* What was read from a text, with the first error, else the first warning ("": none). */
struct reading {
	struct sensor_conf sensor;
	struct actuator_conf actuator;
	int result;
	char error[256];
};

enum what { SENSOR, ACTUATOR };

static inline const char *first_text(const struct conf_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		if (!errs->list[i].warning)
			return errs->list[i].text;
	return errs->n > 0 ? errs->list[0].text : "";
}

static inline struct reading read_conf(enum what what, const char *text)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	struct reading ret;

	memset(&ret, 0xa5, sizeof(ret)); /* nothing is left to chance */
	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "t", &errs), 0));
	root = conf_root(&doc, &errs);
	if (what == SENSOR) {
		ret.result = sensor_conf_read(&root, &ret.sensor);
	} else {
		struct device_conf pwm;

		ret.result = actuator_conf_read(&root, &ret.actuator);
		rig_conf(driver_find("pca9685"), &pwm);
		if (ret.result == 0)
			ret.result = actuator_conf_check(
				&root, &ret.actuator,
				ret.actuator.on[0] ? &pwm : &ret.actuator.device);
	}
	cr_expect(eq(int, ret.result<0, errs.n_errors> 0));
	(void)snprintf(ret.error, sizeof(ret.error), "%s", first_text(&errs));
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	return ret;
}

static inline void refused(enum what what, const char *text, const char *part)
{
	struct reading r = read_conf(what, text);

	cr_expect(eq(int, r.result, -EINVAL), "%s", text);
	cr_expect(strstr(r.error, part) != NULL, "\"%s\" does not have \"%s\"", r.error,
		  part);
}

/* It is read, with a warning. */
static inline struct reading warned(enum what what, const char *text, const char *part)
{
	struct reading r = read_conf(what, text);

	cr_expect(eq(int, r.result, 0), "%s", text);
	cr_expect(strstr(r.error, "warning: ") != NULL, "%s", r.error);
	cr_expect(strstr(r.error, part) != NULL, "\"%s\" does not have \"%s\"", r.error,
		  part);
	return r;
}

#endif
