/*
 * Fuzz target: a message of another service through the decode of the driver "bus", with settings that look at it as a
 * whole, at its members, and below them.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/core/device.h"

#define CAME_NS NS_PER_S

static const char *const settings[] = {
	"{\"channels\": [{\"distance\": \"\"}]}",
	"{\"channels\": [{\"accel\": \"\"}]}",
	"{\"channels\": [{\"pressed\": \"\"}]}",
	"{\"channels\": [\"distance\", \"accel\", \"pressed\", {\"humidity\": "
	"{\"field\": "
	"\"rh\", \"unit\": \"%\"}}, {\"illuminance\": \"front.range\"}], \"latency\": "
	"\"5ms\"}",
};

static void read_settings(const struct driver *d, const char *text, void *ret)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	int r = json_doc_parse(&doc, text, strlen(text), "fuzz", &errs);

	root = conf_root(&doc, &errs);
	r = r < 0 ? r : conf_read(&root, d->conf, NULL, ret);
	r = r < 0 ? r : d->conf_read(&root, ret);
	if (r < 0)
		abort();
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
}

/* What is used is of a channel that is wanted, not of the future; numbers beyond those of a float are infinite. */
static void check(const struct driver *d, const void *conf, const uint8_t *raw,
		  size_t len)
{
	struct sample s[DRIVER_SAMPLES];
	int n = d->decode(conf, NULL, raw, len, CAME_NS, s);

	assert(n == -EBADMSG || (n > 0 && n <= DRIVER_SAMPLES));
	for (int i = 0; i < n; i++) {
		assert(d->measures(conf) & CHAN_BIT(s[i].chan));
		assert(s[i].t_ns >= 0 && s[i].t_ns <= CAME_NS + 5 * NS_PER_MS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct driver *d = driver_find_kind(DRIVER_SENSOR, "bus");
	size_t kept = len < d->raw_max ? len : d->raw_max;
	uint8_t *raw =
		malloc(kept ? kept : 1); /* of exact size: the sanitizer guards its end */

	if (!raw)
		abort();
	memcpy(raw, data, kept);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		_Alignas(max_align_t) uint8_t conf[DRIVER_CONF_MAX] = {0};

		read_settings(d, settings[i], conf);
		check(d, conf, raw, kept);
	}
	free(raw);
	return 0;
}
