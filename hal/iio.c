/* IIO: what the kernel's texts and scans mean. */
#include "hal/iio.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct iio_element) == 16, "no gaps");
_Static_assert(sizeof(struct iio_layout) == 12 + 16 * IIO_ELEMENTS_MAX, "no gaps");

const struct iio_chan iio_chans[CHAN_COUNT] = {
	[CHAN_ACCEL] = {.type = "accel", .si = 1},
	[CHAN_GYRO] = {.type = "anglvel", .si = 1},
	[CHAN_MAG] = {.type = "magn", .si = 1e-4},                  /* gauss */
	[CHAN_TEMP] = {.type = "temp", .si = 1e-3},                 /* millidegrees */
	[CHAN_PRESSURE] = {.type = "pressure", .si = 1e3},          /* kPa */
	[CHAN_HUMIDITY] = {.type = "humidityrelative", .si = 1e-5}, /* milli per cent */
	[CHAN_DISTANCE] = {.type = "distance", .also = "proximity", .si = 1},
	[CHAN_VOLTAGE] = {.type = "voltage", .si = 1e-3},
	[CHAN_CURRENT] = {.type = "current", .si = 1e-3},
	[CHAN_POWER] = {.type = "power", .si = 1e-3},
	[CHAN_ILLUMINANCE] = {.type = "illuminance", .si = 1},
};

static bool is_end(const char *text)
{
	return text[0] == '\0' || (text[0] == '\n' && text[1] == '\0');
}

/* A decimal number of at most three digits at *@text, which moves behind it; -1: there is none. */
static int take_count(const char **text)
{
	int n = 0;
	int digits = 0;

	for (; **text >= '0' && **text <= '9' && digits < 4; digits++)
		n = n * 10 + *(*text)++ - '0';
	return digits >= 1 && digits <= 3 ? n : -1;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool type_is_possible(const struct iio_type *t, int bytes8)
{
	bool whole = bytes8 == 8 || bytes8 == 16 || bytes8 == 32 || bytes8 == 64;

	if (!whole || t->bits < 1 || t->bits + t->shift > bytes8 || t->repeat < 1)
		return false;
	return !(t->form & IIO_FLOAT) ||
	       (t->bits == bytes8 && t->shift == 0 && bytes8 >= 32);
}

int iio_type_parse(const char *text, struct iio_type *ret)
{
	struct iio_type t = {0};
	int bits = -1;
	int storage = -1;
	int repeat = 1;
	int shift = -1;

	if (strncmp(text, "be:", 3) == 0)
		t.form = IIO_BIG_ENDIAN;
	else if (strncmp(text, "le:", 3) != 0)
		return -EINVAL;
	text += 3;
	if (take_char(&text, 's'))
		t.form |= IIO_SIGNED;
	else if (take_char(&text, 'f'))
		t.form |= IIO_FLOAT;
	else if (!take_char(&text, 'u'))
		return -EINVAL;
	bits = take_count(&text);
	if (take_char(&text, '/'))
		storage = take_count(&text);
	if (take_char(&text, 'X'))
		repeat = take_count(&text);
	if (strncmp(text, ">>", 2) == 0) {
		text += 2;
		shift = take_count(&text);
	}
	if (bits < 0 || bits > 64 || storage < 0 || shift < 0 || shift > 63 ||
	    repeat < 0 || repeat > UINT8_MAX || !is_end(text))
		return -EINVAL;
	t.bits = (uint8_t)bits;
	t.shift = (uint8_t)shift;
	t.repeat = (uint8_t)repeat;
	if (!type_is_possible(&t, storage))
		return -EINVAL;
	t.bytes = (uint8_t)(storage / 8);
	*ret = t;
	return 0;
}

/* The number at *@text, which moves behind it; not what else strtod() takes: inf, hexadecimal. */
static int take_number(const char **text, double *ret)
{
	size_t len = strspn(*text, "+-0123456789.eE");
	char *end;
	double v;

	if (len == 0 || len > 40)
		return -EINVAL;
	v = strtod(*text, &end);
	if (end != *text + len || !isfinite(v))
		return -EINVAL;
	*text = end;
	*ret = v;
	return 0;
}

int iio_number_parse(const char *text, double *ret)
{
	double v;

	if (take_number(&text, &v) < 0 || !is_end(text))
		return -EINVAL;
	*ret = v;
	return 0;
}

/* A frequency one millionth below counts as the same: it went through a text. */
static bool reaches(double offered_hz, double rate_hz)
{
	return offered_hz >= rate_hz * (1 - 1e-6);
}

static double choose_in_range(const char *text, double rate_hz)
{
	double v[3]; /* lowest, step, highest */
	double hz;

	for (int i = 0; i < 3; i++) {
		text += strspn(text, " ");
		if (take_number(&text, &v[i]) < 0)
			return (double)NAN;
	}
	text += strspn(text, " ");
	if (!take_char(&text, ']') || !is_end(text))
		return (double)NAN;
	if (rate_hz <= v[0])
		return v[0];
	hz = v[1] > 0 ? v[0] + v[1] * ceil((rate_hz * (1 - 1e-6) - v[0]) / v[1])
		      : rate_hz;
	return fmin(hz, v[2]);
}

double iio_rate_choose(const char *text, double rate_hz)
{
	double best = (double)NAN;
	double v;

	if (text[0] == '[')
		return choose_in_range(text + 1, rate_hz);
	for (text += strspn(text, " "); !is_end(text); text += strspn(text, " ")) {
		bool better;

		if (take_number(&text, &v) < 0 || (*text != ' ' && !is_end(text)))
			return (double)NAN;
		better = isnan(best) ||
			 (reaches(v, rate_hz) ? !reaches(best, rate_hz) || v < best
					      : v > best && !reaches(best, rate_hz));
		if (better)
			best = v;
	}
	return best;
}

static size_t align(size_t at, size_t to)
{
	return to > 1 ? (at + to - 1) / to * to : at;
}

/* Repeated numbers are aligned to all of them together: iio_storage_bytes_for_si() of the kernel. */
int iio_scan_add(const struct iio_type *type, size_t *size)
{
	size_t whole = (size_t)type->bytes * type->repeat;
	size_t at = align(*size, whole);

	if (at + whole > IIO_RAW_MAX - 1)
		return -ENOSPC;
	*size = at + whole;
	return (int)at;
}

size_t iio_scan_end(size_t size, size_t widest)
{
	return align(size, widest);
}

static int element_check(const struct iio_layout *l, const struct iio_element *e)
{
	const struct iio_type t = {
		.form = e->form, .bits = e->bits, .shift = e->shift, .repeat = 1};

	if (e->chan >= CHAN_COUNT || !iio_chans[e->chan].type ||
	    e->axis >= chan_info[e->chan].width || e->member >= IIO_MEMBERS_MAX ||
	    e->at + e->bytes > l->size[e->member] || !isfinite(e->scale) ||
	    !isfinite(e->offset))
		return -EBADMSG;
	return type_is_possible(&t, e->bytes * 8) ? 0 : -EBADMSG;
}

int iio_layout_check(const struct iio_layout *l)
{
	if (l->magic != IIO_LAYOUT_MAGIC || l->n > IIO_ELEMENTS_MAX)
		return -EBADMSG;
	for (int m = 0; m < IIO_MEMBERS_MAX; m++)
		if (l->size[m] > IIO_RAW_MAX - 1)
			return -EBADMSG;
	for (uint32_t i = 0; i < l->n; i++)
		if (element_check(l, &l->element[i]) < 0)
			return -EBADMSG;
	return 0;
}

static double float_number(uint64_t bits, unsigned bytes)
{
	uint32_t half = (uint32_t)bits;
	double wide;
	float narrow;

	if (bytes == 8) {
		memcpy(&wide, &bits, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, &half, sizeof(narrow));
	return (double)narrow;
}

double iio_element_number(const struct iio_element *e, const uint8_t *scan)
{
	const uint8_t *b = scan + e->at;
	uint64_t v = 0;
	uint64_t sign = UINT64_C(1) << (e->bits - 1);

	for (unsigned i = 0; i < e->bytes; i++)
		v = v << 8 | b[e->form & IIO_BIG_ENDIAN ? i : e->bytes - 1u - i];
	if (e->form & IIO_FLOAT)
		return float_number(v, e->bytes);
	v = v >> e->shift & (sign | (sign - 1));
	if (!(e->form & IIO_SIGNED))
		return (double)v;
	/* Two's complement of any width: the sign bit counts for less than nothing. */
	return (double)(int64_t)((v ^ sign) - sign);
}

/* Put @value into the sample of its channel, which is made when it is the first of it. */
static int store(const struct iio_element *e, double value, int64_t t_ns,
		 struct sample *ret, int n)
{
	double limit = chan_info[e->chan].limit;
	int i = 0;

	if (!isfinite((float)value) || (limit > 0 && fabs(value) > limit))
		return -EBADMSG;
	while (i < n && ret[i].chan != (enum chan)e->chan)
		i++;
	if (i == IIO_CHANS_MAX)
		return -EBADMSG;
	if (i == n)
		ret[n++] = (struct sample){
			.t_ns = t_ns, .chan = (enum chan)e->chan, .v = {NAN, NAN, NAN}};
	ret[i].v[e->axis] = (float)value;
	return n;
}

int iio_decode(const struct iio_layout *l, const uint8_t *raw, size_t len, int64_t t_ns,
	       struct sample *ret)
{
	int n = 0;

	if (iio_layout_check(l) < 0 || len < 2 || raw[0] >= IIO_MEMBERS_MAX ||
	    l->size[raw[0]] != len - 1)
		return -EBADMSG;
	for (uint32_t i = 0; i < l->n; i++) {
		const struct iio_element *e = &l->element[i];
		double number;

		if (e->member != raw[0])
			continue;
		number = iio_element_number(e, raw + 1);
		n = store(e, (number + (double)e->offset) * (double)e->scale, t_ns, ret,
			  n);
		if (n < 0)
			return n;
	}
	return n > 0 ? n : -EBADMSG;
}

int iio_open(struct iio_provider *p, const struct iio_request *req, struct iio_dev **ret)
{
	return p->open(p, req, ret);
}

void iio_close(struct iio_dev *d)
{
	if (d)
		d->ops->close(d);
}

int iio_wait(struct iio_dev *d, int64_t until_ns, int64_t *ret_t_ns)
{
	return d->ops->wait(d, until_ns, ret_t_ns);
}

int iio_read(struct iio_dev *d, uint8_t *ret_raw)
{
	return d->ops->read(d, ret_raw);
}
