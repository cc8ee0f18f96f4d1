/* Chips that all start at one address: two VL53L0X on a bus, with their reset lines. */
#include <stdlib.h>

#include "daemon/rt/nursery.h"
#include "daemon/rt/scope.h"
#include "drivers/core/sensor.h"
#include "tests/driver/rig.h"

enum { LEFT, RIGHT, CHIPS };
static const char *const roles[CHIPS] = {"left", "right"};
static const char *const lines[CHIPS] = {"GPIO23", "GPIO24"};
static const uint8_t addrs[CHIPS] = {0x30, 0x31};

static struct rig rig;
static struct xshut group;
static struct emul *models[CHIPS];
static struct sensor *sensors[CHIPS];
static unsigned samples[CHIPS];
static float metres[CHIPS];

static void on_samples(void *arg, const struct sample *s, unsigned n)
{
	size_t i = (size_t)((unsigned *)arg - samples);

	samples[i] += n;
	metres[i] = s[n - 1].v[0];
}

static struct sensor *new_sensor(size_t i)
{
	const struct sensor_sink sink = {.samples = on_samples, .arg = &samples[i]};
	struct device_ports ports = rig_ports(&rig);
	struct sensor_conf conf = {.device = {.driver = "vl53l0x",
					      .bus = "body",
					      .address = addrs[i],
					      .chip = driver_find("vl53l0x")}};
	struct sensor *s;

	(void)snprintf(conf.device.xshut, sizeof(conf.device.xshut), "%s", lines[i]);
	conf_defaults(conf.device.chip->conf, conf.device.settings);
	conf.mount = mount_identity;
	ports.xshut = &group;
	s = sensor_new(roles[i], &conf, &ports, &sink);
	cr_assert(ne(ptr, s, NULL));
	return s;
}

static void make(size_t i)
{
	const struct emul_conf where = {.addr = addrs[i],
					.scene = rig.scene,
					.board = rig.board,
					.xshut = lines[i]};

	cr_assert(eq(int, emul_new("vl53l0x", &where, &models[i]), 0));
	emul_attach(models[i], rig.wire);
	sensors[i] = new_sensor(i);
}

static struct nursery nursery;
static struct child child[CHIPS];

/* Both sensors run while @body does. */
static int around(void *arg)
{
	int (*const *body)(void) = arg;
	int r;

	nursery_open(&nursery);
	for (size_t i = 0; i < CHIPS; i++)
		(void)nursery_start(&nursery, &child[i],
				    &(struct task_opt){.name = roles[i], .service = true},
				    sensor_run, sensors[i]);
	r = (*body)();
	return nursery_close(&nursery, r);
}

static void run(int (*body)(void))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};

	rig_open(&rig, 0);
	xshut_init(&group, gpio_board_provider(rig.board));
	for (size_t i = 0; i < CHIPS; i++)
		make(i);
	cr_expect(eq(int, rt_run(&conf, around, &body), 0));
	for (size_t i = 0; i < CHIPS; i++) {
		sensor_free(sensors[i]);
		cr_expect(not(gpio_board_used(rig.board, lines[i])));
		emul_detach(models[i], rig.wire);
		emul_free(models[i]);
	}
	rig_close(&rig);
}

static bool runs(size_t i)
{
	return sensor_health(sensors[i]).state == DEVICE_RUNNING;
}

static int each_has_its_address(void)
{
	int r = task_sleep(NS_PER_S);

	for (size_t i = 0; i < CHIPS; i++) {
		cr_expect(runs(i), "%s: %s", roles[i], sensor_health(sensors[i]).why);
		cr_expect(eq(u8, models[i]->i2c.addr, addrs[i]), "by its own line");
		cr_expect(ge(uint, samples[i], 8));
		cr_expect(metres[i] > 0.0f && metres[i] < 2.0f);
	}
	return r;
}

Test(xshut, each_chip_gets_its_own_address)
{
	run(each_has_its_address);
}

/* One loses its power: it comes back at the address of all, and must be given its own again. */
static int power_lost(void)
{
	int r = task_sleep(NS_PER_S);
	unsigned right = samples[RIGHT];

	emul_reset(models[LEFT]);
	cr_expect(eq(u8, models[LEFT]->i2c.addr, 0x29));
	r = r == 0 ? task_sleep(NS_PER_S) : r;
	cr_expect(runs(LEFT), "%s", sensor_health(sensors[LEFT]).why);
	cr_expect(eq(u8, models[LEFT]->i2c.addr, addrs[LEFT]));
	cr_expect(eq(u8, models[RIGHT]->i2c.addr, addrs[RIGHT]));
	cr_expect(ge(uint, samples[RIGHT], right + 9), "the other one does not notice");
	return r;
}

Test(xshut, chip_that_lost_its_power_gets_it_again)
{
	run(power_lost);
}

/* While one does not answer it is held in reset, and the common address is free. */
static int dead(void)
{
	models[LEFT]->i2c.fault[I2C_FAULT_NACK] = I2C_FAULT_ALWAYS;
	int r = task_sleep(NS_PER_S);

	cr_expect(not(runs(LEFT)));
	cr_expect(runs(RIGHT), "%s", sensor_health(sensors[RIGHT]).why);
	cr_expect(not(gpio_board_level(rig.board, lines[LEFT])));
	models[LEFT]->i2c.fault[I2C_FAULT_NACK] = 0;
	r = r == 0 ? task_sleep(6 * NS_PER_S) : r;
	cr_expect(runs(LEFT), "%s", sensor_health(sensors[LEFT]).why);
	return r;
}

Test(xshut, dead_chip_is_held_in_reset)
{
	run(dead);
}

/* A chip that cannot be held might answer in another's place: nobody starts, and it is said why. */
static int line_taken(void)
{
	const struct gpio_request req = {.line = lines[RIGHT], .output = true};
	struct gpio_line *taken = NULL;
	int r = 0;

	cr_assert(eq(int, gpio_open(gpio_board_provider(rig.board), &req, &taken), 0));
	r = task_sleep(NS_PER_S);
	cr_expect(not(runs(LEFT)));
	cr_expect(ne(ptr,
		     strstr(sensor_health(sensors[LEFT]).why,
			    "right cannot be held in reset: "),
		     NULL),
		  "%s", sensor_health(sensors[LEFT]).why);
	gpio_close(taken);
	r = r == 0 ? task_sleep(6 * NS_PER_S) : r;
	cr_expect(runs(LEFT));
	cr_expect(runs(RIGHT));
	return r;
}

Test(xshut, nobody_starts_while_one_cannot_be_held)
{
	run(line_taken);
}

/* Another sensor takes over the role, with the same line: the old one is there until the new one runs. */
static int taken_over(void)
{
	struct sensor *old = sensors[LEFT];
	int r = task_sleep(NS_PER_S);

	sensors[LEFT] = new_sensor(LEFT);
	child_cancel(&child[LEFT], CANCEL_EXPLICIT, "test");
	cr_assert(eq(int, child_join(&child[LEFT]), 0));
	cr_expect(not(gpio_board_level(rig.board, lines[LEFT])));
	(void)nursery_start(&nursery, &child[LEFT],
			    &(struct task_opt){.name = "left", .service = true},
			    sensor_run, sensors[LEFT]);
	r = r == 0 ? task_sleep(NS_PER_S) : r;
	cr_expect(runs(LEFT), "%s", sensor_health(sensors[LEFT]).why);
	sensor_free(old);
	r = r == 0 ? task_sleep(NS_PER_S) : r;
	cr_expect(runs(LEFT) && gpio_board_level(rig.board, lines[LEFT]));
	cr_expect(runs(RIGHT));
	return r;
}

Test(xshut, line_goes_over_to_the_next_sensor)
{
	run(taken_over);
}
