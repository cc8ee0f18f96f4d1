/*
 * A model of the Aosong AHT20 ("AHT20 Product manuals", sections 5.3 and 5.4): its commands, a measurement with the
 * time it takes, during which the status says busy and the old data stay, and the checksum.
 *
 * Not modelled: the 20 ms after power-on in which it does not answer, and losing its calibration.
 */
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/emul.h"

enum command { MEASURE = 0xac, SOFT_RESET = 0xba };

#define BUSY 0x80
#define CALIBRATED 0x18 /* bit 4 is set, too */
#define ANSWER_LEN 7
#define MEASURE_NS (75 * NS_PER_MS)

struct aht20_model {
	struct emul emul;
	uint8_t written[3];
	unsigned n_written;
	uint8_t data[ANSWER_LEN - 2]; /* of the last measurement */
	unsigned at;                  /* how far the answer was read */
	int64_t done_ns; /* when what is being measured is there, else TIME_NEVER */
};

static struct aht20_model *model_of(struct i2c_model *i2c)
{
	return container_of(i2c, struct aht20_model, emul.i2c);
}

/* x^8 + x^5 + x^4 + 1, from 0xff. */
static uint8_t checksum(const uint8_t *bytes, unsigned n)
{
	unsigned rest = 0xff;

	for (unsigned bit = 0; bit < 8 * n; bit++) {
		unsigned in = bytes[bit / 8] >> (7 - bit % 8) & 1;

		rest = (rest << 1) ^ ((rest >> 7 ^ in) & 1 ? 0x31U : 0);
		rest &= 0xff;
	}
	return (uint8_t)rest;
}

static unsigned scale(double part)
{
	return (unsigned)lround(fmin(fmax(part * 0x100000, 0), 0xfffff));
}

/* Time has passed: is the measurement there? */
static void advance(struct aht20_model *m)
{
	struct scene_ambient air;
	unsigned humidity;
	unsigned temp;

	if (m->done_ns > rt_now())
		return;
	scene_ambient(m->emul.scene, m->done_ns, &air);
	m->done_ns = TIME_NEVER;
	humidity = scale(air.humidity);
	temp = scale((air.temp_c + 50) / 200);
	m->data[0] = (uint8_t)(humidity >> 12);
	m->data[1] = (uint8_t)(humidity >> 4);
	m->data[2] = (uint8_t)(humidity << 4 | temp >> 16);
	m->data[3] = (uint8_t)(temp >> 8);
	m->data[4] = (uint8_t)temp;
}

static void power_on(struct aht20_model *m)
{
	memset(m->data, 0, sizeof(m->data));
	m->done_ns = TIME_NEVER;
}

static int bus_start(struct i2c_model *i2c, int read)
{
	struct aht20_model *m = model_of(i2c);

	advance(m);
	m->at = 0;
	if (!read)
		m->n_written = 0;
	return 0;
}

static int bus_write(struct i2c_model *i2c, uint8_t byte)
{
	struct aht20_model *m = model_of(i2c);

	if (m->n_written < sizeof(m->written))
		m->written[m->n_written++] = byte;
	return 0;
}

/* The status, what was measured, the checksum of both; whatever was written before. */
static uint8_t bus_read(struct i2c_model *i2c)
{
	struct aht20_model *m = model_of(i2c);
	uint8_t all[ANSWER_LEN] = {CALIBRATED | (m->done_ns == TIME_NEVER ? 0 : BUSY)};

	memcpy(all + 1, m->data, sizeof(m->data));
	all[ANSWER_LEN - 1] = checksum(all, ANSWER_LEN - 1);
	return m->at < ANSWER_LEN ? all[m->at++] : 0xff;
}

/* What asks for the status, 0x71, changes nothing; nor does 0xbe, as it is calibrated. */
static void bus_stop(struct i2c_model *i2c)
{
	struct aht20_model *m = model_of(i2c);

	if (m->n_written == 1 && m->written[0] == SOFT_RESET)
		power_on(m);
	else if (m->n_written == 3 && m->written[0] == MEASURE && m->written[1] == 0x33)
		m->done_ns = rt_now() + MEASURE_NS;
	m->n_written = 0;
}

static int aht20_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	e->i2c.start = bus_start;
	e->i2c.write = bus_write;
	e->i2c.read = bus_read;
	e->i2c.stop = bus_stop;
	return 0;
}

static void aht20_power_on(struct emul *e)
{
	power_on(container_of(e, struct aht20_model, emul));
}

const struct emul_kind emul_aht20 = {
	.name = "aht20",
	.size = sizeof(struct aht20_model),
	.init = aht20_init,
	.power_on = aht20_power_on,
};
