/*
 * output: a deployment's log file and its live events. Bytes go to STATE/log/ID.log as they come; readers are told of
 * the size, of totals and of new results at most ten times a second.
 */
#ifndef ENGINE_OUTPUT_H
#define ENGINE_OUTPUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/report/report.h"

struct engine;
struct output;

enum { OUTPUT_TAIL_MAX = 4096 };
#define OUTPUT_FILE_MAX (64LL * 1024 * 1024)       /* more is cut, and the file says so */

struct output *output_new(struct engine *e, int64_t deployment);
void output_free(struct output *o);                /* tells the last of it; NULL is fine */
void output_add(struct output *o, const char *data, size_t len);
void output_line(struct output *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Counts a result and has it told. */
void output_result(struct output *o, int n, int step, const struct report_result *result);
void output_totals(struct output *o, const struct report_totals *totals);
/* Reads a part of a log file; ret is {"size","from","text"}, cut at whole characters; an absent file is empty. */
json_t *output_read(struct engine *e, int64_t deployment, int64_t from, int64_t limit);
int64_t output_size(struct engine *e, int64_t deployment);
json_t *output_totals_json(const struct report_totals *totals);    /* TOTALS of proto/api.h; yours */

#endif
