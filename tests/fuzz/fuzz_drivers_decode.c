/*
 * Fuzz target: raw bytes through every driver's decode, each of which takes the input as its factory
 * constants with raw bytes behind them.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/core/device.h"

static void check_samples(const struct driver *d, const struct sample *s, int n)
{
	assert(n == -EBADMSG || (n >= 0 && n <= DRIVER_SAMPLES));
	for (int i = 0; i < n; i++) {
		assert(d->chans & CHAN_BIT(s[i].chan));
		assert(s[i].t_ns == 1);
	}
}

static void run_decode(const struct driver *d, const uint8_t *data, size_t len)
{
	_Alignas(max_align_t) uint8_t settings[DRIVER_CONF_MAX];
	uint8_t trim[DRIVER_TRIM_MAX] = {0};
	size_t trim_len = d->trim_max < len ? d->trim_max : len;
	struct sample out[DRIVER_SAMPLES];
	uint8_t *raw;

	if (d->conf)
		conf_defaults(d->conf, settings);
	memcpy(trim, data, trim_len);
	len -= trim_len;
	if (len > d->raw_max)
		len = d->raw_max;
	/* Of exact size, so that the address sanitizer sees a read behind it. */
	raw = malloc(len ? len : 1);
	assert(raw);
	memcpy(raw, data + trim_len, len);
	check_samples(d, out, d->decode(settings, trim, raw, len, 1, out));
	free(raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	for (size_t i = 0; driver_table[i]; i++)
		if (driver_table[i]->decode)
			run_decode(driver_table[i], data, len);
	return 0;
}
