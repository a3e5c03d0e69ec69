#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/proto/words.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/revive.h"
#include "views/command/verbs.h"

enum { PIECE = 256 * 1024, LINE_MAX_BYTES = 1024 * 1024 };

static const struct flag flag_follow = { "--follow", 'f', NULL, "go on until the deployment is over", false, false };

struct reading {
	struct call *call;
	int64_t id, from;
	struct buf line;              /* the begin of a line whose end did not come yet */
	struct client_call *under_way;
	bool again;                   /* something came meanwhile */
	bool over;                    /* the deployment is; the rest of its log is being read */
	bool failed;
	struct err err;
	struct revive revive;
};

/* Whole lines only: the filter must see an escape sequence in one piece. */
static void print_piece(struct reading *r, const char *text, bool is_last)
{
	const char *end;

	if (!buf_add_text(&r->line, text)) {
		out_text(r->line.data);
		buf_clear(&r->line);
		buf_add_text(&r->line, text);
	}
	end = is_last ? r->line.data + r->line.len : memrchr(r->line.data, '\n', r->line.len);
	if (end && end != r->line.data) {
		AUTO(mem_auto_free) char *lines = mem_dupn(r->line.data, (size_t)(end - r->line.data));

		out_text(lines);
	} else if (end && !is_last) {
		out_text("\n");
	}
	if (end)
		buf_drop(&r->line, (size_t)(end - r->line.data) + !is_last);
}

static char *piece_path(const struct reading *r)
{
	return mem_printf("/v1/deployments/%lld/log?from=%lld&limit=%d", (long long)r->id, (long long)r->from, PIECE);
}

/* false when there is no more for now. */
static bool take(struct reading *r, const json_t *answer)
{
	const char *text = json_text(answer, "text");

	if (call_has(r->call, &flag_json) && *text)
		out_json(answer);
	else
		print_piece(r, text, false);
	r->from = json_int(answer, "from", r->from) + (int64_t)strlen(text);
	return *text && r->from < json_int(answer, "size", 0);
}

static bool print_what_is_there(struct reading *r, struct err *err)
{
	bool more = true;

	while (more) {
		AUTO(mem_auto_free) char *path = piece_path(r);
		AUTO(json_auto_decref) json_t *answer = NULL;

		if (!call_ask(r->call, "GET", path, NULL, CALL_ASK_MS, &answer, err))
			return false;
		more = take(r, answer);
	}
	return true;
}

static void read_on(struct reading *r);

static bool went_wrong(struct reading *r, const struct err *err)
{
	r->under_way = NULL;
	if (!err)
		return false;
	if (err->kind != ERR_UNREACHABLE) {
		r->failed = true;
		r->err = *err;
		loop_stop(r->call->loop);
	}
	return true;
}

static void got_piece(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct reading *r = arg;

	(void)status;
	if (went_wrong(r, err))
		return;
	if (take(r, answer) || r->again)
		read_on(r);
	else if (r->over)
		loop_stop(r->call->loop);
}

static void got_state(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct reading *r = arg;
	AUTO(mem_auto_free) char *path = piece_path(r);
	enum deployment_state state;

	(void)status;
	if (went_wrong(r, err))
		return;
	r->over = deployment_state_parse(json_text(answer, "state"), &state) && deployment_state_is_over(state);
	r->under_way = client_send(r->call->client, "GET", path, NULL, got_piece, r);
}

/* The state first: when it is over, what is read after that is all there is. */
static void read_on(struct reading *r)
{
	AUTO(mem_auto_free) char *path = mem_printf("/v1/deployments/%lld", (long long)r->id);

	r->again = r->under_way != NULL;
	if (!r->under_way)
		r->under_way = client_send(r->call->client, "GET", path, NULL, got_state, r);
}

static void on_row(void *arg, const json_t *row)
{
	struct reading *r = arg;

	if (json_int(json_object_get(row, "body"), "id", 0) == r->id)
		read_on(r);
}

static void on_event(void *arg, const char *event, const json_t *data)
{
	struct reading *r = arg;

	if (strcmp(event, "live") == 0 && json_int(data, "deployment", 0) == r->id)
		read_on(r);
}

static void on_up(void *arg)
{
	struct reading *r = arg;

	revive_up(&r->revive);
	read_on(r);
}

static void on_down(void *arg, const struct err *why)
{
	struct reading *r = arg;

	revive_down(&r->revive, why);
}

static bool print_until_it_is_over(struct reading *r, struct err *err)
{
	static const struct client_stream_fns fns = { on_row, on_event, on_up, on_down, NULL };
	bool ok = true;

	revive_init(&r->revive, r->call);
	r->revive.stream = client_stream_new(r->call->client, -1, &fns, r);
	loop_run(r->call->loop);
	if (r->failed)
		ok = err_copy(err, &r->err);
	else if (r->revive.gave_up)
		ok = err_copy(err, &r->revive.err);
	client_cancel(r->under_way);
	client_stream_free(r->revive.stream);
	revive_done(&r->revive);
	return ok;
}

static int run(struct call *c)
{
	struct reading r = { .call = c };
	struct err err = { 0 };
	bool ok;

	if (call_has(c, &flag_follow) && call_has(c, &flag_then))
		err_set(&err, ERR_USAGE, "--follow follows what happens now; leave out --at");
	if (err.kind || !call_connect(c, &err) || !find_deployment(c, call_operand(c, 0), &r.id, &err))
		return call_fail(c, &err);
	buf_init(&r.line, LINE_MAX_BYTES);
	ok = call_has(c, &flag_follow) ? print_until_it_is_over(&r, &err) : print_what_is_there(&r, &err);
	if (r.line.len)
		print_piece(&r, "", true);
	buf_done(&r.line);
	return ok ? 0 : call_fail(c, &err);
}

const struct command command_log = {
	.name = "log", .summary = "prints the log of a deployment", .run = run, .most = 1,
	.usage = { "log [ID|ENVIRONMENT] [flags]" },
	.help = "Prints what the steps of the deployment wrote. Without a word: of the deployment\n"
		"that runs, else of the last one. With --json: pieces as the API gives them.",
	.flags = { &flag_follow, &flag_then, &flag_app, &flag_json },
};
