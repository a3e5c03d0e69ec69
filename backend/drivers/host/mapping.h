/*
 * mapping: moves all traffic at once: one map transaction on HAProxy's admin socket, then `show map` until it tells the
 * new routes. Whatever breaks on the way (HAProxy restarts) is tried again from the start until the deadline: the
 * transaction sets the whole map, so repeating it is safe.
 */
#ifndef HOST_MAPPING_H
#define HOST_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/drivers/host/routes.h"

struct loop;
struct mapping;

/* `err` is NULL when the routes are in force. map_us: from the moment it may go to the answer of `commit`. */
typedef void (*mapping_fn)(void *arg, int64_t map_us, const struct err *err);

/* Copies the routes. The callback comes once, never from inside. */
struct mapping *mapping_start(struct loop *loop, const char *dir, const struct routes *routes, int64_t within_ms,
                              mapping_fn fn, void *arg);
/*
 * The same, but it only prepares the transaction until mapping_go: one round trip less when the moment has come; none at
 * all with a `version` that was prepared before (0: there is none). One that HAProxy does not know any more is refused by
 * it, and another is asked for.
 */
struct mapping *mapping_prepare(struct loop *loop, const char *dir, const struct routes *routes, int version,
                                int64_t within_ms, mapping_fn fn, void *arg);
void mapping_go(struct mapping *mapping);
bool mapping_went(const struct mapping *mapping);   /* it may have taken, whatever comes of it */
void mapping_cancel(struct mapping *mapping);       /* no callback; NULL is fine; not after the callback came */

/* What the routes are now. `routes` is borrowed; NULL with `err` when HAProxy does not tell. */
typedef void (*mapping_shown_fn)(void *arg, const struct routes *routes, const struct err *err);
struct mapping_show;
struct mapping_show *mapping_ask(struct loop *loop, const char *dir, int64_t within_ms, mapping_shown_fn fn, void *arg);
void mapping_ask_cancel(struct mapping_show *show);

#endif
