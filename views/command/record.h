/* record: how a deployment and its parts are put into words, alike in every command. */
#ifndef COMMAND_RECORD_H
#define COMMAND_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "views/command/out.h"

/* "prod 2.13.5 -> 2.14.0"; yours. */
char *record_route(const json_t *deployment);
/* "188 ok, 1 fail, 2 skip" without what is 0; "" when nothing was reported. Yours. */
char *record_totals(const json_t *totals);
/* "OK 188/188" or "FAIL 187/188", "" when nothing was reported. Yours. */
char *record_verdict(const json_t *totals);
/* From "started" to "ended" as "0:42"; "" while one is missing. Yours. */
char *record_span(const json_t *step_or_deployment);
/* A time member as ISO 8601, "" when absent. Yours. */
char *record_time(const json_t *object, const char *key);
/* "2nd of 3 in prod's queue"; "" when it does not wait. Yours. */
char *record_place(const json_t *deployment);
/* "OVERRIDE by bob: hotfix" of one that passed over windows and freezes, else "". Yours. */
char *record_override(const json_t *deployment);
/* "locked by bob until 2026-11-20T09:14:07Z: db work"; "" when nobody holds it. Yours. */
char *record_lock(const json_t *environment);
/* How many results TOTALS count. */
int64_t record_count(const json_t *totals);

/* "deployment 812  prod 2.13.5 -> 2.14.0  succeeded 0:42 …": a deployment as one line. */
void record_print(const json_t *deployment);

/* "  prod is blocked by window: …": what: who waits. */
void record_print_blocker(const char *what, const json_t *blocker);
/* A line for each thing that a queued deployment waits for, the ends of its approvals, and when it is expected to begin. */
void record_print_waits(const char *what, const json_t *deployment);

#endif
