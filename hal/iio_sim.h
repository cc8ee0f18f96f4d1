/* Simulated IIO: a device of any name, which measures the scene as a kernel's driver would show it. */
#ifndef HAL_IIO_SIM_H
#define HAL_IIO_SIM_H
#include "hal/iio.h"
#include "hal/scene.h"

/* What a simulated device may do wrong. */
enum iio_fault {
	IIO_FAULT_ERROR,  /* a reading ends with EIO */
	IIO_FAULT_FREEZE, /* a reading shows the same bytes again */
	IIO_FAULT_GONE,   /* it is not there: not counted */
	IIO_FAULT_COUNT,
};

#define IIO_FAULT_ALWAYS UINT32_MAX
#define IIO_SIM_FAULTY_MAX 8 /* devices that may be at fault at a time */

/* Placed by its user, whom the devices must not outlive. */
struct iio_sim {
	struct iio_provider provider;
	struct scene *scene;
	struct { /* private */
		char device[64];
		uint32_t fault[IIO_FAULT_COUNT];
	} faulty[IIO_SIM_FAULTY_MAX];
	size_t n_faulty;
};

/*
 * Devices that measure @scene (borrowed), at the rate they are asked for, with the numbers and scales of
 * 16-bit chips. Of several channels of a kind there is one; triggers are not looked at. What the scene does
 * not have (illuminance) the devices lack. Inside rt_run(), while the scene is started.
 */
void iio_sim_init(struct iio_sim *sim, struct scene *scene);

/*
 * Have the device @device misbehave for @count readings (IIO_FAULT_ALWAYS: all), or, where nothing is counted,
 * until it is called again with 0. Returns 0, or -ENOSPC for one device too many.
 */
int iio_sim_fault(struct iio_sim *sim, const char *device, enum iio_fault fault,
		  uint32_t count) MUST_CHECK;

#endif
