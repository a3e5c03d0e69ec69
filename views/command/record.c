#include "views/command/record.h"

#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/proto/words.h"

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

void record_print_blocker(const char *what, const json_t *blocker)
{
	AUTO(mem_auto_free) char *at = record_time(blocker, "clears_at");
	const char *who = json_text(blocker, "who");

	out_line("  %s is blocked by %s: %s%s%s%s%s%s", what, json_text(blocker, "gate"), json_text(blocker, "why"),
	         *who ? " (" : "", who, *who ? ")" : "", *at ? ", clears at " : "", at);
}

/* Only one that still counts has an end; what was for another plan is none any more. */
static void print_approval(const char *what, const json_t *deployment, const json_t *approval)
{
	AUTO(mem_auto_free) char *ends = record_time(approval, "ends");

	if (*ends && strcmp(json_text(approval, "plan_hash"), json_text(deployment, "plan_hash")) == 0
	    && strcmp(json_text(approval, "verdict"), "approve") == 0)
		out_line("  %s is approved by %s; that ends %s", what, json_text(approval, "name"), ends);
}

void record_print_waits(const char *what, const json_t *deployment)
{
	const json_t *blocked = json_object_get(deployment, "blocked"), *one;
	AUTO(mem_auto_free) char *expected = record_time(deployment, "expected");
	size_t i;

	json_array_foreach(blocked, i, one)
		record_print_blocker(what, one);
	json_array_foreach(json_object_get(deployment, "approvals"), i, one)
		print_approval(what, deployment, one);
	/* Of a single one that was said already. */
	if (*expected && json_array_size(blocked) > 1)
		out_line("  %s is expected to begin %s", what, expected);
}

char *record_place(const json_t *deployment)
{
	return queue_place((int)json_int(deployment, "position", 0), (int)json_int(deployment, "queue_size", 0),
	                   json_text(deployment, "environment"));
}

char *record_lock(const json_t *environment)
{
	const json_t *lock = json_object_get(environment, "lock");
	AUTO(mem_auto_free) char *end = record_time(lock, "expires");

	return !json_is_object(lock) ? mem_dup("")
		: mem_printf("locked by %s%s%s: %s", json_text(lock, "owner"), *end ? " until " : "", end, json_text(lock, "reason"));
}

char *record_override(const json_t *deployment)
{
	return override_words(json_text(deployment, "actor"), json_text(deployment, "override"));
}

void record_print(const json_t *deployment)
{
	AUTO(mem_auto_free) char *place = record_place(deployment), *override = record_override(deployment);
	AUTO(mem_auto_free) char *route = record_route(deployment), *span = record_span(deployment);
	const char *state = json_text(deployment, "state"), *layer = json_text(deployment, "layer");
	const char *message = json_text(deployment, "message");

	out_piece(OUT_PLAIN, "deployment %lld  %s  ", (long long)json_int(deployment, "id", 0), route);
	out_piece(out_style_of(state), "%s", state);
	out_piece(OUT_PLAIN, "%s%s%s%s", *span ? " " : "", span, *place ? ", " : "", place);
	if (*override)
		out_piece(OUT_BAD, "  %s", override);
	if (*layer || *message)
		out_piece(OUT_PLAIN, "  %s%s%s", layer, *layer && *message ? ": " : "", message);
	out_end_line();
}
