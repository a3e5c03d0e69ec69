/*
 * haproxy: what HAProxy is told and what it tells: the text of its configuration, the commands of a map transaction,
 * the figures of `show stat`. Pure.
 *
 * The configuration names files relative to HAProxy's folder and depends on nothing but the model, so it changes with
 * the configuration of the application, never with a switch. Its "description" is a digest of the rest: `show info`
 * tells whether the running HAProxy has it.
 */
#ifndef HOST_HAPROXY_H
#define HOST_HAPROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/artifact/digest.h"
#include "backend/base/buf.h"
#include "backend/drivers/host/model.h"
#include "backend/drivers/host/routes.h"

#define HAPROXY_SOCKET "admin.sock"    /* in its folder */
#define HAPROXY_CONFIG "haproxy.cfg"

/* Into `ret`, initialised here. */
void haproxy_config(const struct host_model *model, struct buf *ret, char ret_mark[static DIGEST_SIZE]);
/* What the running configuration's description is in the answer of `show info`; "" when it has none; yours. */
char *haproxy_mark(const char *show_info);

/* "New version created: 7" of `prepare map` -> 7; 0 when it says something else. */
int haproxy_version(const char *answer);
/*
 * The whole map as versions of it: lines of at most HAPROXY_LINE_MAX bytes to be sent one after the other, the last one
 * commits. NULL-terminated; each and the array are yours (haproxy_lines_free).
 */
enum { HAPROXY_LINE_MAX = 8000 };
char **haproxy_map_lines(const struct routes *routes, int version);
void haproxy_lines_free(char **lines);
/* add and commit answer nothing when they worked. */
bool haproxy_is_quiet(const char *answer);

/* One figure of `show stat`: stat(csv, "web-blue", "BACKEND", "scur"); 0 when there is none. */
int64_t haproxy_stat(const char *csv, const char *proxy, const char *server, const char *field);

#endif
