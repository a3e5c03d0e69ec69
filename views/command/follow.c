#include "views/command/follow.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/progress.h"
#include "views/command/revive.h"

enum { RESULTS_PAGE = 1000 };

/*
 * The stream only says that something is new. What is new is asked for, and what differs from what was printed is
 * printed: so a lost engine, or a row that came before its projection was looked at, changes nothing in the output.
 */
struct followed {
	struct follow *follow;
	struct followed *next;
	int64_t id;
	struct progress *progress;
	struct client_call *call;     /* under way */
	json_t *snapshot;             /* DEPLOYMENT, while its new results are fetched */
	bool again;                   /* something came while a request was under way */
	bool over;
};

struct follow {
	struct call *call;
	bool json;
	bool all;
	const char *app;              /* of follow_all: only this one; NULL: every one */
	struct followed *items;
	struct revive revive;
	bool failed;                  /* err says why */
	struct err err;
};

static void got_deployment(void *arg, int status, const json_t *answer, const struct err *err);
static void got_results(void *arg, int status, const json_t *answer, const struct err *err);

static void stop_with(struct follow *f, const struct err *err)
{
	f->failed = true;
	f->err = *err;
	loop_stop(f->call->loop);
}

static void refresh(struct followed *d)
{
	AUTO(mem_auto_free) char *path = mem_printf("/v1/deployments/%lld", (long long)d->id);

	d->again = d->call != NULL;
	if (!d->call && !d->over)
		d->call = client_send(d->follow->call->client, "GET", path, NULL, got_deployment, d);
}

static void fetch_results(struct followed *d)
{
	AUTO(mem_auto_free) char *path = mem_printf("/v1/deployments/%lld/tests?from=%d&limit=%d", (long long)d->id,
	                                            progress_results_seen(d->progress), RESULTS_PAGE);

	d->call = client_send(d->follow->call->client, "GET", path, NULL, got_results, d);
}

/* A lost engine is the stream's business: it comes back and everything is asked again. */
static bool went_wrong(struct followed *d, const struct err *err)
{
	d->call = NULL;
	if (!err)
		return false;
	if (err->kind != ERR_UNREACHABLE)
		stop_with(d->follow, err);
	return true;
}

static void print_snapshot(struct followed *d)
{
	json_t *snapshot = d->snapshot;

	d->snapshot = NULL;
	d->over = progress_print(d->progress, snapshot);
	json_decref(snapshot);
	if (d->over && !d->follow->all)
		loop_stop(d->follow->call->loop);
	else if (d->again)
		refresh(d);
}

static bool is_wanted(const struct follow *f, const json_t *deployment)
{
	return !f->app || strcmp(f->app, json_text(deployment, "app")) == 0;
}

static void got_deployment(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct followed *d = arg;

	(void)status;
	if (went_wrong(d, err))
		return;
	if (!is_wanted(d->follow, answer)) {
		d->over = true;
		return;
	}
	json_decref(d->snapshot);
	d->snapshot = json_deep_copy(answer);
	if (progress_wants_results(d->progress, d->snapshot))
		fetch_results(d);
	else
		print_snapshot(d);
}

static void got_results(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct followed *d = arg;
	int before = progress_results_seen(d->progress);

	(void)status;
	if (went_wrong(d, err))
		return;
	progress_add_results(d->progress, json_object_get(answer, "results"));
	if (progress_results_seen(d->progress) > before && json_array_size(json_object_get(answer, "results")) == RESULTS_PAGE)
		fetch_results(d);
	else
		print_snapshot(d);
}

static struct followed *add(struct follow *f, int64_t id)
{
	struct followed *d;

	for (d = f->items; d; d = d->next)
		if (d->id == id)
			return d;
	d = mem_alloc(sizeof *d);
	*d = (struct followed){ .follow = f, .next = f->items, .id = id, .progress = progress_new(f->json) };
	f->items = d;
	return d;
}

static void on_row(void *arg, const json_t *row)
{
	struct follow *f = arg;
	const char *type = json_text(row, "type");
	int64_t id = strcmp(type, "deployment.requested") == 0 ? json_int(row, "seq", 0)
		: json_int(json_object_get(row, "body"), "id", 0);
	bool is_ours = strncmp(type, "deployment.", 11) == 0 || strncmp(type, "step.", 5) == 0;

	if (is_ours && f->all && id)
		refresh(add(f, id));
	for (struct followed *d = f->items; d && !f->all; d = d->next)
		if (is_ours && d->id == id)
			refresh(d);
}

static void on_event(void *arg, const char *event, const json_t *data)
{
	struct follow *f = arg;

	for (struct followed *d = f->items; d; d = d->next)
		if (strcmp(event, "live") == 0 && d->id == json_int(data, "deployment", 0))
			refresh(d);
}

static void on_up(void *arg)
{
	struct follow *f = arg;

	revive_up(&f->revive);
	for (struct followed *d = f->items; d; d = d->next)
		refresh(d);
}

static void on_down(void *arg, const struct err *why)
{
	struct follow *f = arg;

	revive_down(&f->revive, why);
}

static void drop(struct follow *f)
{
	while (f->items) {
		struct followed *d = f->items;

		f->items = d->next;
		client_cancel(d->call);
		json_decref(d->snapshot);
		progress_free(d->progress);
		free(d);
	}
}

static bool run(struct follow *f, struct err *err)
{
	static const struct client_stream_fns fns = { on_row, on_event, on_up, on_down, NULL };
	struct client_stream *stream;
	bool ok = true;

	revive_init(&f->revive, f->call);
	stream = client_stream_new(f->call->client, -1, &fns, f);
	f->revive.stream = stream;
	loop_run(f->call->loop);
	if (f->failed)
		ok = err_copy(err, &f->err);
	else if (f->revive.gave_up)
		ok = err_copy(err, &f->revive.err);
	client_stream_free(stream);
	revive_done(&f->revive);
	return ok;
}

bool follow_one(struct call *c, int64_t id, const json_t *known, bool json, enum deployment_state *ret, struct err *err)
{
	struct follow f = { .call = c, .json = json };
	struct followed *d = add(&f, id);
	bool ok;

	if (known)
		progress_skip(d->progress, known);
	ok = run(&f, err);
	if (ok)
		*ret = progress_state(d->progress);
	drop(&f);
	return ok;
}

/* What runs or waits already, oldest first. */
static void add_running(struct follow *f, const json_t *status)
{
	const json_t *app, *environment, *deployment;
	size_t a, e, q;
	enum deployment_state state;

	json_array_foreach(json_object_get(status, "apps"), a, app) {
		json_array_foreach(json_object_get(app, "environments"), e, environment) {
			deployment = json_object_get(environment, "deployment");
			if (deployment_state_parse(json_text(deployment, "state"), &state) && !deployment_state_is_over(state))
				add(f, json_int(deployment, "id", 0));
			json_array_foreach(json_object_get(environment, "queue"), q, deployment)
				add(f, json_int(deployment, "id", 0));
		}
	}
}

bool follow_all(struct call *c, bool json, struct err *err)
{
	struct follow f = { .call = c, .json = json, .all = true, .app = call_value(c, &flag_app) };
	AUTO(json_auto_decref) json_t *status = NULL;
	const json_t *app;
	bool ok;

	if (!find_status(c, &status, err) || (f.app && !find_app(c, status, &app, err)))
		return false;
	add_running(&f, status);
	ok = run(&f, err);
	drop(&f);
	return ok;
}

int follow_exit_code(enum deployment_state state, enum deployment_state wanted)
{
	return state == wanted ? 0 : err_exit_code(ERR_FAILED);
}
