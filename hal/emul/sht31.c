/*
 * A model of the Sensirion SHT31 (SHT3x-DIS, version 7): commands of 16 bits, single shots with the time they
 * take, during which the chip does not acknowledge being read, the status, checksums.
 *
 * Not modelled: clock stretching, periodic measurements, alerts, the heater.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/emul.h"

enum command {
	SINGLE_SHOT_HIGH = 0x2400,
	SINGLE_SHOT_MEDIUM = 0x240b,
	SINGLE_SHOT_LOW = 0x2416,
	CLEAR_STATUS = 0x3041,
	SOFT_RESET = 0x30a2,
	READ_STATUS = 0xf32d,
};

#define STATUS_RESET_DETECTED 0x0010
#define STATUS_AT_POWER_ON 0x8010 /* an alert is pending, and a reset was detected */
#define ANSWER_MAX 6

struct sht31_model {
	struct emul emul;
	uint16_t status;
	uint16_t command;
	int written;                /* bytes of the command in this transfer */
	uint8_t answer[ANSWER_MAX]; /* what the next read gets */
	size_t len, at;             /* its length, 0: none, and how far it was read */
	int64_t done_ns; /* when what is being measured is there, else TIME_NEVER */
};

static struct sht31_model *model_of(struct i2c_model *i2c)
{
	return container_of(i2c, struct sht31_model, emul.i2c);
}

/* The polynomial x^8 + x^5 + x^4 + 1 (section 4.12). */
static uint8_t checksum(uint16_t word)
{
	unsigned rest = 0xff00U ^ word;

	for (int byte = 0; byte < 2; byte++) {
		for (int bit = 0; bit < 8; bit++)
			rest = rest & 0x8000 ? (rest << 1) ^ 0x3100 : rest << 1;
		rest &= 0xffff;
	}
	return (uint8_t)(rest >> 8);
}

static void answer(struct sht31_model *m, uint16_t word)
{
	m->answer[m->len++] = (uint8_t)(word >> 8);
	m->answer[m->len++] = (uint8_t)word;
	m->answer[m->len++] = checksum(word);
}

static uint16_t scale(double part)
{
	return (uint16_t)lround(fmin(fmax(part, 0), 1) * 65535);
}

/* Time has passed: is the measurement there? */
static void advance(struct sht31_model *m)
{
	struct scene_ambient air;

	if (m->done_ns > rt_now())
		return;
	scene_ambient(m->emul.scene, m->done_ns, &air);
	m->done_ns = TIME_NEVER;
	m->len = m->at = 0;
	answer(m, scale((air.temp_c + 45) / 175));
	answer(m, scale(air.humidity));
}

static void execute(struct sht31_model *m)
{
	m->len = m->at = 0;
	switch ((enum command)m->command) {
	case SINGLE_SHOT_HIGH:
		m->done_ns = rt_now() + 15 * NS_PER_MS;
		break;
	case SINGLE_SHOT_MEDIUM:
		m->done_ns = rt_now() + 6 * NS_PER_MS;
		break;
	case SINGLE_SHOT_LOW:
		m->done_ns = rt_now() + 4 * NS_PER_MS;
		break;
	case CLEAR_STATUS:
		m->status = 0;
		break;
	case SOFT_RESET:
		m->status = STATUS_RESET_DETECTED;
		m->done_ns = TIME_NEVER;
		break;
	case READ_STATUS:
		answer(m, m->status);
		break;
	}
}

static int bus_start(struct i2c_model *i2c, int read)
{
	struct sht31_model *m = model_of(i2c);

	m->written = 0;
	advance(m);
	return read && m->len == 0 ? -ENXIO : 0;
}

static int bus_write(struct i2c_model *i2c, uint8_t byte)
{
	struct sht31_model *m = model_of(i2c);

	m->command = (uint16_t)(m->command << 8 | byte);
	if (++m->written == 2)
		execute(m);
	return 0;
}

static uint8_t bus_read(struct i2c_model *i2c)
{
	struct sht31_model *m = model_of(i2c);

	return m->at < m->len ? m->answer[m->at++] : 0xff;
}

/* What was read is gone. */
static void bus_stop(struct i2c_model *i2c)
{
	struct sht31_model *m = model_of(i2c);

	if (m->at > 0)
		m->len = m->at = 0;
}

static int sht31_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	e->i2c.start = bus_start;
	e->i2c.write = bus_write;
	e->i2c.read = bus_read;
	e->i2c.stop = bus_stop;
	return 0;
}

static void sht31_power_on(struct emul *e)
{
	struct sht31_model *m = container_of(e, struct sht31_model, emul);

	m->status = STATUS_AT_POWER_ON;
	m->len = m->at = 0;
	m->done_ns = TIME_NEVER;
}

const struct emul_kind emul_sht31 = {
	.name = "sht31",
	.size = sizeof(struct sht31_model),
	.init = sht31_init,
	.power_on = sht31_power_on,
};
