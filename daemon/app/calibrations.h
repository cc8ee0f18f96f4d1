/*
 * The calibrations of the robot's chips: calibration.json in the daemon's state folder, which is what systemd's
 * StateDirectory= made (STATE_DIRECTORY), or /var/lib/instinct (K7).
 *
 * Each chip has an entry under its driver, bus and address. A file or entry that is wrong is logged with its place
 * and not used: the role runs uncalibrated, and says so in health.<role>.calibrated.
 */
#ifndef DAEMON_APP_CALIBRATIONS_H
#define DAEMON_APP_CALIBRATIONS_H
#include "daemon/base/macros.h"
#include "drivers/core/calibration.h"

struct calibrations;

/* Read the file; one that is not there is empty. NULL without memory. Blocks on the disk: before anything runs. */
struct calibrations *calibrations_new(void);
void calibrations_free(struct calibrations *c); /* NULL is fine */

/*
 * What is known of the chip of @d, which has the role @role. Returns 0; -ENOENT: nothing; or -EINVAL for an
 * entry that is wrong, which has been logged.
 */
int calibrations_find(const struct calibrations *c, const struct device_conf *d,
		      const char *role, struct calibration *ret) MUST_CHECK;

/*
 * Keep what was found of channel @chan of that chip, here and in the file, which is replaced as a whole or not at
 * all. Other entries, and other channels of this one, stay; and its matrix, unless @with_matrix.
 * *@ret_path, borrowed, is the file. Returns 0 or a negative errno of writing. Suspends: the disk is a thread's.
 */
int calibrations_keep(struct calibrations *c, const struct device_conf *d, enum chan chan,
		      const struct calibration_chan *found, bool with_matrix,
		      const char **ret_path) MUST_CHECK;

#endif
