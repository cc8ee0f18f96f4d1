/* A PWM output of the processor: a light or a motor (`pwm`), or a servo (`pwm_servo`). */
#include <errno.h>
#include <math.h>

#include "drivers/driver.h"

enum { RAW_LEN = 8 }; /* period and pulse, ns, of 32 bits each, low byte first */

struct pwm_conf {
	double frequency_hz;
};

static const struct conf_field pwm_fields[] = {
	CONF_REAL(pwm_conf, frequency_hz, 1000, 1, 100000, "Hz", "Pulses per second."),
	CONF_END,
};

static const struct conf_field pwm_servo_fields[] = {
	CONF_REAL(pwm_conf, frequency_hz, 50, 24, 400, "Hz", "Pulses per second."),
	CONF_END,
};

static double period_s(const struct pwm_conf *c)
{
	return 1 / c->frequency_hz;
}

static void put_ns(double seconds, uint8_t *ret)
{
	uint32_t ns = (uint32_t)lround(seconds * 1e9);

	for (int i = 0; i < 4; i++)
		ret[i] = (uint8_t)(ns >> 8 * i);
}

static int64_t get_ns(const uint8_t *b)
{
	uint32_t ns = 0;

	for (int i = 0; i < 4; i++)
		ns |= (uint32_t)b[i] << 8 * i;
	return ns;
}

/* NaN is no pulse at all. */
static int encode_pulse(const struct pwm_conf *conf, const struct command *c,
			double pulse_s, uint8_t *ret_raw)
{
	if (c->channel > 0 || pulse_s < 0 || pulse_s > period_s(conf))
		return -ERANGE;
	put_ns(period_s(conf), ret_raw);
	put_ns(isnan(pulse_s) ? 0 : pulse_s, ret_raw + 4);
	return RAW_LEN;
}

static int pwm_encode(const void *conf, const struct command *c, uint8_t *ret_raw)
{
	return encode_pulse(conf, c, (double)c->value * period_s(conf), ret_raw);
}

static int pwm_servo_encode(const void *conf, const struct command *c, uint8_t *ret_raw)
{
	return encode_pulse(conf, c, (double)c->value, ret_raw);
}

static int pwm_write(struct dev_io *io, const void *conf, const uint8_t *raw, size_t len)
{
	(void)conf;
	(void)len;
	return pwm_set(io->pwm, get_ns(raw), get_ns(raw + 4));
}

static int pwm_safe(const void *conf, uint8_t *ret_raw)
{
	put_ns(period_s(conf), ret_raw);
	put_ns(0, ret_raw + 4);
	return RAW_LEN;
}

const struct driver driver_pwm = {
	.name = "pwm",
	.summary = "light or motor on a PWM output",
	.bus = BUS_PWM,
	.conf = pwm_fields,
	.conf_size = sizeof(struct pwm_conf),
	.raw_max = RAW_LEN,
	.command_unit = "",
	.channels = 1,
	.encode = pwm_encode,
	.write = pwm_write,
	.safe = pwm_safe,
};

const struct driver driver_pwm_servo = {
	.name = "pwm_servo",
	.summary = "servo on a PWM output",
	.bus = BUS_PWM,
	.conf = pwm_servo_fields,
	.conf_size = sizeof(struct pwm_conf),
	.raw_max = RAW_LEN,
	.command_unit = "s",
	.channels = 1,
	.encode = pwm_servo_encode,
	.write = pwm_write,
	.safe = pwm_safe,
};
