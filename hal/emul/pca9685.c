/* The PCA9685 as its data sheet (NXP, revision 4) has it; section numbers are its. */
#include "hal/emul/pca9685.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum reg {
	MODE1 = 0x00,
	MODE2 = 0x01,
	ALLCALLADR = 0x05,
	LED0_ON_L = 0x06,
	LED15_OFF_H = 0x45,
	ALL_LED_ON_L = 0xfa,
	ALL_LED_OFF_H = 0xfd,
	PRE_SCALE = 0xfe,
};

#define MODE1_RESTART 0x80
#define MODE1_AI 0x20
#define MODE1_SLEEP 0x10
#define MODE2_OCH 0x08
#define LED_REGS 4 /* ON_L, ON_H, OFF_L, OFF_H */
#define LED_FULL 0x1000
#define COUNTS 4096
#define OSCILLATOR_HZ 25e6
#define PRE_SCALE_MIN 3

/* What a channel's comparators were given. */
struct led {
	unsigned on, off; /* counts 0 to 4095, and LED_FULL */
};

struct pca9685_model {
	struct emul emul;
	uint8_t reg[256];
	struct led led[PCA9685_CHANNELS]; /* what drives the outputs */
	bool halted; /* slept while channels ran, and was not restarted (7.3.1.1) */
	uint8_t pointer;
	bool addressed;   /* the pointer has been written */
	bool led_written; /* settings that have not reached the outputs */
};

static struct pca9685_model *model_of(struct i2c_model *i2c)
{
	return container_of(i2c, struct pca9685_model, emul.i2c);
}

static const struct pca9685_model *of_emul(const struct emul *e)
{
	return container_of(e, const struct pca9685_model, emul);
}

static bool is_led(uint8_t reg)
{
	return reg >= LED0_ON_L && reg <= LED15_OFF_H;
}

static bool is_all_led(uint8_t reg)
{
	return reg >= ALL_LED_ON_L && reg <= ALL_LED_OFF_H;
}

static bool asleep(const struct pca9685_model *m)
{
	return m->reg[MODE1] & MODE1_SLEEP;
}

static bool any_running(const struct pca9685_model *m)
{
	for (unsigned i = 0; i < PCA9685_CHANNELS; i++) {
		if (!(m->led[i].off & LED_FULL))
			return true;
	}
	return false;
}

/* New settings reach the outputs, all at once; that also ends a halt. */
static void update_outputs(struct pca9685_model *m)
{
	for (unsigned i = 0; i < PCA9685_CHANNELS; i++) {
		const uint8_t *r = &m->reg[LED0_ON_L + LED_REGS * i];

		m->led[i].on = r[0] | (unsigned)(r[1] & 0x1f) << 8;
		m->led[i].off = r[2] | (unsigned)(r[3] & 0x1f) << 8;
	}
	m->led_written = false;
	m->halted = false;
}

/* RESTART reads as 1 while halted; writing 1 ends the halt, provided that the clock runs. */
static void write_mode1(struct pca9685_model *m, uint8_t value)
{
	bool slept = asleep(m);

	m->reg[MODE1] = value & (uint8_t)~MODE1_RESTART;
	if (!slept && asleep(m) && any_running(m))
		m->halted = true;
	if (value & MODE1_RESTART && !asleep(m))
		m->halted = false;
}

/* ALL_LED writes through to every channel (7.3.4). */
static void write_all_led(struct pca9685_model *m, uint8_t which, uint8_t value)
{
	for (unsigned i = 0; i < PCA9685_CHANNELS; i++)
		m->reg[LED0_ON_L + LED_REGS * i + which] = value;
}

static void write_reg(struct pca9685_model *m, uint8_t reg, uint8_t value)
{
	if (reg == MODE1) {
		write_mode1(m, value);
	} else if (reg == PRE_SCALE) {
		if (asleep(m)) /* blocked otherwise (7.3.5) */
			m->reg[reg] = value < PRE_SCALE_MIN ? PRE_SCALE_MIN : value;
	} else if (is_all_led(reg)) {
		write_all_led(m, reg - ALL_LED_ON_L, value);
		m->led_written = true;
	} else if (is_led(reg)) {
		m->reg[reg] = value;
		m->led_written = true;
	} else if (reg <= ALLCALLADR) {
		m->reg[reg] = value;
	}
}

static uint8_t read_reg(const struct pca9685_model *m, uint8_t reg)
{
	if (is_all_led(reg)) /* write only: reads as 0 */
		return 0;
	if (reg == MODE1 && m->halted)
		return m->reg[reg] | MODE1_RESTART;
	return m->reg[reg];
}

/* Behind the channels, and behind PRE_SCALE, it goes on at the beginning (table 4, remark). */
static void advance(struct pca9685_model *m)
{
	if (!(m->reg[MODE1] & MODE1_AI))
		return;
	if (m->pointer == LED15_OFF_H || m->pointer == PRE_SCALE)
		m->pointer = MODE1;
	else
		m->pointer++;
}

static int bus_start(struct i2c_model *i2c, int read)
{
	if (!read)
		model_of(i2c)->addressed = false;
	return 0;
}

static int bus_write(struct i2c_model *i2c, uint8_t byte)
{
	struct pca9685_model *m = model_of(i2c);

	if (!m->addressed) {
		m->addressed = true;
		m->pointer = byte;
		return 0;
	}
	write_reg(m, m->pointer, byte);
	if (m->led_written && m->reg[MODE2] & MODE2_OCH)
		update_outputs(m);
	advance(m);
	return 0;
}

static uint8_t bus_read(struct i2c_model *i2c)
{
	struct pca9685_model *m = model_of(i2c);
	uint8_t value = read_reg(m, m->pointer);

	advance(m);
	return value;
}

static void bus_stop(struct i2c_model *i2c)
{
	struct pca9685_model *m = model_of(i2c);

	if (m->led_written)
		update_outputs(m);
}

static int pca9685_init(struct emul *e, const struct emul_conf *conf)
{
	(void)conf;
	e->i2c.start = bus_start;
	e->i2c.write = bus_write;
	e->i2c.read = bus_read;
	e->i2c.stop = bus_stop;
	return 0;
}

static void pca9685_power_on(struct emul *e)
{
	static const uint8_t modes[] = {0x11, 0x04, 0xe2, 0xe4, 0xe8, 0xe0};
	struct pca9685_model *m = container_of(e, struct pca9685_model, emul);

	memset(m->reg, 0, sizeof(m->reg));
	memcpy(m->reg + MODE1, modes, sizeof(modes));
	for (unsigned i = 0; i < PCA9685_CHANNELS; i++)
		m->reg[LED0_ON_L + LED_REGS * i + 3] = LED_FULL >> 8;
	m->reg[PRE_SCALE] = 0x1e;
	update_outputs(m);
}

/* Counts of 4096 during which the output is high. */
static unsigned high_counts(const struct pca9685_model *m, unsigned channel)
{
	const struct led *led = &m->led[channel];

	if (asleep(m) || m->halted || led->off & LED_FULL)
		return 0;
	if (led->on & LED_FULL)
		return COUNTS;
	return (led->off - led->on) % COUNTS;
}

double pca9685_duty(const struct emul *e, unsigned channel)
{
	assert(channel < PCA9685_CHANNELS);
	return (double)high_counts(of_emul(e), channel) / COUNTS;
}

double pca9685_rate_hz(const struct emul *e)
{
	return OSCILLATOR_HZ / (COUNTS * (of_emul(e)->reg[PRE_SCALE] + 1.0));
}

static double pca9685_pulse_s(const struct emul *e, unsigned channel)
{
	double duty = channel < PCA9685_CHANNELS ? pca9685_duty(e, channel) : 0;

	return duty > 0 ? duty / pca9685_rate_hz(e) : (double)NAN;
}

const struct emul_kind emul_pca9685 = {
	.name = "pca9685",
	.size = sizeof(struct pca9685_model),
	.init = pca9685_init,
	.power_on = pca9685_power_on,
	.pulse_s = pca9685_pulse_s,
};
