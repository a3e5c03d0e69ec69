#include "views/command/release_follow.h"

#include <string.h>

#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/out.h"
#include "views/command/release_print.h"
#include "views/command/revive.h"

/* As in follow.c: the stream only says that something is new; what differs from what was printed is printed. */
struct follow {
	struct call *call;
	int64_t id;
	bool json;
	struct client_call *asked;    /* under way */
	bool again;                   /* something came meanwhile */
	json_t *printed;              /* RELEASE as it was printed last */
	enum deployment_state state;
	struct revive revive;
	bool failed;                  /* err says why */
	struct err err;
};

static void got_release(void *arg, int status, const json_t *answer, const struct err *err);

static void refresh(struct follow *f)
{
	AUTO(mem_auto_free) char *path = mem_printf("/v1/releases/%lld", (long long)f->id);

	f->again = f->asked != NULL;
	if (!f->asked && !deployment_state_is_over(f->state))
		f->asked = client_send(f->call->client, "GET", path, NULL, got_release, f);
}

static const json_t *member_of(const json_t *release, const char *app)
{
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(release, "members"), i, member)
		if (strcmp(json_text(member, "app"), app) == 0)
			return member;
	return NULL;
}

static bool print_changes(const struct follow *f, const json_t *release)
{
	const json_t *member;
	bool changed = false;
	size_t i;

	json_array_foreach(json_object_get(release, "members"), i, member) {
		const json_t *before = member_of(f->printed, json_text(member, "app"));
		const char *state = json_text(member, "state");

		/* That it waits is no news, until it was something else. */
		if (strcmp(json_text_or(before, "state", "wait"), state) == 0
		    || (!before && strcmp(state, deployment_state_name(DEPLOYMENT_QUEUED)) == 0))
			continue;
		changed = true;
		if (!f->json)
			release_print_member(release, member);
	}
	return changed;
}

static void print_release(struct follow *f, const json_t *release)
{
	bool changed = print_changes(f, release);
	bool is_over = deployment_state_parse(json_text(release, "state"), &f->state) && deployment_state_is_over(f->state);

	if (f->json && (changed || is_over || !f->printed))
		out_json(release);
	if (!f->json && is_over)
		release_print_head(release);
	json_decref(f->printed);
	f->printed = json_deep_copy(release);
	if (is_over)
		loop_stop(f->call->loop);
	else if (f->again)
		refresh(f);
}

static void got_release(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct follow *f = arg;

	(void)status;
	f->asked = NULL;
	if (!err) {
		print_release(f, answer);
	} else if (err->kind != ERR_UNREACHABLE) {
		/* A lost engine is the stream's business: it comes back and everything is asked again. */
		f->failed = true;
		f->err = *err;
		loop_stop(f->call->loop);
	}
}

static void on_row(void *arg, const json_t *row)
{
	const char *type = json_text(row, "type");

	if (strncmp(type, "release.", strlen("release.")) == 0 || strncmp(type, "deployment.", strlen("deployment.")) == 0)
		refresh(arg);
}

static void on_up(void *arg)
{
	struct follow *f = arg;

	revive_up(&f->revive);
	refresh(f);
}

static void on_down(void *arg, const struct err *why)
{
	struct follow *f = arg;

	revive_down(&f->revive, why);
}

bool release_follow(struct call *c, int64_t id, bool json, enum deployment_state *ret, struct err *err)
{
	static const struct client_stream_fns fns = { on_row, NULL, on_up, on_down, NULL };
	struct follow f = { .call = c, .id = id, .json = json, .state = DEPLOYMENT_QUEUED };
	struct client_stream *stream;

	revive_init(&f.revive, c);
	stream = client_stream_new(c->client, -1, &fns, &f);
	f.revive.stream = stream;
	loop_run(c->loop);
	client_stream_free(stream);
	client_cancel(f.asked);
	revive_done(&f.revive);
	json_decref(f.printed);
	if (f.failed || f.revive.gave_up)
		return err_copy(err, f.failed ? &f.err : &f.revive.err);
	*ret = f.state;
	return true;
}
