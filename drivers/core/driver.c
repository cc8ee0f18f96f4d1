/* Finding drivers by name. */
#include <string.h>

#include "drivers/driver.h"

const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; driver_table[i]; i++)
		if (strcmp(driver_table[i]->name, name) == 0)
			return driver_table[i];
	return NULL;
}
