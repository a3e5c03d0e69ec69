/*
 * ports: which loopback ports an environment's slots and previews use, and who has a port that is taken.
 *
 * Three ports for each component with a port, out of the environment's range, kept in ports.json so that they stay the
 * same over restarts. When the range changes, the live colour keeps its port until it is live no more.
 */
#ifndef HOST_PORTS_H
#define HOST_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/err.h"
#include "backend/config/config.h"
#include "backend/proto/words.h"

struct ports_entry { char *component; int slot[COLOUR_COUNT]; int preview; };
struct ports { struct ports_entry *entries; size_t n; size_t cap; };

/* Reads `path`, gives a port to what has none, drops what is gone, and writes the file when that changed anything. */
bool ports_assign(const char *path, const struct config_app *app, const struct config_environment *env,
                  enum colour live, struct ports *ret, struct err *err);
void ports_done(struct ports *ports);
const struct ports_entry *ports_find(const struct ports *ports, const char *component);     /* NULL: none */

/* false when somebody listens on it; `address` is numeric, IPv4 or IPv6. */
bool port_is_free(const char *address, int port);
/* "pid 4411 (nginx)", as far as it can be found out; yours. Reads /proc: only for errors. */
char *port_owner(int port);

#endif
