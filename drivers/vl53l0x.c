/*
 * ST VL53L0X time-of-flight distance sensor, on I2C.
 *
 * Single shots (DS11555; registers as named in ST's API, and as the Linux driver drivers/iio/proximity/
 * vl53l0x-i2c.c uses them): SYSRANGE_START starts one, RESULT_INTERRUPT_STATUS tells when it is done, the distance
 * is in the result. All else is left as the chip starts: the timing budget of about 33 ms, the default ranging
 * profile (1.2 m indoors), the calibration of the maker, no tuning, no offset or cross-talk correction, no
 * interrupt pin. So there is nothing to `verify`: a chip that was reset has the settings that it had. (One with an
 * address of its own has lost that, and does not answer.)
 *
 * Several on one bus: each with `xshut` and an `address` other than 0x29.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/bytes.h"
#include "drivers/driver.h"

enum reg {
	SYSRANGE_START = 0x00,
	SYSTEM_INTERRUPT_CLEAR = 0x0b,
	RESULT_INTERRUPT_STATUS = 0x13,
	RESULT_RANGE_STATUS = 0x14,
	I2C_SLAVE_DEVICE_ADDRESS = 0x8a,
	IDENTIFICATION_MODEL_ID = 0xc0,
};

#define MODEL_ID 0xee
#define START_SINGLE_SHOT 0x01
#define INTERRUPT_MASK 0x07 /* of the status: a new sample, or an error */

enum {
	DATA_LEN = 12,    /* from RESULT_RANGE_STATUS */
	STATUS_AT = 0,    /* bits 6:3 */
	DISTANCE_AT = 10, /* mm, high byte first */
	STATUS_VALID = 11,
	STATUS_HARDWARE = 3, /* 1 to 3: VCSEL, its watchdog, VHV; 0: nothing measured */
	FAR_MM = 8190,       /* this and 8191: nothing there */
};

#define BUDGET_NS (33 * NS_PER_MS)
#define POLL_NS (3 * NS_PER_MS)
#define POLLS_MAX 15
#define BOOT_NS (1200 * NS_PER_US) /* DS11555, t_BOOT */

struct vl53l0x_conf {
	double rate_hz;
};

static const struct conf_field vl53l0x_fields[] = {
	CONF_REAL(vl53l0x_conf, rate_hz, 10, 0.1, 25, "Hz", "Measurements per second."),
	CONF_END,
};

static int vl53l0x_probe(struct dev_io *io, const void *conf)
{
	uint8_t id;
	int r = i2c_read_reg(&io->i2c, IDENTIFICATION_MODEL_ID, &id);

	(void)conf;
	if (r < 0)
		return r;
	if (id != MODEL_ID)
		return error_set(-ENODEV,
				 "0x%02x is no VL53L0X: register 0xc0 is 0x%02x, not "
				 "0x%02x",
				 io->i2c.addr, id, MODEL_ID);
	return 0;
}

static int vl53l0x_set_address(struct dev_io *io, uint8_t addr)
{
	return i2c_write_reg(&io->i2c, I2C_SLAVE_DEVICE_ADDRESS, addr);
}

/* A measurement that was under way before the daemon started. */
static int vl53l0x_setup(struct dev_io *io, const void *conf)
{
	int r = i2c_write_reg(&io->i2c, SYSRANGE_START, 0);

	(void)conf;
	return r < 0 ? r : i2c_write_reg(&io->i2c, SYSTEM_INTERRUPT_CLEAR, 1);
}

static int64_t vl53l0x_period_ns(const void *conf)
{
	const struct vl53l0x_conf *c = conf;

	return (int64_t)((double)NS_PER_S / c->rate_hz);
}

static int vl53l0x_trigger(struct dev_io *io, const void *conf, int64_t *ret_delay_ns)
{
	(void)conf;
	*ret_delay_ns = BUDGET_NS;
	return i2c_write_reg(&io->i2c, SYSRANGE_START, START_SINGLE_SHOT);
}

/* Suspends. */
static int wait_result(struct dev_io *io)
{
	for (int i = 0; i < POLLS_MAX; i++) {
		uint8_t status;
		int r = i2c_read_reg(&io->i2c, RESULT_INTERRUPT_STATUS, &status);

		if (r < 0)
			return r;
		if (status & INTERRUPT_MASK)
			return 0;
		r = task_sleep(POLL_NS);
		if (r < 0)
			return r;
	}
	return error_set(-ETIMEDOUT, "the measurement at 0x%02x does not end",
			 io->i2c.addr);
}

static int vl53l0x_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	int r = wait_result(io);

	(void)conf;
	if (r == 0)
		r = i2c_read_regs(&io->i2c, RESULT_RANGE_STATUS, raw, DATA_LEN);
	if (r == 0)
		r = i2c_write_reg(&io->i2c, SYSTEM_INTERRUPT_CLEAR, 1);
	return r < 0 ? r : DATA_LEN;
}

/* What is too far, too near or too dim for a distance was measured, as NaN; a chip in trouble measures nothing. */
static int vl53l0x_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
			  size_t len, int64_t t_ns, struct sample *ret)
{
	float metres = NAN;
	unsigned status;
	unsigned mm;

	(void)conf;
	(void)trim;
	if (len != DATA_LEN)
		return -EBADMSG;
	status = (raw[STATUS_AT] & 0x78u) >> 3;
	mm = (unsigned)raw[DISTANCE_AT] << 8 | raw[DISTANCE_AT + 1];
	if (status <= STATUS_HARDWARE || status > STATUS_VALID)
		return -EBADMSG;
	if (status == STATUS_VALID && mm < FAR_MM)
		metres = (float)mm / 1000;
	*ret = (struct sample){.t_ns = t_ns, .chan = CHAN_DISTANCE, .v = {metres}};
	return 1;
}

const struct driver driver_vl53l0x = {
	.name = "vl53l0x",
	.summary = "ST VL53L0X time-of-flight distance, I2C",
	.bus = BUS_I2C,
	.addrs = {0x29},
	.chans = CHAN_BIT(CHAN_DISTANCE),
	.conf = vl53l0x_fields,
	.conf_size = sizeof(struct vl53l0x_conf),
	.raw_max = DATA_LEN,
	.probe = vl53l0x_probe,
	.set_address = vl53l0x_set_address,
	.boot_ns = BOOT_NS,
	.setup = vl53l0x_setup,
	.period_ns = vl53l0x_period_ns,
	.trigger = vl53l0x_trigger,
	.read = vl53l0x_read,
	.decode = vl53l0x_decode,
};
