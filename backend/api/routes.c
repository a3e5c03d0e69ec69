#include "backend/api/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/api/request.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/engine.h"

enum {
	PAGE = 50, PAGE_MOST = 500,                  /* builds and deployments */
	RESULTS = 500, RESULTS_MOST = 1000,
	ROWS = 500,
	METRICS_DAYS = 30,
	LOG_BYTES = 64 * 1024, LOG_BYTES_MOST = 1024 * 1024
};

#define DAY_MS (24 * 60 * 60 * 1000LL)

static void get_builds(struct request *r)
{
	int64_t offset = 0, limit = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_number(r, "offset", 0, INT32_MAX, 0, &offset, &err)
		&& request_number(r, "limit", 1, PAGE_MOST, PAGE, &limit, &err)
		&& engine_builds(request_engine(r), request_query(r, "app"), request_query(r, "q"), (int)offset,
		                 (int)limit, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void get_build(struct request *r)
{
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = engine_build(request_engine(r), request_query(r, "app"), request_arg(r, 0), &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void answered(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct request *r = arg;

	if (err)
		request_fail(r, err);
	else
		request_answer(r, status, answer);
}

static void get_status(struct request *r)
{
	engine_ask_status(request_engine(r), request_caller(r), request_query(r, "app"), answered, r);
}

static void post_build(struct request *r)
{
	AUTO(json_auto_decref) json_t *body = NULL;
	struct err err = { 0 };

	if (!request_body(r, &body, &err))
		request_fail(r, &err);
	else
		engine_add_build(request_engine(r), request_caller(r), body, answered, r);
}

static void get_deployments(struct request *r)
{
	int64_t before = 0, limit = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_number(r, "before", 1, INT64_MAX, 0, &before, &err)
		&& request_number(r, "limit", 1, PAGE_MOST, PAGE, &limit, &err)
		&& engine_deployments(request_engine(r), request_query(r, "app"), request_query(r, "environment"), before,
		                      (int)limit, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void get_deployment(struct request *r)
{
	int64_t id = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_arg_number(r, 0, &id, &err) && engine_deployment(request_engine(r), id, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void get_tests(struct request *r)
{
	int64_t id = 0, from = 0, limit = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_arg_number(r, 0, &id, &err)
		&& request_number(r, "from", 0, INT32_MAX, 0, &from, &err)
		&& request_number(r, "limit", 1, RESULTS_MOST, RESULTS, &limit, &err)
		&& engine_tests(request_engine(r), id, (int)from, (int)limit, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void get_log(struct request *r)
{
	int64_t id = 0, from = 0, limit = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_arg_number(r, 0, &id, &err)
		&& request_number(r, "from", 0, INT64_MAX, 0, &from, &err)
		&& request_number(r, "limit", 1, LOG_BYTES_MOST, LOG_BYTES, &limit, &err)
		&& engine_log(request_engine(r), id, from, limit, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void post_deployment(struct request *r)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	int status = 202;
	struct err err = { 0 };

	if (!request_body(r, &body, &err)
	    || !engine_deploy(request_engine(r), request_caller(r), body, &status, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, status, answer);
}

static void post_stop(struct request *r)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	int64_t id = 0;
	struct err err = { 0 };

	if (!request_arg_number(r, 0, &id, &err) || !request_body(r, &body, &err)
	    || !engine_stop(request_engine(r), request_caller(r), id, body, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, 202, answer);
}

static void post_move(struct request *r)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	int64_t id = 0;
	struct err err = { 0 };

	if (!request_arg_number(r, 0, &id, &err) || !request_body(r, &body, &err)
	    || !engine_move(request_engine(r), request_caller(r), id, body, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, 200, answer);
}

static void post_feature(struct request *r)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	struct err err = { 0 };

	if (!request_body(r, &body, &err) || !engine_feature(request_engine(r), request_caller(r), body, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, 200, answer);
}

static void get_releases(struct request *r)
{
	int64_t before = 0, limit = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_number(r, "before", 1, INT64_MAX, 0, &before, &err)
		&& request_number(r, "limit", 1, PAGE_MOST, PAGE, &limit, &err)
		&& engine_releases(request_engine(r), before, (int)limit, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void get_release(struct request *r)
{
	int64_t id = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_arg_number(r, 0, &id, &err) && engine_release_of(request_engine(r), id, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void post_release(struct request *r)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	int status = 202;
	struct err err = { 0 };

	if (!request_body(r, &body, &err)
	    || !engine_release(request_engine(r), request_caller(r), body, &status, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, status, answer);
}

static void post_release_stop(struct request *r)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	int64_t id = 0;
	struct err err = { 0 };

	if (!request_arg_number(r, 0, &id, &err) || !request_body(r, &body, &err)
	    || !engine_release_stop(request_engine(r), request_caller(r), id, body, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, 202, answer);
}

static void verdict(struct request *r, bool rejects)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	int64_t id = 0;
	struct err err = { 0 };

	if (!request_arg_number(r, 0, &id, &err) || !request_body(r, &body, &err)
	    || !engine_approve(request_engine(r), request_caller(r), id, body, rejects, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, 200, answer);
}

static void post_approve(struct request *r)
{
	verdict(r, false);
}

static void post_reject(struct request *r)
{
	verdict(r, true);
}

static void hold(struct request *r, enum engine_hold what)
{
	AUTO(json_auto_decref) json_t *body = NULL, *answer = NULL;
	struct err err = { 0 };

	if (!request_body(r, &body, &err)
	    || !engine_hold(request_engine(r), request_caller(r), request_arg(r, 0), what, body, &answer, &err))
		request_fail(r, &err);
	else
		request_answer(r, 200, answer);
}

static void post_lock(struct request *r)
{
	hold(r, ENGINE_LOCK);
}

static void post_unlock(struct request *r)
{
	hold(r, ENGINE_UNLOCK);
}

static void post_pause(struct request *r)
{
	hold(r, ENGINE_PAUSE);
}

static void post_resume(struct request *r)
{
	hold(r, ENGINE_RESUME);
}

static void get_journal(struct request *r)
{
	int64_t since = 0, limit = 0;
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = request_number(r, "since", 0, INT64_MAX, 0, &since, &err)
		&& request_number(r, "limit", 1, ROWS, ROWS, &limit, &err)
		&& engine_journal(request_engine(r), since, (int)limit, &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void get_consistency(struct request *r)
{
	json_t *answer = NULL;
	struct err err = { 0 };
	bool ok = engine_consistency(request_engine(r), request_query(r, "app"), &answer, &err);

	request_finish(r, ok, answer, &err);
}

static void get_audit(struct request *r)
{
	engine_audit(request_engine(r), answered, r);
}

static bool period(const struct request *r, int64_t *ret_since, struct err *err)
{
	int64_t now = engine_now(request_engine(r));

	return request_number(r, "since", 0, now, now - METRICS_DAYS * DAY_MS, ret_since, err);
}

static void get_metrics(struct request *r)
{
	int64_t since = 0;
	struct err err = { 0 };

	if (period(r, &since, &err))
		engine_metrics(request_engine(r), request_query(r, "app"), since, answered, r);
	else
		request_fail(r, &err);
}

static void get_maturity(struct request *r)
{
	int64_t since = 0;
	struct err err = { 0 };

	if (period(r, &since, &err))
		engine_maturity(request_engine(r), request_query(r, "app"), since, answered, r);
	else
		request_fail(r, &err);
}

static void answered_text(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct request *r = arg;

	(void)status;
	if (err)
		request_fail(r, err);
	else
		request_answer_text(r, "text/plain; version=0.0.4; charset=utf-8", json_string_value(answer));
}

static void get_metrics_text(struct request *r)
{
	engine_metrics_text(request_engine(r), answered_text, r);
}

/* The number of the last committed row. */
static bool journal_end(struct engine *e, int64_t *ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *answer = NULL;

	if (!engine_journal(e, INT64_MAX, 1, &answer, err))
		return false;
	*ret = json_int(answer, "seq", 0);
	return true;
}

static void get_events(struct request *r)
{
	int64_t since = 0, end = 0;
	struct err err = { 0 };
	bool ok = (!request_query(r, "at") || err_set(&err, ERR_USAGE, "what was has no news: leave out at="))
		&& request_number(r, "since", -1, INT64_MAX, -1, &since, &err) && journal_end(request_engine(r), &end, &err);

	if (ok && since > end)
		ok = err_set(&err, ERR_STALE, "the journal ends at row %lld, before %lld: it is not the one you followed",
		             (long long)end, (long long)since);
	if (ok)
		request_follow(r, since < 0 ? end : since);
	else
		request_fail(r, &err);
}

static void post_engine_stop(struct request *r)
{
	struct err err = { 0 };

	if (engine_may_end(request_engine(r), request_caller(r), &err))
		request_stop_engine(r);
	else
		request_fail(r, &err);
}

const struct route routes[] = {
	{ "GET", "/metrics", get_metrics_text, false, "metrics and the engine's health as Prometheus text" },
	{ "GET", "/v1/audit", get_audit, false, "walks the journal's chain and names the first bad row" },
	{ "GET", "/v1/builds", get_builds, false, "lists builds, newest first" },
	{ "POST", "/v1/builds", post_build, true, "adds a build" },
	{ "GET", "/v1/builds/{version}", get_build, false, "one build with its artifacts and test results" },
	{ "GET", "/v1/consistency", get_consistency, false, "compares the environments of each application" },
	{ "GET", "/v1/deployments", get_deployments, false, "lists deployments, newest first" },
	{ "POST", "/v1/deployments", post_deployment, true, "requests a deployment or a rollback" },
	{ "GET", "/v1/deployments/{id}", get_deployment, false, "one deployment with its steps" },
	{ "POST", "/v1/deployments/{id}/approve", post_approve, true, "approves a deployment that waits" },
	{ "GET", "/v1/deployments/{id}/log", get_log, false, "a piece of a deployment's log" },
	{ "POST", "/v1/deployments/{id}/move", post_move, true, "gives a scheduled deployment another time" },
	{ "POST", "/v1/deployments/{id}/reject", post_reject, true, "rejects a deployment that waits; it ends" },
	{ "POST", "/v1/deployments/{id}/stop", post_stop, true, "stops a deployment and undoes it" },
	{ "GET", "/v1/deployments/{id}/tests", get_tests, false, "test results in order of arrival" },
	{ "POST", "/v1/engine/stop", post_engine_stop, true, "ends the engine, not the applications" },
	{ "POST", "/v1/environments/{environment}/lock", post_lock, true, "locks an environment, with a reason" },
	{ "POST", "/v1/environments/{environment}/pause", post_pause, true, "pauses automation, with a reason" },
	{ "POST", "/v1/environments/{environment}/resume", post_resume, true, "lets paused automation go on" },
	{ "POST", "/v1/environments/{environment}/unlock", post_unlock, true, "gives the lock back" },
	{ "GET", "/v1/events", get_events, false, "follows the journal as server-sent events" },
	{ "POST", "/v1/features", post_feature, true, "puts a feature in, or pulls it" },
	{ "GET", "/v1/journal", get_journal, false, "a page of the journal" },
	{ "GET", "/v1/maturity", get_maturity, false, "the maturity level, its evidence and the next steps" },
	{ "GET", "/v1/metrics", get_metrics, false, "deployment frequency, lead time, failure rate, time to restore" },
	{ "GET", "/v1/releases", get_releases, false, "lists releases of several applications, newest first" },
	{ "POST", "/v1/releases", post_release, true, "releases the applications of a group together" },
	{ "GET", "/v1/releases/{id}", get_release, false, "one release with its members" },
	{ "POST", "/v1/releases/{id}/stop", post_release_stop, true, "stops a release, and undoes it if its group says so" },
	{ "GET", "/v1/status", get_status, false, "applications, environments and the engine itself" },
};
const size_t nroutes = ARRAY_LEN(routes);

/* True when path has the pattern's form; the segments in braces are copied to args when given. */
static bool matches(const char *pattern, const char *path, char **args)
{
	int n = 0;

	while (*pattern && *path) {
		size_t len = strcspn(path, "/");

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		if (len == 0)
			return false;
		if (args)
			args[n++] = mem_dupn(path, len);
		path += len;
		pattern = strchr(pattern, '}') + 1;
	}
	return !*pattern && !*path;
}

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The routes that begin most like the path. */
static bool not_found(const char *path, struct err *err)
{
	char near[600] = "";
	size_t best = 0;

	for (size_t i = 0; i < nroutes; i++)
		if (common(routes[i].path, path) > best)
			best = common(routes[i].path, path);
	for (size_t i = 0; i < nroutes; i++) {
		size_t used = strlen(near);

		if (common(routes[i].path, path) == best)
			snprintf(near + used, sizeof near - used, "%s%s %s", used ? ", " : "", routes[i].method, routes[i].path);
	}
	return err_set(err, ERR_NOT_FOUND, "there is no %.200s here; near it: %s", path, near);
}

bool route_find(const char *method, const char *path, const struct route **ret, char *ret_args[static ROUTE_ARGS],
                char ret_allow[static 32], struct err *err)
{
	char allow[32] = "";

	for (size_t i = 0; i < nroutes; i++) {
		size_t used = strlen(allow);

		if (!matches(routes[i].path, path, NULL))
			continue;
		if (strcmp(routes[i].method, method) == 0) {
			for (int a = 0; a < ROUTE_ARGS; a++)
				ret_args[a] = NULL;
			matches(routes[i].path, path, ret_args);
			*ret = &routes[i];
			return true;
		}
		snprintf(allow + used, sizeof allow - used, "%s%s", used ? ", " : "", routes[i].method);
	}
	if (!*allow)
		return not_found(path, err);
	memcpy(ret_allow, allow, sizeof allow);
	return err_set(err, ERR_USAGE, "%.200s takes %s, not %s", path, allow, method);
}
