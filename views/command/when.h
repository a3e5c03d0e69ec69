/* when: the time that --at names, and how it was understood. */
#ifndef COMMAND_WHEN_H
#define COMMAND_WHEN_H

#include <stdbool.h>

#include "backend/base/zone.h"

struct call;

/* The value of --at, or all zero without it. One that comes twice is noted, with which of both is taken. */
bool when_read(const struct call *c, struct zone_reading *ret, struct err *err);
/* "  scheduled for 2026-12-01T17:00:00Z (2026-12-01 18:00 Europe/Paris)"; nothing without a time. */
void when_print(const struct zone_reading *when);

#endif
