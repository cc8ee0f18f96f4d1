/* Reading and applying calibrations. */
#include "drivers/core/calibration.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* No sensitivity is farther off: what is was meant otherwise, or is a fault. */
#define SCALE_MIN 0.1
#define SCALE_MAX 10.0

/* A matrix turns and shears a little, beside what it scales: by how much all in all. */
#define VOLUME_MIN 0.01
#define VOLUME_MAX 100.0

/* A number of which there is a greatest magnitude. */
static struct conf_field number_up_to(double limit)
{
	return (struct conf_field){.name = "number",
				   .type = CONF_TYPE_REAL,
				   .size = sizeof(float),
				   .min = -limit,
				   .max = limit,
				   .unit = ""};
}

static const struct calibration_chan untouched = {
	.matrix = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

const char *calibration_key(const struct device_conf *d, char buf[CALIBRATION_KEY_MAX])
{
	if (d->chip->bus == BUS_I2C)
		(void)snprintf(buf, CALIBRATION_KEY_MAX, "%s@%s:0x%02x", d->driver,
			       d->bus, (unsigned)d->address);
	else
		(void)snprintf(buf, CALIBRATION_KEY_MAX, "%s@%s%s%s", d->driver,
			       d->chip->bus == BUS_TOPIC ? d->peer : "",
			       d->chip->bus == BUS_TOPIC ? "/" : "", device_place(d));
	return buf;
}

void calibration_set_offset(struct calibration *c, enum chan chan, const float offset[3])
{
	c->chan[chan] = untouched;
	memcpy(c->chan[chan].offset, offset, sizeof(c->chan[chan].offset));
	c->chans |= CHAN_BIT(chan);
}

/* A number, or for @width 3 a list of so many, of magnitudes up to @limit. */
static int read_numbers(const struct conf_at *at, int width, double limit, float *ret)
{
	const struct conf_field number_field = number_up_to(limit);
	int n = 0;
	int r = 0;

	if (width == 1)
		return conf_read_value(at, &number_field, ret);
	for (struct conf_at it = conf_first(at); it.node && r == 0; it = conf_next(&it))
		if (n++ < width)
			r = conf_read_value(&it, &number_field, &ret[n - 1]);
	if (r < 0)
		return r;
	if (n != width) {
		conf_complain(at, "not %d numbers, one for each axis", width);
		return -EINVAL;
	}
	return 0;
}

static int read_scale(const struct conf_at *at, float *ret)
{
	struct conf_field field = number_up_to(SCALE_MAX);

	field.min = SCALE_MIN;
	return conf_read_value(at, &field, ret);
}

static double determinant(const float m[3][3])
{
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		int j = (i + 1) % 3;
		int k = (i + 2) % 3;

		sum += (double)m[0][i] * ((double)m[1][j] * (double)m[2][k] -
					  (double)m[1][k] * (double)m[2][j]);
	}
	return sum;
}

static int check_volume(const struct conf_at *at, const float m[3][3])
{
	double volume = determinant(m);

	if (volume >= VOLUME_MIN && volume <= VOLUME_MAX)
		return 0;
	conf_complain(
		at,
		"%s (its determinant is %.3g); %g to %g, and 1 for one that changes "
		"nothing",
		volume < 0            ? "it mirrors"
		: volume < VOLUME_MIN ? "it flattens all to nearly nothing"
				      : "it blows all up",
		volume, VOLUME_MIN, VOLUME_MAX);
	return -EINVAL;
}

static int read_matrix(const struct conf_at *at, float ret[3][3])
{
	int n = 0;
	int r = 0;

	for (struct conf_at it = conf_first(at); it.node && r == 0; it = conf_next(&it))
		if (n++ < 3)
			r = read_numbers(&it, 3, SCALE_MAX, ret[n - 1]);
	if (r == 0 && n != 3) {
		conf_complain(at, "not a matrix; three rows of three numbers");
		return -EINVAL;
	}
	return r < 0 ? r : check_volume(at, (const float(*)[3])ret);
}

static int read_key(const struct conf_at *at, const struct chan_info *info,
		    struct calibration_chan *ret)
{
	int width = info->width;
	static const char *const names[] = {"offset", "scale", "matrix"};

	if (strcmp(at->key, "offset") == 0)
		return read_numbers(at, width, info->limit, ret->offset);
	if (strcmp(at->key, "scale") == 0 && width == 1)
		return read_scale(at, &ret->matrix[0][0]);
	if (strcmp(at->key, "matrix") == 0 && width == 3)
		return read_matrix(at, ret->matrix);
	if (strcmp(at->key, "scale") == 0)
		conf_complain(at, "vectors have a \"matrix\" instead");
	else if (strcmp(at->key, "matrix") == 0)
		conf_complain(at, "what is one number has a \"scale\" instead");
	else
		conf_complain_unknown(at, "key", at->key, names, ARRAY_LEN(names));
	return -EINVAL;
}

static int read_chan(const struct conf_at *at, const struct chan_info *info,
		     struct calibration_chan *ret)
{
	int r = 0;

	*ret = untouched;
	if (!cJSON_IsObject(at->node)) {
		conf_complain(at, "not an object such as { \"offset\": ... }");
		return -EINVAL;
	}
	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it))
		if (read_key(&it, info, ret) < 0)
			r = -EINVAL;
	return r;
}

int calibration_read(const struct conf_at *at, uint32_t chans, struct calibration *ret)
{
	const char *names[CHAN_COUNT] = {NULL};
	struct calibration c = {0};
	int r = 0;

	*ret = c;
	if (!cJSON_IsObject(at->node)) {
		conf_complain(at, "not an object of channels");
		return -EINVAL;
	}
	for (int i = 0; i < CHAN_COUNT; i++)
		if (chans & CHAN_BIT(i) && !chan_info[i].is_bool)
			names[i] = chan_info[i].name;
	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it)) {
		int chan = chan_by_name(it.key);

		if (chan < 0 || !names[chan]) {
			conf_complain_unknown(&it, "channel", it.key, names, CHAN_COUNT);
			r = -EINVAL;
		} else if (read_chan(&it, &chan_info[chan], &c.chan[chan]) < 0) {
			r = -EINVAL;
		} else {
			c.chans |= CHAN_BIT(chan);
		}
	}
	if (r == 0)
		*ret = c;
	return r;
}

void calibration_apply(const struct calibration *c, struct sample *s)
{
	const struct calibration_chan *k = &c->chan[s->chan];
	int width = chan_info[s->chan].width;
	float v[3];

	if (!(c->chans & CHAN_BIT(s->chan)))
		return;
	for (int i = 0; i < width; i++)
		v[i] = s->v[i] - k->offset[i];
	for (int i = 0; i < width; i++) {
		s->v[i] = 0;
		for (int j = 0; j < width; j++)
			s->v[i] += k->matrix[i][j] * v[j];
	}
}
