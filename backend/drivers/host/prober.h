/*
 * prober: a user who never stops: asks the public frontends of the HTTP components for their health path, on a fresh
 * connection each time and on one that is kept alive, and counts what comes back.
 */
#ifndef HOST_PROBER_H
#define HOST_PROBER_H

#include <jansson.h>
#include <stdint.h>

struct driver_env;
struct host_model;
struct prober;

/* Only requests that got their answer are counted; sent = ok + failed. */
struct prober_counts {
	int64_t sent, ok, failed;
	int64_t errors;                        /* of the failed: without a status of 5xx, so in no figure of HAProxy's */
	int64_t max_us;
};

struct prober *prober_new(struct driver_env *denv, struct host_model *model, int64_t interval_ms);
void prober_free(struct prober *prober);               /* forgets what is under way; NULL is fine */
void prober_counts(const struct prober *prober, struct prober_counts *ret);
/* The last request that failed: "GET http://…/health answered 503"; NULL when none did. Borrowed. */
const char *prober_failure(const struct prober *prober);
/* {"sent":…,"ok":…,"failed":…,"max_ms":…} for the journal; yours. */
json_t *prober_json(const struct prober *prober);

#endif
