/*
 * build: how builds are numbered and found. A build's id is its application's number times 2^40 plus the sequence
 * number of the row that added it first: the ids of one application are one range, to which a search can be cut.
 */
#ifndef STORE_BUILD_H
#define STORE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

struct store;

struct build_range { int64_t first, last; int64_t count; };    /* count -1: the application never had a build */
bool build_range(struct store *s, const char *app, struct build_range *ret, struct err *err);
/* ret_id 0 when there is no such version. */
bool build_find(struct store *s, const char *app, const char *version, int64_t *ret_id, struct err *err);

struct build_page { int64_t *ids; size_t n; int64_t total; };
/* Newest first; q "" or NULL for all. ret_page->ids is yours. */
bool build_search(struct store *s, const char *app, const char *q, int offset, int limit, struct build_page *ret_page,
                  struct err *err);

#endif
