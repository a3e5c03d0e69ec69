#include "backend/drivers/registry.h"

#include <string.h>

const struct driver *const driver_registry[] = {
	&driver_command,
	&driver_host,
	NULL
};

const struct driver *driver_find(const char *name)
{
	for (const struct driver *const *d = driver_registry; *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d;
	return NULL;
}
