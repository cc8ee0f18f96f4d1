/*
 * Fuzz target: the kernel's texts, and scans. The first line of the input is a scan type, a number, and a list
 * of frequencies; then follow a layout and a scan.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hal/iio.h"

static void check_type(const char *text)
{
	struct iio_type t;
	size_t size = 1;
	int at;

	if (iio_type_parse(text, &t) < 0)
		return;
	assert(t.bits >= 1 && t.bits + t.shift <= 8 * t.bytes && t.repeat >= 1);
	at = iio_scan_add(&t, &size);
	assert(at == -ENOSPC ||
	       (at % t.bytes == 0 && (size_t)at + (size_t)t.bytes * t.repeat == size));
	assert(size <= IIO_RAW_MAX - 1);
}

static void check_texts(const char *text)
{
	double v;

	check_type(text);
	if (iio_number_parse(text, &v) == 0)
		assert(isfinite(v));
	v = iio_rate_choose(text, 50);
	assert(!isinf(v));
}

static void check_samples(const struct iio_layout *l, const uint8_t *raw, size_t len)
{
	struct sample s[IIO_CHANS_MAX];
	int n = iio_decode(l, raw, len, 1, s);

	assert(n == -EBADMSG || (n > 0 && n <= IIO_CHANS_MAX));
	assert(n < 0 || iio_layout_check(l) == 0);
	for (int i = 0; i < n; i++) {
		const struct chan_info *info = &chan_info[s[i].chan];

		assert(s[i].t_ns == 1 && iio_chans[s[i].chan].type);
		for (int k = 0; k < info->width; k++)
			assert(isnan(s[i].v[k]) ||
			       (double)fabsf(s[i].v[k]) <= info->limit * (1 + 1e-6));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct iio_layout layout = {0};
	size_t line = 0;
	char text[128];
	uint8_t *raw;

	while (line < len && line < sizeof(text) - 1 && data[line] != '\n')
		line++;
	memcpy(text, data, line);
	text[line] = '\0';
	check_texts(text);
	if (line + 1 + sizeof(layout) > len)
		return 0;
	data += line + 1;
	len -= line + 1 + sizeof(layout);
	memcpy(&layout, data, sizeof(layout));
	layout.magic = IIO_LAYOUT_MAGIC; /* it need not be guessed */
	/* Of exact size, so that the address sanitizer sees a read behind it. */
	raw = malloc(len ? len : 1);
	assert(raw);
	memcpy(raw, data + sizeof(layout), len);
	check_samples(&layout, raw, len);
	free(raw);
	return 0;
}
