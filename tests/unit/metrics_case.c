#include "tests/unit/metrics_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"

int64_t metrics_case_at(int64_t minute)
{
	return METRICS_CASE_ZERO + minute * 60000;
}

static json_t *body_of(char *text)
{
	static const char *const times[] = { "at", "commit_time" };
	json_t *body;
	struct err err = { 0 };

	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	body = json_read(text, strlen(text), &err);
	if (!body)
		fail_msg("%s: %s", text, err.text);
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (json_object_get(body, times[i]))
			json_object_set_new(body, times[i], json_integer(metrics_case_at(json_int(body, times[i], 0))));
	return body;
}

struct metrics *metrics_case(const char *journal)
{
	struct metrics *m = metrics_new();
	AUTO(mem_auto_free) char *text = mem_dup(journal);
	char *rest = text;

	for (char *line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n")) {
		AUTO(json_auto_decref) json_t *row = NULL;
		int64_t seq = 0, minute = 0;
		char type[64] = "";
		int used = 0;

		if (sscanf(line, "%" SCNd64 " %" SCNd64 " %63s %n", &seq, &minute, type, &used) != 3)
			fail_msg("no row: %s", line);
		row = json_pack("{s:I, s:I, s:s, s:s, s:o}", "seq", (json_int_t)seq, "at",
		                (json_int_t)metrics_case_at(minute), "actor", "alice", "type", type, "body",
		                body_of(line + used));
		metrics_row(m, row);
	}
	return m;
}
