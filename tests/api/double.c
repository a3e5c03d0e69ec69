#include "tests/api/double.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/proto/refusal.h"

struct held { engine_answer_fn fn; void *arg; char *function; struct held *next; };

struct engine {
	json_t *rows, *calls, *answers, *errors;
	int status;
	bool holds;
	struct held *held;
	bool unkept;
	struct { engine_kept_fn fn; void *arg; } waiters[20];
	size_t nwaiters;
	struct loop_timer *later;
	engine_event_fn event_fn;
	engine_row_fn row_fn;
	void *listener;
	void (*call_fn)(void *arg, struct engine *e, const char *function);
	void *call_arg;
};

static void answer_held(void *arg);

struct engine *double_new(struct loop *loop)
{
	struct engine *e = mem_alloc(sizeof *e);

	*e = (struct engine){ .rows = json_array(), .calls = json_array(), .answers = json_object(),
	                      .errors = json_object(), .status = 202 };
	e->later = loop_timer_new(loop, answer_held, e);
	return e;
}

void double_unkeep(struct engine *e)
{
	e->unkept = true;
}

void double_keep(struct engine *e, const char *why)
{
	struct err err = { 0 };

	if (why)
		err_set(&err, ERR_INTERNAL, "%s", why);
	e->unkept = false;
	for (size_t i = 0; i < e->nwaiters; i++)
		if (e->waiters[i].fn)
			e->waiters[i].fn(e->waiters[i].arg, why ? &err : NULL);
	e->nwaiters = 0;
}

bool engine_is_kept(const struct engine *e)
{
	return !e->unkept;
}

void engine_when_kept(struct engine *e, engine_kept_fn fn, void *arg)
{
	assert(e->unkept && e->nwaiters < sizeof e->waiters / sizeof e->waiters[0]);
	e->waiters[e->nwaiters].fn = fn;
	e->waiters[e->nwaiters++].arg = arg;
}

void engine_forget_kept(struct engine *e, const void *arg)
{
	for (size_t i = 0; i < e->nwaiters; i++)
		if (e->waiters[i].arg == arg)
			e->waiters[i].fn = NULL;
}

void double_free(struct engine *e)
{
	if (!e)
		return;
	double_keep(e, "the engine ends");
	answer_held(e);
	loop_timer_free(e->later);
	json_decref(e->rows);
	json_decref(e->calls);
	json_decref(e->answers);
	json_decref(e->errors);
	free(e);
}

void double_set_answer(struct engine *e, const char *function, json_t *take_answer)
{
	json_object_del(e->errors, function);
	json_object_set_new(e->answers, function, take_answer);
}

void double_set_error(struct engine *e, const char *function, enum err_kind kind, const char *text)
{
	json_object_set_new(e->errors, function, json_pack("{s:i, s:s}", "kind", kind, "text", text));
}

void double_set_refusals(struct engine *e, const char *function, const json_t *blocked)
{
	json_object_set(json_object_get(e->errors, function), "blocked", (json_t *)blocked);
}

void double_set_status(struct engine *e, int http_status) { e->status = http_status; }
void double_hold(struct engine *e) { e->holds = true; }

void double_release(struct engine *e)
{
	e->holds = false;
	loop_timer_set(e->later, 0);
}

void double_on_call(struct engine *e, void (*fn)(void *arg, struct engine *e, const char *function), void *arg)
{
	e->call_fn = fn;
	e->call_arg = arg;
}

int64_t double_seq(const struct engine *e) { return (int64_t)json_array_size(e->rows); }
const json_t *double_calls(const struct engine *e) { return e->calls; }

int64_t double_append_untold(struct engine *e, const char *type, json_t *take_body)
{
	int64_t seq = double_seq(e) + 1;
	json_t *row = json_pack("{s:I, s:i, s:s, s:s, s:o, s:s}", "seq", (json_int_t)seq, "at", 1763647387, "actor", "alice",
	                        "type", type, "body", take_body, "hash", "00");

	json_array_append_new(e->rows, row);
	return seq;
}

void double_tell(struct engine *e, int64_t seq)
{
	if (e->row_fn)
		e->row_fn(e->listener, json_array_get(e->rows, (size_t)seq - 1));
}

int64_t double_append(struct engine *e, const char *type, json_t *take_body)
{
	int64_t seq = double_append_untold(e, type, take_body);

	double_tell(e, seq);
	return seq;
}

void double_event(struct engine *e, const char *event, json_t *take_data)
{
	if (e->event_fn)
		e->event_fn(e->listener, event, take_data);
	json_decref(take_data);
}

int double_count(const struct engine *e, const char *function)
{
	int n = 0;
	const json_t *call;
	size_t i;

	json_array_foreach(e->calls, i, call)
		n += strcmp(json_text(call, "function"), function) == 0;
	return n;
}

/* Writes the call down and answers as the test wants it. */
static bool answer(struct engine *e, const char *function, json_t *take_call, json_t **ret, struct err *err)
{
	const json_t *error, *set;

	json_object_set_new(take_call, "function", json_string(function));
	json_array_append_new(e->calls, take_call);
	if (e->call_fn)
		e->call_fn(e->call_arg, e, function);
	error = json_object_get(e->errors, function);
	set = json_object_get(e->answers, function);
	if (error) {
		err_set(err, (enum err_kind)json_int(error, "kind", 0), "%s", json_text(error, "text"));
		refusal_keep(err, json_object_get(error, "blocked"));
		return false;
	}
	*ret = json_deep_copy(set ? set : take_call);
	return true;
}

static json_t *by(const struct engine_caller *who)
{
	return json_pack("{s:I, s:s}", "uid", (json_int_t)who->uid, "name", who->name);
}

void engine_listen(struct engine *e, engine_event_fn event_fn, engine_row_fn row_fn, void *arg)
{
	e->event_fn = event_fn;
	e->row_fn = row_fn;
	e->listener = arg;
}

bool engine_status(struct engine *e, const struct engine_caller *who, const char *app, json_t **ret, struct err *err)
{
	json_t *call = by(who);

	json_put_text(call, "app", app);
	return answer(e, "status", call, ret, err);
}

void engine_ask_status(struct engine *e, const struct engine_caller *who, const char *app, engine_answer_fn fn, void *arg)
{
	AUTO(json_auto_decref) json_t *status = NULL;
	struct err err = { 0 };
	bool ok = engine_status(e, who, app, &status, &err);

	fn(arg, ok ? 200 : err_http_status(err.kind), ok ? status : NULL, ok ? NULL : &err);
}

bool engine_builds(struct engine *e, const char *app, const char *q, int offset, int limit, json_t **ret,
                   struct err *err)
{
	json_t *call = json_pack("{s:s*, s:s*, s:i, s:i}", "app", app, "q", q, "offset", offset, "limit", limit);

	return answer(e, "builds", call, ret, err);
}

bool engine_build(struct engine *e, const char *app, const char *version, json_t **ret, struct err *err)
{
	return answer(e, "build", json_pack("{s:s*, s:s}", "app", app, "version", version), ret, err);
}

bool engine_deployments(struct engine *e, const char *app, const char *environment, int64_t before, int limit,
                        json_t **ret, struct err *err)
{
	json_t *call = json_pack("{s:s*, s:s*, s:I, s:i}", "app", app, "environment", environment, "before",
	                         (json_int_t)before, "limit", limit);

	return answer(e, "deployments", call, ret, err);
}

bool engine_deployment(struct engine *e, int64_t id, json_t **ret, struct err *err)
{
	return answer(e, "deployment", json_pack("{s:I}", "id", (json_int_t)id), ret, err);
}

/* A set answer is an array of RESULT, of which the page is taken. */
bool engine_tests(struct engine *e, int64_t id, int from, int limit, json_t **ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *all = NULL;
	json_t *call = json_pack("{s:I, s:i, s:i}", "id", (json_int_t)id, "from", from, "limit", limit);
	json_t *page;
	const json_t *result;
	size_t i;

	if (!answer(e, "tests", call, &all, err))
		return false;
	if (!json_is_array(all)) {
		*ret = json_incref(all);
		return true;
	}
	page = json_array();
	json_array_foreach(all, i, result)
		if (json_int(result, "n", 0) >= from && (int)json_array_size(page) < limit)
			json_array_append(page, (json_t *)result);
	*ret = json_pack("{s:I, s:o}", "total", (json_int_t)json_array_size(all), "results", page);
	return true;
}

/* A set answer is the whole text, of which the piece is taken. */
bool engine_log(struct engine *e, int64_t id, int64_t from, int64_t limit, json_t **ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *all = NULL;
	json_t *call = json_pack("{s:I, s:I, s:I}", "id", (json_int_t)id, "from", (json_int_t)from, "limit",
	                         (json_int_t)limit);
	int64_t size;

	if (!answer(e, "log", call, &all, err))
		return false;
	if (!json_is_string(all)) {
		*ret = json_incref(all);
		return true;
	}
	size = (int64_t)json_string_length(all);
	if (from > size)
		from = size;
	if (limit > size - from)
		limit = size - from;
	*ret = json_pack("{s:I, s:I, s:s%}", "size", (json_int_t)size, "from", (json_int_t)from, "text",
	                 json_string_value(all) + from, (size_t)limit);
	return true;
}

/* The same engine stands in for what it was; when it was is written down. */
void engine_at(struct engine *e, int64_t at, engine_then_fn fn, void *arg)
{
	AUTO(json_auto_decref) json_t *unused = NULL;
	struct err err = { 0 };
	bool ok = answer(e, "at", json_pack("{s:I}", "at", (json_int_t)at), &unused, &err);

	fn(arg, ok ? e : NULL, ok ? NULL : &err);
}

void engine_then_done(struct engine *e, struct engine *then)
{
	AUTO(json_auto_decref) json_t *unused = NULL;

	assert(e == then);
	answer(e, "then_done", json_object(), &unused, NULL);
}

bool engine_is_past(const struct engine *e)
{
	return json_object_get(e->answers, "is_past") != NULL;
}

int64_t engine_now(const struct engine *e)
{
	(void)e;
	return clock_wall_ms();
}

bool engine_consistency(struct engine *e, const char *app, json_t **ret, struct err *err)
{
	return answer(e, "consistency", json_pack("{s:s*}", "app", app), ret, err);
}

bool engine_journal(struct engine *e, int64_t since, int limit, json_t **ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *unused = NULL;
	json_t *page;

	if (!answer(e, "journal", json_pack("{s:I, s:i}", "since", (json_int_t)since, "limit", limit), &unused, err))
		return false;
	page = json_array();
	for (int64_t i = since; i < double_seq(e) && (int)json_array_size(page) < limit; i++)
		json_array_append(page, json_array_get(e->rows, (size_t)i));
	*ret = json_pack("{s:I, s:o}", "seq", (json_int_t)double_seq(e), "rows", page);
	return true;
}

bool engine_deploy(struct engine *e, const struct engine_caller *who, const json_t *request, int *ret_status,
                   json_t **ret, struct err *err)
{
	json_t *call = by(who);

	json_object_set_new(call, "request", json_deep_copy(request));
	*ret_status = e->status;
	return answer(e, "deploy", call, ret, err);
}

bool engine_stop(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, json_t **ret,
                 struct err *err)
{
	json_t *call = by(who);

	json_object_set_new(call, "id", json_integer(id));
	json_object_set_new(call, "request", json_deep_copy(request));
	return answer(e, "stop", call, ret, err);
}

bool engine_move(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, json_t **ret,
                 struct err *err)
{
	json_t *call = by(who);

	json_object_set_new(call, "id", json_integer(id));
	json_object_set_new(call, "request", json_deep_copy(request));
	return answer(e, "move", call, ret, err);
}

bool engine_feature(struct engine *e, const struct engine_caller *who, const json_t *request, json_t **ret,
                    struct err *err)
{
	json_t *call = by(who);

	json_object_set_new(call, "request", json_deep_copy(request));
	return answer(e, "feature", call, ret, err);
}

bool engine_release(struct engine *e, const struct engine_caller *who, const json_t *request, int *ret_status,
                    json_t **ret, struct err *err)
{
	json_t *call = by(who);

	json_object_set_new(call, "request", json_deep_copy(request));
	*ret_status = e->status;
	return answer(e, "release", call, ret, err);
}

bool engine_release_stop(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request,
                         json_t **ret, struct err *err)
{
	json_t *call = by(who);

	json_object_set_new(call, "id", json_integer(id));
	json_object_set_new(call, "request", json_deep_copy(request));
	return answer(e, "release_stop", call, ret, err);
}

bool engine_release_of(struct engine *e, int64_t id, json_t **ret, struct err *err)
{
	return answer(e, "release_of", json_pack("{s:I}", "id", (json_int_t)id), ret, err);
}

bool engine_releases(struct engine *e, int64_t before, int limit, json_t **ret, struct err *err)
{
	return answer(e, "releases", json_pack("{s:I, s:i}", "before", (json_int_t)before, "limit", limit), ret, err);
}

static void answer_held(void *arg)
{
	struct engine *e = arg;

	while (e->held) {
		struct held *h = e->held;
		const json_t *error = json_object_get(e->errors, h->function);
		AUTO(json_auto_decref) json_t *set = json_deep_copy(json_object_get(e->answers, h->function));
		struct err err = { 0 };

		e->held = h->next;
		if (error)
			err_set(&err, (enum err_kind)json_int(error, "kind", 0), "%s", json_text(error, "text"));
		if (!set)
			set = json_pack("{s:s}", "function", h->function);
		h->fn(h->arg, e->status, set, error ? &err : NULL);
		free(h->function);
		free(h);
	}
}

static void hold(struct engine *e, const char *function, json_t *take_call, engine_answer_fn fn, void *arg)
{
	struct held *h = mem_alloc(sizeof *h);

	json_object_set_new(take_call, "function", json_string(function));
	json_array_append_new(e->calls, take_call);
	if (e->call_fn)
		e->call_fn(e->call_arg, e, function);
	*h = (struct held){ fn, arg, mem_dup(function), e->held };
	e->held = h;
	if (!e->holds)
		loop_timer_set(e->later, 0);
}

void engine_add_build(struct engine *e, const struct engine_caller *who, const json_t *request, engine_answer_fn fn,
                      void *arg)
{
	json_t *call = by(who);

	json_object_set_new(call, "request", json_deep_copy(request));
	hold(e, "add_build", call, fn, arg);
}

void engine_metrics(struct engine *e, const char *app, int64_t since, engine_answer_fn fn, void *arg)
{
	hold(e, "metrics", json_pack("{s:s*, s:I}", "app", app, "since", (json_int_t)since), fn, arg);
}

void engine_maturity(struct engine *e, const char *app, int64_t since, engine_answer_fn fn, void *arg)
{
	hold(e, "maturity", json_pack("{s:s*, s:I}", "app", app, "since", (json_int_t)since), fn, arg);
}

void engine_metrics_text(struct engine *e, engine_answer_fn fn, void *arg)
{
	hold(e, "metrics_text", json_object(), fn, arg);
}

void engine_audit(struct engine *e, engine_answer_fn fn, void *arg)
{
	hold(e, "audit", json_object(), fn, arg);
}

bool engine_approve(struct engine *e, const struct engine_caller *who, int64_t id, const json_t *request, bool rejects,
                    json_t **ret, struct err *err)
{
	json_t *call = by(who);

	json_object_set_new(call, "id", json_integer(id));
	json_object_set_new(call, "request", json_deep_copy(request));
	return answer(e, rejects ? "reject" : "approve", call, ret, err);
}

bool engine_hold(struct engine *e, const struct engine_caller *who, const char *environment, enum engine_hold what,
                 const json_t *request, json_t **ret, struct err *err)
{
	static const char *const names[] = { [ENGINE_LOCK] = "lock", [ENGINE_UNLOCK] = "unlock", [ENGINE_PAUSE] = "pause",
	                                     [ENGINE_RESUME] = "resume" };
	json_t *call = by(who);

	json_object_set_new(call, "environment", json_string(environment));
	json_object_set_new(call, "request", json_deep_copy(request));
	return answer(e, names[what], call, ret, err);
}

bool engine_may_end(struct engine *e, const struct engine_caller *who, struct err *err)
{
	AUTO(json_auto_decref) json_t *unused = NULL;

	return answer(e, "may_end", by(who), &unused, err);
}
