/* Finding drivers by name. */
#include <string.h>

#include "drivers/driver.h"

enum driver_kind driver_kind(const struct driver *d)
{
	return d->chans ? DRIVER_SENSOR : DRIVER_ACTUATOR;
}

const struct driver *driver_find_kind(enum driver_kind kind, const char *name)
{
	for (size_t i = 0; driver_table[i]; i++)
		if (driver_kind(driver_table[i]) == kind &&
		    strcmp(driver_table[i]->name, name) == 0)
			return driver_table[i];
	return NULL;
}

const struct driver *driver_find(const char *name)
{
	const struct driver *d = driver_find_kind(DRIVER_SENSOR, name);

	return d ? d : driver_find_kind(DRIVER_ACTUATOR, name);
}
