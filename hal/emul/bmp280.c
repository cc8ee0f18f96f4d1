/*
 * A register-level model of the Bosch BMP280 (BST-BMP280-DS001 revision 1.19) and BME280 (BST-BME280-DS002
 * revision 1.6): reset, forced and normal mode with the time that a measurement takes, outputs of what is
 * not measured, registers written in pairs.
 *
 * Its factory constants are those of the data sheet's example; what the scene measures is turned into raw
 * numbers by looking for those that the data sheet's formula makes it of, with the noise of the finest oversampling
 * (section 3.5, table 11). Not modelled: the filter, SPI, and the copying of the constants after a reset,
 * which is over at once.
 */
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "hal/emul/noise.h"
#include "hal/emul/reg8.h"

enum reg {
	CALIB_00 = 0x88,
	CALIB_25 = 0xa1,
	ID = 0xd0,
	RESET = 0xe0,
	CALIB_26 = 0xe1,
	CTRL_HUM = 0xf2,
	STATUS = 0xf3,
	CTRL_MEAS = 0xf4,
	CONFIG = 0xf5,
	PRESS_MSB = 0xf7,
	TEMP_MSB = 0xfa,
	HUM_MSB = 0xfd,
};

#define RESET_WORD 0xb6
#define STATUS_MEASURING 0x08
#define MODE 0x03
#define MODE_SLEEP 0
#define MODE_NORMAL 3
#define SKIPPED_20 0x80000
#define SKIPPED_16 0x8000
#define NOISE_PA 1.3

/* Section 3.12 of the BMP280's data sheet; for humidity, which has no example there, plausible ones. */
static const int t_p[] = {27504, 26435, -1000, 36477, -10685, 3024,
			  2855,  140,   -7,    15500, -14600, 6000};
enum { H1 = 75, H2 = 362, H3 = 0, H4 = 313, H5 = 50, H6 = 30 };

struct bmp280_model {
	struct reg8 chip;
	uint8_t id;
	uint8_t osrs_h;  /* of CTRL_HUM, as it was when CTRL_MEAS was written */
	int64_t done_ns; /* when what is being measured is there; TIME_NEVER: nothing is */
};

static struct bmp280_model *model_of(struct reg8 *chip)
{
	return container_of(chip, struct bmp280_model, chip);
}

static double celsius(double adc, double *ret_fine)
{
	double v = adc / 131072 - t_p[0] / 8192.0;

	*ret_fine = (adc / 16384 - t_p[0] / 1024.0) * t_p[1] + v * v * t_p[2];
	return *ret_fine / 5120;
}

static double pascal(double adc, double fine)
{
	const int *p = t_p + 2; /* from 1 */
	double v1 = fine / 2 - 64000;
	double v2 = (v1 * v1 * p[6] / 32768 + v1 * p[5] * 2) / 4 + p[4] * 65536.0;
	double pa;

	v1 = (1 + (p[3] * v1 * v1 / 524288 + p[2] * v1) / 524288 / 32768) * p[1];
	pa = (1048576 - adc - v2 / 4096) * 6250 / v1;
	return pa + (p[9] * pa * pa / 2147483648.0 + pa * p[8] / 32768 + p[7]) / 16;
}

static double percent(double adc, double fine)
{
	double h = fine - 76800;

	h = (adc - (H4 * 64 + H5 / 16384.0 * h)) *
	    (H2 / 65536.0 * (1 + H6 / 67108864.0 * h * (1 + H3 / 67108864.0 * h)));
	return h * (1 - H1 * h / 524288);
}

/* The least of 2^@bits numbers for which the rising function @f is @want. */
static int invert(double (*f)(double adc, double fine), double fine, double want,
		  int bits)
{
	int at = 0;

	for (int step = 1 << (bits - 1); step > 0; step >>= 1)
		if (f(at + step, fine) <= want)
			at += step;
	return at;
}

static double celsius_only(double adc, double fine)
{
	return celsius(adc, &fine);
}

static double minus_pascal(double adc, double fine)
{
	return -pascal(adc, fine);
}

static void put_20(uint8_t *reg, int adc)
{
	reg[0] = (uint8_t)(adc >> 12);
	reg[1] = (uint8_t)(adc >> 4);
	reg[2] = (uint8_t)(adc << 4);
}

/* The outputs show what the scene was like at @t_ns. */
static void measure(struct bmp280_model *m, int64_t t_ns)
{
	uint8_t *reg = m->chip.reg;
	int adc_t = SKIPPED_20;
	int adc_p = SKIPPED_20;
	int adc_h = SKIPPED_16;
	struct scene_ambient air;
	double fine = 0;

	scene_ambient(m->chip.emul.scene, t_ns, &air);
	if (reg[CTRL_MEAS] >> 5) {
		adc_t = invert(celsius_only, 0, air.temp_c, 20);
		(void)celsius(adc_t, &fine);
	}
	if (reg[CTRL_MEAS] >> 2 & 7)
		adc_p = invert(minus_pascal, fine,
			       -(air.pressure_pa + NOISE_PA * emul_noise(t_ns, 0)), 20);
	if (m->osrs_h)
		adc_h = invert(percent, fine, 100 * air.humidity, 16);
	put_20(reg + PRESS_MSB, adc_p);
	put_20(reg + TEMP_MSB, adc_t);
	reg[HUM_MSB] = (uint8_t)(adc_h >> 8);
	reg[HUM_MSB + 1] = (uint8_t)adc_h;
}

/* How many measurements a setting of 3 bits means. */
static int64_t samples(int osrs)
{
	return osrs == 0 ? 0 : osrs >= 5 ? 16 : INT64_C(1) << (osrs - 1);
}

/* The longest time of a measurement: section 9.1 of the BME280's data sheet. */
static int64_t longest_ns(const struct bmp280_model *m)
{
	int64_t t = samples(m->chip.reg[CTRL_MEAS] >> 5);
	int64_t p = samples(m->chip.reg[CTRL_MEAS] >> 2 & 7);
	int64_t h = samples(m->osrs_h);

	return (1250 + 2300 * t + (p ? 2300 * p + 575 : 0) + (h ? 2300 * h + 575 : 0)) *
	       NS_PER_US;
}

/* Time has passed. In normal mode the outputs are never older than a read. */
static void advance(struct bmp280_model *m)
{
	uint8_t *reg = m->chip.reg;

	if ((reg[CTRL_MEAS] & MODE) == MODE_NORMAL) {
		measure(m, rt_now());
	} else if (m->done_ns <= rt_now()) {
		measure(m, m->done_ns);
		m->done_ns = TIME_NEVER;
		reg[CTRL_MEAS] &= (uint8_t)~MODE;
	}
}

static void clear(struct bmp280_model *m)
{
	uint8_t *reg = m->chip.reg;

	memset(reg + RESET, 0, sizeof(m->chip.reg) - RESET);
	for (size_t i = 0; i < ARRAY_LEN(t_p); i++) {
		reg[CALIB_00 + 2 * i] = (uint8_t)t_p[i];
		reg[CALIB_00 + 2 * i + 1] = (uint8_t)(t_p[i] >> 8);
	}
	reg[ID] = m->id;
	put_20(reg + PRESS_MSB, SKIPPED_20);
	put_20(reg + TEMP_MSB, SKIPPED_20);
	m->osrs_h = 0;
	m->done_ns = TIME_NEVER;
	if (m->id == 0x58)
		return;
	reg[CALIB_25] = H1;
	reg[CALIB_26] = (uint8_t)H2;
	reg[CALIB_26 + 1] = H2 >> 8;
	reg[CALIB_26 + 2] = H3;
	reg[CALIB_26 + 3] = H4 >> 4;
	reg[CALIB_26 + 4] = (H4 & 0x0f) | (H5 & 0x0f) << 4;
	reg[CALIB_26 + 5] = H5 >> 4;
	reg[CALIB_26 + 6] = H6;
	reg[HUM_MSB] = SKIPPED_16 >> 8;
}

static uint8_t get(struct reg8 *chip, uint8_t reg)
{
	struct bmp280_model *m = model_of(chip);

	advance(m);
	if (reg == STATUS)
		return m->done_ns != TIME_NEVER ? STATUS_MEASURING : 0;
	return chip->reg[reg];
}

static void set(struct reg8 *chip, uint8_t reg, uint8_t value)
{
	struct bmp280_model *m = model_of(chip);

	if (reg == RESET && value == RESET_WORD) {
		clear(m);
	} else if (reg == CONFIG || (reg == CTRL_HUM && m->id != 0x58)) {
		chip->reg[reg] = value;
	} else if (reg == CTRL_MEAS) {
		chip->reg[reg] = value;
		m->osrs_h = chip->reg[CTRL_HUM] & 7;
		if ((value & MODE) != MODE_SLEEP && (value & MODE) != MODE_NORMAL)
			m->done_ns = rt_now() + longest_ns(m);
	}
}

static const struct reg8_ops ops = {.get = get, .set = set, .pairs = true};

static struct bmp280_model *of_emul(struct emul *e)
{
	return container_of(e, struct bmp280_model, chip.emul);
}

static int bmp280_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	of_emul(e)->id = 0x58;
	reg8_init(&of_emul(e)->chip, &ops);
	return 0;
}

static int bme280_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	of_emul(e)->id = 0x60;
	reg8_init(&of_emul(e)->chip, &ops);
	return 0;
}

static void bmp280_power_on(struct emul *e)
{
	clear(of_emul(e));
}

const struct emul_kind emul_bmp280 = {
	.name = "bmp280",
	.size = sizeof(struct bmp280_model),
	.init = bmp280_init,
	.power_on = bmp280_power_on,
};

const struct emul_kind emul_bme280 = {
	.name = "bme280",
	.size = sizeof(struct bmp280_model),
	.init = bme280_init,
	.power_on = bmp280_power_on,
};
