/* request: what deploy, rollback and stop share: asking for a deployment, and following it when --wait is there. */
#ifndef COMMAND_REQUEST_H
#define COMMAND_REQUEST_H

#include <jansson.h>

#include "backend/proto/words.h"

struct call;
struct zone_reading;

/*
 * POST /v1/deployments for `environment` of --app or the only application, with an idempotency key, --expect and
 * --reason. version NULL: the rollback target. Prints the deployment, or follows it. The exit code.
 */
int request_deployment(struct call *c, const char *kind, const char *environment, const char *version);
/* Prints a deployment that was just asked for, or with --wait follows it to its end: 0 when that is the wanted one, else 1. */
int request_show(struct call *c, const json_t *deployment, enum deployment_state wanted);
/* The same with the time that it is to wait for, as it was understood. */
int request_show_at(struct call *c, const json_t *deployment, const struct zone_reading *when);

#endif
