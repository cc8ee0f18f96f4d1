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

/* Decode @len bytes, of exact size, so that the address sanitizer sees a read behind them. */
static void decode_exact(const struct driver *d, const void *settings,
			 const uint8_t *trim, const uint8_t *data, size_t len)
{
	struct sample out[DRIVER_SAMPLES];
	uint8_t *raw = malloc(len ? len : 1);

	assert(raw);
	memcpy(raw, data, len);
	check_samples(d, out, d->decode(settings, trim, raw, len, 1, out));
	free(raw);
}

/* A burst from a FIFO, as the core divides it: the last frame takes what stands behind it. */
static void decode_burst(const struct driver *d, const void *settings,
			 const uint8_t *trim, const uint8_t *data, size_t len)
{
	size_t frame_len = d->fifo->frame_len;

	for (size_t at = 0; at + frame_len <= len; at += frame_len) {
		size_t left = len - at;

		decode_exact(d, settings, trim, data + at,
			     left < 2 * frame_len ? left : frame_len);
	}
}

static void run_decode(const struct driver *d, const uint8_t *data, size_t len)
{
	_Alignas(max_align_t) uint8_t settings[DRIVER_CONF_MAX] = {0};
	uint8_t trim[DRIVER_TRIM_MAX] = {0};
	size_t trim_len = d->trim_max < len ? d->trim_max : len;

	if (d->conf)
		conf_defaults(d->conf, settings);
	memcpy(trim, data, trim_len);
	data += trim_len;
	len -= trim_len;
	decode_exact(d, settings, trim, data, len < d->raw_max ? len : d->raw_max);
	if (d->fifo)
		decode_burst(d, settings, trim, data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	for (size_t i = 0; driver_table[i]; i++)
		if (driver_table[i]->decode)
			run_decode(driver_table[i], data, len);
	return 0;
}
