/* Simulated IIO: a device of any name, which measures the scene as a kernel's driver would show it. */
#ifndef HAL_IIO_SIM_H
#define HAL_IIO_SIM_H
#include "hal/iio.h"
#include "hal/scene.h"

/* Placed by its user, whom the devices must not outlive. */
struct iio_sim {
	struct iio_provider provider;
	struct scene *scene;
	/* Faults on demand: the next @fail_count readings end with @fail_errno (a positive errno). */
	unsigned fail_count;
	int fail_errno;
	bool unplugged; /* what is open has gone, and nothing can be opened */
};

/*
 * Devices that measure @scene (borrowed), at the rate they are asked for, with the numbers and scales of
 * 16-bit chips. Of several channels of a kind there is one; triggers are not looked at. What the scene does
 * not have (illuminance) the devices lack. Inside rt_run(), while the scene is started.
 */
void iio_sim_init(struct iio_sim *sim, struct scene *scene);

#endif
