/*
 * AK09916: DS-000189 revision 1.3, sections 12 and 13. AK8963: RM-MPU-9250A-00 revision 1.6, section 5, which leaves
 * out how it behaves; that is as in AKM's own data sheet, MS1356-E-02: reading in sections 6.4.3.2 to 6.4.3.4,
 * overflow in 6.4.3.6, modes in 6.3, bursts in 7.2.
 */
#include "hal/emul/akm.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"

#define ADDR 0x0c
#define BYPASS_EN 0x02 /* in INT_PIN_CFG */
#define DRDY 0x01      /* in ST1 */
#define DOR 0x02       /* the same: measurements were skipped */
#define HOFL 0x08      /* in ST2 */
#define BITM 0x10      /* in ST2 of the AK8963: as its BIT */
#define SRST 0x01
#define LSB_T 0.15e-6             /* at 16 bits; at 14 bits four times that */
#define MOST_T 4912e-6            /* the three numbers together, without their signs */
#define MODE_NS (100 * NS_PER_US) /* after power-down, before another mode */
#define FUSE_ROM 0x0f             /* a mode: the sensitivity adjustment can be read */
#define ASAX 0x10

static int64_t ak09916_period_ns(uint8_t mode)
{
	switch (mode) {
	case 0x02:
		return 100 * NS_PER_MS;
	case 0x04:
		return 50 * NS_PER_MS;
	case 0x06:
		return 20 * NS_PER_MS;
	case 0x08:
		return 10 * NS_PER_MS;
	}
	return 0;
}

static int64_t ak8963_period_ns(uint8_t mode)
{
	switch (mode) {
	case 0x02:
		return 125 * NS_PER_MS;
	case 0x06:
		return 10 * NS_PER_MS;
	}
	return 0;
}

const struct akm_kind akm_ak09916 = {
	.id = {0x48, 0x09},
	.st1 = 0x10,
	.st2 = 0x18,
	.mode_reg = 0x31,
	.reset_reg = 0x32,
	.mode_mask = 0x1f,
	.wrap = {{0x03, 0x10}, {0x18, 0x00}, {0x32, 0x30}},
	.most = 32752,
	.from = {0, 1, 2},
	.sign = {1, -1, -1},
	.period_ns = ak09916_period_ns,
};

const struct akm_kind akm_ak8963 = {
	.id = {0x48},
	.st1 = 0x02,
	.st2 = 0x09,
	.mode_reg = 0x0a,
	.reset_reg = 0x0b,
	.mode_mask = 0x0f,
	.wide = 0x10,
	.asa = {176, 179, 165},
	.wrap = {{0x0c, 0x00}, {0x12, 0x10}},
	.most = 32760,
	.from = {1, 0, 2},
	.sign = {1, 1, -1},
	.period_ns = ak8963_period_ns,
};

static struct emul_akm *model_of(struct i2c_model *i2c)
{
	return container_of(i2c, struct emul_akm, i2c);
}

static uint8_t mode(const struct emul_akm *m)
{
	return m->reg[m->kind->mode_reg] & m->kind->mode_mask;
}

static bool wide(const struct emul_akm *m)
{
	return !m->kind->wide || m->reg[m->kind->mode_reg] & m->kind->wide;
}

/* What the adjustment is to make good: the raw number is too small by that. */
static double sensitivity(const struct akm_kind *k, size_t i)
{
	return k->asa[i] ? 1 + (k->asa[i] - 128) * 0.5 / 128 : 1;
}

static void measure(struct emul_akm *m)
{
	const struct akm_kind *k = m->kind;
	double part = wide(m) ? 1 : 0.25;
	struct scene_ambient around;
	uint8_t *data = m->reg + k->st1 + 1;
	double sum_t = 0;

	scene_ambient(m->scene, m->since_ns, &around);
	m->reg[k->st2] = k->wide && wide(m) ? BITM : 0;
	for (size_t i = 0; i < 3; i++) {
		double value =
			k->sign[i] * around.mag_t[k->from[i]] / LSB_T / sensitivity(k, i);
		uint16_t bits = (uint16_t)(int16_t)lround(
			part * fmin(fmax(value, -k->most), k->most));

		sum_t += fabs(around.mag_t[i]);
		data[2 * i] = (uint8_t)bits;
		data[2 * i + 1] = (uint8_t)(bits >> 8);
	}
	if (sum_t >= MOST_T)
		m->reg[k->st2] |= HOFL;
}

/* Time has passed: the last whole period's measurement is there, unless the one before is being read. */
static void advance(struct emul_akm *m)
{
	int64_t each_ns = m->kind->period_ns(mode(m));
	int64_t periods = each_ns ? (rt_now() - m->since_ns) / each_ns : 0;
	uint8_t *st1 = &m->reg[m->kind->st1];

	if (periods == 0)
		return;
	m->since_ns += periods * each_ns;
	if (m->reading) {
		m->skipped = true;
		return;
	}
	measure(m);
	if (*st1 & DRDY || periods > 1 || m->skipped)
		*st1 |= DOR;
	*st1 |= DRDY;
	m->skipped = false;
}

/* Reached through the bypass only. */
static int akm_start(struct i2c_model *i2c, int read)
{
	struct emul_akm *m = model_of(i2c);

	if (!(*m->bypass & BYPASS_EN))
		return -ENXIO;
	if (!read)
		m->addressed = false;
	return 0;
}

/* From one mode to another it has to go by power-down, and to stay there for a while. */
static void write_mode(struct emul_akm *m, uint8_t value)
{
	uint8_t next = value & m->kind->mode_mask;
	bool down = mode(m) == 0;

	if (next && next != mode(m) && (!down || rt_now() - m->since_ns < MODE_NS))
		return;
	m->reg[m->kind->mode_reg] = value;
	if (next || !down)
		m->since_ns = rt_now();
}

static void advance_pointer(struct emul_akm *m)
{
	for (size_t i = 0; i < ARRAY_LEN(m->kind->wrap); i++)
		if (m->kind->wrap[i].last && m->pointer == m->kind->wrap[i].last) {
			m->pointer = m->kind->wrap[i].then;
			return;
		}
	m->pointer = (uint8_t)(m->pointer + 1) % AKM_REGS;
}

static int akm_write(struct i2c_model *i2c, uint8_t byte)
{
	struct emul_akm *m = model_of(i2c);

	if (!m->addressed) {
		m->addressed = true;
		m->pointer = byte % AKM_REGS;
		return 0;
	}
	if (m->pointer == m->kind->reset_reg && byte & SRST) {
		emul_akm_power_on(m);
		m->since_ns = rt_now();
	} else if (m->pointer == m->kind->mode_reg) {
		write_mode(m, byte);
	}
	advance_pointer(m);
	return 0;
}

/* What reading register @reg does: the first number begins it, and ST2 ends it. */
static void note_read(struct emul_akm *m, uint8_t reg)
{
	const struct akm_kind *k = m->kind;

	if (reg <= k->st1 || reg > k->st2)
		return;
	m->reg[k->st1] = 0;
	m->reading = reg != k->st2;
}

static uint8_t akm_read(struct i2c_model *i2c)
{
	struct emul_akm *m = model_of(i2c);
	const struct akm_kind *k = m->kind;
	uint8_t value;

	advance(m);
	value = m->reg[m->pointer];
	if (k->asa[0] && mode(m) == FUSE_ROM && m->pointer >= ASAX &&
	    m->pointer < ASAX + 3)
		value = k->asa[m->pointer - ASAX];
	note_read(m, m->pointer);
	advance_pointer(m);
	return value;
}

static void akm_stop(struct i2c_model *i2c)
{
	(void)i2c;
}

void emul_akm_init(struct emul_akm *m, const struct akm_kind *kind,
		   const struct scene *scene, const uint8_t *bypass)
{
	*m = (struct emul_akm){
		.i2c = {.addr = ADDR,
			.start = akm_start,
			.write = akm_write,
			.read = akm_read,
			.stop = akm_stop},
		.kind = kind,
		.scene = scene,
		.bypass = bypass,
	};
}

void emul_akm_power_on(struct emul_akm *m)
{
	memset(m->reg, 0, sizeof(m->reg));
	memcpy(m->reg, m->kind->id, sizeof(m->kind->id));
	m->reading = m->skipped = false;
}
