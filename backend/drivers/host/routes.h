/*
 * routes: which colour the traffic goes to: the one map file that all of HAProxy's frontends look up. Pure.
 *
 * Keys "public/web" and "preview/web" have the name of a backend ("web-blue") or "none" as their value; "live" has the
 * colour itself, so that an application of workers only has one too.
 */
#ifndef HOST_ROUTES_H
#define HOST_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/buf.h"
#include "backend/base/err.h"
#include "backend/base/saver.h"
#include "backend/drivers/host/model.h"

#define ROUTES_FILE "routes.map"       /* in HAProxy's folder, and its name on the admin socket */

struct route { char *key; char *value; };
struct routes { struct route *items; size_t n; size_t cap; };     /* sorted by key */

/* All traffic to one colour; COLOUR_NONE: nowhere. */
void routes_make(const struct host_model *model, enum colour public_colour, enum colour preview_colour,
                 struct routes *ret);
/* Lines "KEY VALUE", or "0x… KEY VALUE" as `show map` answers. */
void routes_parse(const char *text, struct routes *ret);
bool routes_equal(const struct routes *a, const struct routes *b);
const char *routes_get(const struct routes *routes, const char *key);      /* NULL: not there */
void routes_copy(const struct routes *routes, struct routes *ret);
void routes_done(struct routes *routes);

/* Where all public traffic goes; false when it goes to more than one place: `ret_why` (yours) says where. */
bool routes_live(const struct host_model *model, const struct routes *routes, enum colour *ret, char **ret_why);
/* Where previews go; COLOUR_NONE also when they do not agree. */
enum colour routes_preview(const struct host_model *model, const struct routes *routes);

/* The map file's text into `ret`, initialised here. */
void routes_text(const struct routes *routes, struct buf *ret);
bool routes_read(const char *path, struct routes *ret, struct err *err);   /* a missing file is an empty one */
/* As HAProxy's map file in its folder. */
struct save *routes_save(struct saver *saver, const char *proxy_dir, const struct routes *routes, saver_fn fn,
                         void *arg);

#endif
