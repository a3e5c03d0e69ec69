/* registry: the drivers that there are; one row each in registry.c. */
#ifndef DRIVERS_REGISTRY_H
#define DRIVERS_REGISTRY_H

#include "backend/drivers/driver.h"

extern const struct driver driver_command;     /* command.c: commands of the user's */
extern const struct driver driver_host;        /* host/: this machine, HAProxy and runit */

#endif
