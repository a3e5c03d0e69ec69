#include "views/command/release_print.h"

#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/command/out.h"
#include "views/command/record.h"

static bool is_done(const json_t *member)
{
	const char *state = json_text(member, "state");

	return strcmp(state, "succeeded") == 0 || strcmp(state, "unchanged") == 0;
}

/* States of members that are no deployment's. */
static enum out_style style_of(const char *state)
{
	if (strcmp(state, "stays") == 0)
		return OUT_BAD;
	return strcmp(state, "undoing") == 0 ? OUT_BUSY : out_style_of(state);
}

void release_print_head(const json_t *release)
{
	const json_t *members = json_object_get(release, "members"), *member;
	const char *state = json_text(release, "state"), *message = json_text(release, "message");
	int64_t id = json_int(release, "id", 0);
	AUTO(mem_auto_free) char *name = id ? mem_printf("release %lld", (long long)id) : mem_dup("dry run");
	AUTO(mem_auto_free) char *span = record_span(release), *at = record_time(release, "not_before");
	size_t i, done = 0;

	json_array_foreach(members, i, member)
		done += is_done(member);
	out_piece(OUT_PLAIN, "%s  %s -> %s  ", name, json_text(release, "group"), json_text(release, "environment"));
	if (id)
		out_piece(out_style_of(state), "%s", state);
	else
		out_piece(OUT_GOOD, "nothing refuses it");
	out_piece(OUT_PLAIN, "  %zu/%zu%s%s", done, json_array_size(members), *span ? "  " : "", span);
	if (*at && strcmp(state, "queued") == 0)
		out_piece(OUT_PLAIN, "  at %s", at);
	if (*message)
		out_piece(OUT_PLAIN, "  %s", message);
	out_end_line();
}

static void add_member(struct out_table *t, const json_t *member)
{
	const char *state = json_text(member, "state");
	int64_t deployment = json_int(member, "deployment", 0), rollback = json_int(member, "rollback", 0);

	out_row(t);
	out_cellf(t, OUT_PLAIN, "  %s", json_text(member, "app"));
	out_cellf(t, OUT_PLAIN, "%s -> %s", json_text_or(member, "from", "nothing"), json_text(member, "version"));
	out_cell(t, style_of(state), state);
	if (rollback)
		out_cellf(t, OUT_PLAIN, "%lld, back by %lld", (long long)deployment, (long long)rollback);
	else if (deployment)
		out_cellf(t, OUT_PLAIN, "%lld", (long long)deployment);
	else
		out_cell(t, OUT_PLAIN, NULL);
	out_cell(t, OUT_PLAIN, json_text(member, "why"));
}

static void print_blocked(const json_t *release)
{
	const json_t *b;
	size_t i;

	json_array_foreach(json_object_get(release, "blocked"), i, b) {
		const char *app = json_text(b, "app");

		record_print_blocker(*app ? app : "it", b);
	}
}

void release_print(const json_t *release, bool json)
{
	struct out_table t = { 0 };
	const json_t *member;
	size_t i;

	if (json) {
		out_json(release);
		return;
	}
	release_print_head(release);
	json_array_foreach(json_object_get(release, "members"), i, member)
		add_member(&t, member);
	out_table_print(&t);
	print_blocked(release);
}

void release_print_member(const json_t *release, const json_t *member)
{
	const char *state = json_text(member, "state"), *why = json_text(member, "why");
	int64_t rollback = json_int(member, "rollback", 0);
	int64_t deployment = rollback ? rollback : json_int(member, "deployment", 0);

	out_piece(OUT_PLAIN, "release %lld  %s %s -> %s  ", (long long)json_int(release, "id", 0), json_text(member, "app"),
	          json_text_or(member, "from", "nothing"), json_text(member, "version"));
	out_piece(style_of(state), "%s", state);
	if (deployment)
		out_piece(OUT_PLAIN, "  %s %lld", rollback ? "rollback" : "deployment", (long long)deployment);
	if (*why)
		out_piece(OUT_PLAIN, "  %s", why);
	out_end_line();
}
