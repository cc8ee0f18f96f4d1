/* The same in RM-MPU-6000A rev. 4.2, RM-MPU-9250A-00 rev. 1.6 and DS-000189 rev. 1.3. */
#include "drivers/invensense.h"

#include <errno.h>
#include <math.h>

#include "drivers/bytes.h"

enum {
	CHUNK_LEN = 17 * INVENSENSE_FRAME_LEN, /* in one transfer */
	MAG_ADDR = 0x0c,
	ST1_DRDY = 0x01,
	ST1_UNUSED = 0xfc,
	ST2_HOFL = 0x08, /* the field is too strong */
};

#define G_M_S2 9.80665f
#define DPS_RAD_S 0.017453292519943295f

const char *const invensense_accel_ranges[] = {"2g", "4g", "8g", "16g", NULL};
const char *const invensense_gyro_ranges[] = {"250dps", "500dps", "1000dps", "2000dps",
					      NULL};

float invensense_accel_lsb(int range)
{
	static const float per_g[] = {16384, 8192, 4096, 2048};

	return G_M_S2 / per_g[range];
}

float invensense_gyro_lsb(int range)
{
	static const float per_dps[] = {131.0f, 65.5f, 32.8f, 16.4f};

	return DPS_RAD_S / per_dps[range];
}

bool invensense_noise(const struct invensense_noise *of, enum chan chan,
		      struct driver_noise *ret)
{
	double root_hz = sqrt(M_PI / 2 * of->bandwidth_hz);

	if (chan == CHAN_GYRO) {
		ret->sigma = of->gyro_dps * M_PI / 180 * root_hz;
		ret->lsb = (double)invensense_gyro_lsb(of->gyro_range);
	} else if (chan == CHAN_ACCEL) {
		ret->sigma = of->accel_g * (double)G_M_S2 * root_hz;
		ret->lsb = (double)invensense_accel_lsb(of->accel_range);
	} else {
		return false;
	}
	ret->independent_hz = fmin(of->rate_hz, 2 * of->bandwidth_hz);
	return true;
}

void invensense_vector(struct sample *ret, enum chan chan, const uint8_t *raw, float lsb)
{
	ret->chan = chan;
	for (size_t i = 0; i < 3; i++)
		ret->v[i] = (float)bytes_s16be(raw + 2 * i) * lsb;
}

/* The register of the FIFO does not count on in a burst. */
int invensense_fifo(struct i2c_dev *i2c, uint8_t count_reg, unsigned most, uint8_t *raw,
		    size_t size, int64_t *ret_counted_ns)
{
	uint16_t count;
	size_t len;
	int r = i2c_read_reg16(i2c, count_reg, &count);

	if (r < 0)
		return r;
	*ret_counted_ns = rt_now();
	if (count > most)
		return error_set(-EBADMSG, "FIFO_COUNT is %u", count);
	len = (count < size ? count : size) / INVENSENSE_FRAME_LEN * INVENSENSE_FRAME_LEN;
	for (size_t at = 0; r == 0 && at < len; at += CHUNK_LEN)
		r = i2c_read_regs(i2c, (uint8_t)(count_reg + 2), raw + at,
				  len - at < CHUNK_LEN ? len - at : CHUNK_LEN);
	return r < 0 ? r : (int)len;
}

struct i2c_dev invensense_mag(const struct dev_io *io)
{
	struct i2c_dev mag = io->i2c;

	mag.addr = MAG_ADDR;
	return mag;
}

/* Most reads find nothing new, as it is slower than the rest. */
bool invensense_field(const uint8_t *raw, size_t len, float ret[3])
{
	uint8_t st1 = raw[0];
	uint8_t st2 = raw[len - 1];

	if (!(st1 & ST1_DRDY) || st1 & ST1_UNUSED || st2 & ST2_HOFL)
		return false;
	for (size_t i = 0; i < 3; i++)
		ret[i] = (float)bytes_s16le(raw + 1 + 2 * i);
	return true;
}
