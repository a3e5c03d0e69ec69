#include "views/command/record.h"

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

char *record_route(const json_t *deployment)
{
	const char *from = json_text(deployment, "from");

	return mem_printf("%s %s -> %s", json_text(deployment, "environment"), *from ? from : "nothing",
	                  json_text(deployment, "version"));
}

int64_t record_count(const json_t *totals)
{
	return json_int(totals, "ok", 0) + json_int(totals, "fail", 0) + json_int(totals, "skip", 0)
		+ json_int(totals, "todo", 0);
}

char *record_totals(const json_t *totals)
{
	static const char *const names[] = { "ok", "fail", "skip", "todo" };
	struct buf b;

	buf_init(&b, 200);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_int(totals, names[i], 0) > 0)
			buf_printf(&b, "%s%lld %s", b.len ? ", " : "", (long long)json_int(totals, names[i], 0), names[i]);
	return b.data;
}

char *record_verdict(const json_t *totals)
{
	int64_t ok = json_int(totals, "ok", 0), fail = json_int(totals, "fail", 0);

	if (record_count(totals) == 0)
		return mem_dup("");
	return mem_printf("%s %lld/%lld", fail ? "FAIL" : "OK", (long long)ok, (long long)(ok + fail));
}

char *record_span(const json_t *step_or_deployment)
{
	int64_t started = json_int(step_or_deployment, "started", -1), ended = json_int(step_or_deployment, "ended", -1);
	char text[CLOCK_AGE_SIZE];

	return mem_dup(started < 0 || ended < 0 ? "" : clock_span(ended - started, text));
}

char *record_time(const json_t *object, const char *key)
{
	int64_t at = json_int(object, key, -1);
	char text[CLOCK_ISO_SIZE];

	return mem_dup(at < 0 ? "" : clock_iso(at, text));
}

void record_print(const json_t *deployment)
{
	AUTO(mem_auto_free) char *route = record_route(deployment), *span = record_span(deployment);
	const char *state = json_text(deployment, "state"), *layer = json_text(deployment, "layer");
	const char *message = json_text(deployment, "message");

	out_piece(OUT_PLAIN, "deployment %lld  %s  ", (long long)json_int(deployment, "id", 0), route);
	out_piece(out_style_of(state), "%s", state);
	out_piece(OUT_PLAIN, "%s%s", *span ? " " : "", span);
	if (*layer || *message)
		out_piece(OUT_PLAIN, "  %s%s%s", layer, *layer && *message ? ": " : "", message);
	out_end_line();
}
