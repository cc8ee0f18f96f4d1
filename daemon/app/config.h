/*
 * The robot's configuration as a whole: what the files say, read and checked before anything starts.
 * The keys of each part are declared where that part is (sensors in drivers/core, and so on); here is
 * what holds them together: names, references, and that nothing is owned twice.
 */
#ifndef DAEMON_APP_CONFIG_H
#define DAEMON_APP_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "daemon/base/conf.h"
#include "daemon/base/macros.h"
#include "daemon/base/sample.h"
#include "daemon/fusion/charge.h"
#include "daemon/fusion/motion.h"
#include "daemon/fusion/vote.h"
#include "daemon/fusion/vqf_params.h"
#include "daemon/link/bus.h"
#include "drivers/core/actuator.h"
#include "drivers/core/sensor.h"

#define NAME_MAX_LEN 31 /* of a role, a bus, a behaviour: bytes without the NUL */
#define VALUE_NAME_MAX 96

struct conf_bus {
	char name[NAME_MAX_LEN + 1];
	char path[128]; /* "/dev/i2c-1", or "sim"; "": behind a multiplexer */
	char mux[24];
	char on[NAME_MAX_LEN + 1]; /* the multiplexer's own bus */
	int address;               /* and address there */
	int channel;
};

struct conf_sensor {
	char role[NAME_MAX_LEN + 1];
	struct sensor_conf sensor;
	char value[CHAN_COUNT][VALUE_NAME_MAX]; /* the value that each channel becomes */
};

/* A chip that is on a simulated bus, whether anything uses it or not. */
struct conf_spare {
	char name[NAME_MAX_LEN + 1];
	struct device_conf device;
	char irq[DEVICE_LINE_MAX];
};

struct conf_chip {
	char name[NAME_MAX_LEN + 1];
	struct chip_conf chip;
};

struct conf_actuator {
	char name[NAME_MAX_LEN + 1];
	struct actuator_conf actuator;
	size_t chip; /* index of the shared chip it is on; SIZE_MAX: one of its own */
};

struct conf_member {
	char channel[NAME_MAX_LEN + 1]; /* "pan", as behaviours call it */
	size_t actuator;                /* index */
};

#define RESOURCE_MEMBERS 16

struct conf_resource {
	char name[NAME_MAX_LEN + 1];
	struct conf_member members[RESOURCE_MEMBERS];
	size_t n_members;
};

struct conf_behaviour {
	char name[NAME_MAX_LEN + 1];
	char script[256];
};

struct conf_robot {
	char id[64];
	char name[NAME_MAX_LEN + 1];
};

/* Sensors that measure the same; one, or none. */
struct conf_roles {
	char role[VOTE_MAX][NAME_MAX_LEN + 1];
	unsigned n;
};

struct conf_attitude {
	struct conf_roles imu; /* none: no attitude */
	struct conf_roles mag;
	struct vqf_params vqf;
};

struct conf_altitude {
	struct conf_roles pressure; /* none: no altitude */
	char imu[NAME_MAX_LEN + 1]; /* one of the attitude's; "": without */
	double tau_s;
	double tolerance_m; /* among barometers */
};

struct conf_fusion {
	struct conf_attitude attitude;
	struct conf_altitude altitude;
	struct motion_conf motion;
	struct charge_conf battery; /* without a voltage there is none */
};

struct conf_dev {
	bool faults; /* fault.inject is there */
};

enum conf_gpio { CONF_GPIO_LINUX, CONF_GPIO_SIM };

struct conf_safety {
	char kill_line[32]; /* "": the robot has none */
};

struct config {
	int version;
	struct conf_robot robot;
	enum conf_gpio gpio;
	struct conf_fusion fusion;
	struct conf_safety safety;
	struct bus_conf bus;
	struct conf_dev dev;

	struct conf_bus *buses;
	size_t n_buses;
	struct conf_sensor *sensors;
	size_t n_sensors;
	struct conf_spare *spares;
	size_t n_spares;
	struct conf_chip *chips;
	size_t n_chips;
	struct conf_actuator *actuators;
	size_t n_actuators;
	struct conf_resource *resources;
	size_t n_resources;
	struct conf_behaviour *behaviours;
	size_t n_behaviours;

	struct json_doc doc; /* behaviours read their own parts of it */
};

/*
 * Read @paths, later files over earlier ones, and check them whole. A path that ends in a slash is a
 * folder whose *.jsonc are read in the order of their names; one that is not there is skipped.
 * Returns 0 with a configuration that the caller frees; -EINVAL after errors, all of which are in
 * @errs; or -ENOMEM. Blocks on the disk.
 */
int config_read(const char *const *paths, size_t n, struct conf_errors *errs,
		struct config **ret) MUST_CHECK;

/*
 * The same from a document that has been read, which is empty afterwards whatever happens. Any thread. Blocks
 * on the disk.
 */
int config_from_doc_take(struct json_doc *doc, struct conf_errors *errs,
			 struct config **ret) MUST_CHECK;

void config_free(struct config *c); /* NULL is fine */

/* The bus called @name, or NULL. */
const struct conf_bus *config_bus(const struct config *c, const char *name);

/* Is anything in it simulated? */
bool config_simulated(const struct config *c);

/* One line per key: the reference page. */
void config_print_reference(FILE *out);

#endif
