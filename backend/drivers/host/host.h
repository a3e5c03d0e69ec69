/*
 * host: the embedded driver: components run on this machine under runit, HAProxy carries their traffic, blue and green.
 * Both outlive the engine and are adopted again after its restart.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "backend/drivers/driver.h"

extern const struct driver driver_host;

#endif
