#include "backend/engine/builds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/artifact/digest.h"
#include "backend/artifact/manifest.h"
#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/build_results.h"
#include "backend/engine/build_same.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/output.h"
#include "backend/engine/people.h"
#include "backend/engine/signature.h"
#include "backend/process/child.h"
#include "backend/report/report.h"

enum { ADD_DEADLINE_MS = 15 * 60 * 1000, ANSWER_MAX = 64 * 1024 * 1024, MANIFEST_MAX = 64 * 1024, VERSION_MAX = 100,
       SIGNATURE_MAX = 16 * 1024 };

/* One build being added. */
struct adding {
	struct engine *e;
	struct adding *next;
	char *app, *actor;
	json_t *request;
	struct buf out, errors;            /* of the child under way */
	struct child *child;
	json_t *artifacts;                 /* [{"component","sha256","size"}] sorted by component */
	struct build_results *results;     /* NULL: none were given */
	struct loop_timer *told;           /* the answer's turns, after the one that journalled */
	json_t *told_build;                /* what was read in the first of them */
	int told_status;
	struct signature *signature;       /* being verified */
	char *signer;
	engine_answer_fn fn;
	void *arg;
};

struct builds {
	struct engine *e;
	struct adding *addings;
};

static void adding_free(struct adding *a)
{
	child_free(a->child);
	signature_free(a->signature);
	free(a->signer);
	json_decref(a->request);
	json_decref(a->artifacts);
	build_results_free(a->results);
	loop_timer_free(a->told);
	json_decref(a->told_build);
	buf_done(&a->out);
	buf_done(&a->errors);
	free(a->app);
	free(a->actor);
	free(a);
}

static void answer(struct adding *a, int status, const json_t *value, const struct err *err)
{
	struct adding **p = &a->e->builds->addings;

	while (*p != a)
		p = &(*p)->next;
	*p = a->next;
	a->fn(a->arg, status, value, err);
	adding_free(a);
}

static void refuse(struct adding *a, const struct err *err)
{
	struct err why = *err;

	err_wrap(&why, "add build %s", json_text(a->request, "version"));
	answer(a, err_http_status(why.kind), NULL, &why);
}

static char *manifest_of(const struct adding *a)
{
	return manifest_text(a->app, json_text(a->request, "version"), a->artifacts, json_object_get(a->request, "features"),
	                     json_object_get(a->request, "migrations"));
}

static void make_digest(const struct adding *a, char ret[static DIGEST_SIZE])
{
	AUTO(mem_auto_free) char *manifest = manifest_of(a);

	digest_bytes(manifest, strlen(manifest), ret);
}

static void put_list(json_t *body, const char *key, const json_t *list)
{
	if (json_array_size(list) > 0)
		json_object_set(body, key, (json_t *)list);
}

/* 0: CI did not tell it. */
static int64_t commit_time(const json_t *request)
{
	const json_t *told = json_object_get(request, "commit_time");
	AUTO(mem_auto_free) char *number = json_is_integer(told) ? mem_printf("%lld", (long long)json_integer_value(told))
	                                                         : NULL;
	int64_t at = 0;

	return clock_parse_moment(number ? number : json_text(request, "commit_time"), &at) && at > 0 ? at : 0;
}

static json_t *added_body(const struct adding *a, const char *digest)
{
	static const char *const kept[] = { "commit", "branch", "author", "message" };
	json_t *body = json_pack("{s:s, s:O, s:s, s:O, s:o}", "app", a->app, "version",
	                         json_object_get(a->request, "version"), "digest", digest, "artifacts", a->artifacts, "tests",
	                         a->results ? build_results_totals(a->results) : json_null());
	const json_t *artifact;
	json_int_t size = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(kept); i++)
		json_object_set_new(body, kept[i], json_safe_string(json_text(a->request, kept[i])));
	json_array_foreach(a->artifacts, i, artifact)
		size += json_int(artifact, "size", 0);
	json_object_set_new(body, "size", json_integer(size));
	put_list(body, "features", json_object_get(a->request, "features"));
	put_list(body, "migrations", json_object_get(a->request, "migrations"));
	if (a->signer) {
		json_put_text(body, "signature", json_text(a->request, "signature"));
		json_put_text(body, "signer", a->signer);
	}
	json_object_set_new(body, "at", json_integer(json_int(a->request, "at", clock_wall_ms())));
	if (commit_time(a->request))
		json_object_set_new(body, "commit_time", json_integer(commit_time(a->request)));
	if (a->results)
		json_put_text(body, "results_sha256", build_results_sha256(a->results));
	return body;
}

static bool journal_build(struct adding *a, const char *digest, struct err *err)
{
	struct store *s = a->e->store;

	if (!store_begin(s, err))
		return false;
	if (!store_append(s, a->actor, "build.added", added_body(a, digest), NULL, err)
	    || (a->results && !build_results_store(a->results, s, a->app, json_text(a->request, "version"), err))) {
		store_rollback(s);
		return false;
	}
	return store_commit(s, err);
}

/* Artifacts of builds beyond the newest that the configuration keeps go, unless something may still need them. */
static bool is_needed(struct engine *e, const struct config_app *app, const char *version)
{
	bool needed = false;

	for (size_t i = 0; i < app->nenvironments && !needed; i++) {
		struct store_env state;

		if (!store_env(e->store, app->name, app->environments[i].name, &state, NULL))
			return true;
		needed = (state.live_version && strcmp(state.live_version, version) == 0)
			|| (state.previous_version && strcmp(state.previous_version, version) == 0);
		for (int c = 0; c < COLOUR_COUNT; c++)
			needed |= state.slots[c].version && strcmp(state.slots[c].version, version) == 0
				&& strcmp(state.slots[c].state, "stopped") != 0 && strcmp(state.slots[c].state, "empty") != 0;
		store_env_done(&state);
	}
	return needed;
}

static void remove_build(struct engine *e, const char *app, const char *version)
{
	struct store_build build;

	if (!store_build(e->store, app, version, NULL, &build, NULL))
		return;
	if (!build.removed
	    && engine_append(e, "engine", "build.removed",
	                     json_pack("{s:s, s:s, s:s}", "app", app, "version", version, "why", "retention"))) {
		for (size_t i = 0; i < build.nartifacts; i++) {
			AUTO(mem_auto_free) char *path = artifact_path(e->artifacts_dir, build.artifacts[i].sha256);
			bool in_use = true;

			if (store_artifact_in_use(e->store, build.artifacts[i].sha256, &in_use, NULL) && !in_use)
				unlink(path);
		}
	}
	store_build_done(&build);
}

static void retain(struct engine *e, const char *app_name)
{
	const struct config_app *app = config_app(e->config, app_name);
	json_t *page = NULL;
	const json_t *build;
	size_t i;

	if (!app || app->retain_builds <= 0
	    || !store_query_builds(e->store, app_name, NULL, app->retain_builds, 20, &page, NULL))
		return;
	json_array_foreach(json_object_get(page, "builds"), i, build) {
		const char *version = json_text(build, "version");

		if (!is_needed(e, app, version))
			remove_build(e, app_name, version);
	}
	json_decref(page);
}

static void tell(void *arg)
{
	struct adding *a = arg;
	AUTO(json_auto_decref) json_t *value = json_incref(a->told_build);

	answer(a, a->told_status, value, NULL);
}

/* A build with thousands of tests takes its time to be read, and again to be written down: a turn for each. */
static void read_again(struct adding *a, int status)
{
	struct err err = { 0 };

	if (!store_query_build(a->e->store, a->app, json_text(a->request, "version"), &a->told_build, &err)) {
		refuse(a, &err);
		return;
	}
	json_object_set_new(a->told_build, "known", json_boolean(status == 200));
	a->told_status = status;
	loop_timer_free(a->told);
	a->told = loop_timer_new(a->e->loop, tell, a);
	loop_timer_set(a->told, 0);
}

static void tell_known(void *arg)
{
	read_again(arg, 200);
}

static void tell_added(void *arg)
{
	struct adding *a = arg;

	retain(a->e, a->app);
	read_again(a, 201);
}

static bool is_same(const struct adding *a, const char *digest, const struct store_build *there, struct err *err)
{
	struct build_again again = {
		.app = a->app, .request = a->request, .artifacts = a->artifacts, .digest = digest,
		.results_sha256 = a->results ? build_results_sha256(a->results) : NULL,
	};
	AUTO(json_auto_decref) json_t *known = NULL;

	return store_query_build(a->e->store, a->app, there->version, &known, err)
		&& build_same(&again, known, there->results_sha256, err);
}

static void conclude(struct adding *a)
{
	const char *version = json_text(a->request, "version");
	char digest[DIGEST_SIZE];
	struct store_build there;
	struct err err = { 0 };
	int status = 201;

	make_digest(a, digest);
	if (store_build(a->e->store, a->app, version, NULL, &there, NULL)) {
		bool same = is_same(a, digest, &there, &err);

		/* One that was added without its signature becomes a signed one. */
		status = there.removed || (a->signer && !there.signer) ? 201 : 200;
		store_build_done(&there);
		if (!same) {
			refuse(a, &err);
			return;
		}
	}
	if (status == 201 && !journal_build(a, digest, &err)) {
		refuse(a, &err);
		return;
	}
	a->told = loop_timer_new(a->e->loop, status == 201 ? tell_added : tell_known, a);
	loop_timer_set(a->told, 0);
}

static void child_said(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct adding *a = arg;

	buf_add(is_stderr ? &a->errors : &a->out, data, len);
}

static bool child_succeeded(struct adding *a, const struct child_end *end)
{
	struct err err = { 0 };
	char *newline;

	a->child = NULL;
	if (end->code == 0)
		return true;
	if ((newline = strchr(a->errors.data, '\n')))
		*newline = '\0';
	if (end->err)
		err = *end->err;
	else if (end->timed_out)
		err_set(&err, ERR_TIMEOUT, "it took longer than %d minutes", ADD_DEADLINE_MS / 60000);
	else
		err_set(&err, ERR_USAGE, "%s", a->errors.len ? a->errors.data : "the helper process died");
	refuse(a, &err);
	return false;
}

static void start_child(struct adding *a, const char *const *argv, const char *input, child_end_fn end)
{
	struct child_spec spec = { .argv = argv, .env = (const char *const[]){ NULL }, .split_stderr = true, .input = input,
	                           .input_len = input ? strlen(input) : 0, .timeout_ms = ADD_DEADLINE_MS,
	                           .output = child_said, .end = end, .arg = a };

	buf_clear(&a->out);
	buf_clear(&a->errors);
	a->child = child_start(a->e->launcher, &spec);
}

static void signature_verified(void *arg, const char *signer, const struct err *err)
{
	struct adding *a = arg;

	a->signature = NULL;
	if (err) {
		refuse(a, err);
		return;
	}
	a->signer = mem_dup(signer);
	conclude(a);
}

/* A build without a signature is added as what it is; one with a bad signature is not. */
static void check_signature(struct adding *a)
{
	const struct config_app *app = config_app(a->e->config, a->app);
	AUTO(mem_auto_free) char *manifest = manifest_of(a);
	const char *armor = json_text(a->request, "signature");
	struct err err = { 0 };

	if (!*armor) {
		conclude(a);
		return;
	}
	if (!app || !app->signers)
		err_set(&err, ERR_CONFIG, "it is signed, but the application has no \"signers\" to verify it by");
	else
		a->signature = signature_verify(a->e, app->signers, manifest, armor, signature_verified, a, &err);
	if (!a->signature)
		refuse(a, &err);
}

static void results_read(void *arg)
{
	check_signature(arg);
}

static void tests_read(void *arg, const struct child_end *end)
{
	struct adding *a = arg;

	if (child_succeeded(a, end))
		a->results = build_results_new(a->e->loop, buf_detach(&a->out), results_read, a);
}

static void read_tests(struct adding *a)
{
	const json_t *tests = json_object_get(a->request, "tests"), *file;
	AUTO(mem_auto_free) char *program = engine_program();
	const char **argv;
	size_t i;

	if (json_array_size(tests) == 0) {
		check_signature(a);
		return;
	}
	argv = mem_array(json_array_size(tests) + 3, sizeof *argv);
	argv[0] = program;
	argv[1] = "report-read";
	json_array_foreach(tests, i, file)
		argv[i + 2] = json_string_value(file);
	start_child(a, argv, NULL, tests_read);
	free(argv);
}

static void imported(void *arg, const struct child_end *end)
{
	struct adding *a = arg;
	AUTO(json_auto_decref) json_t *out = NULL;
	struct err err = { 0 };

	if (!child_succeeded(a, end))
		return;
	out = json_read(a->out.data, a->out.len, &err);
	if (!out || !json_is_array(json_object_get(out, "artifacts"))) {
		err_set(&err, ERR_INTERNAL, "the import of the artifacts gave no answer");
		refuse(a, &err);
		return;
	}
	a->artifacts = json_incref(json_object_get(out, "artifacts"));
	read_tests(a);
}

static bool is_version(const char *version)
{
	size_t len = strlen(version);

	if (len == 0 || len > VERSION_MAX || version[0] == '-' || version[0] == '.')
		return false;
	return strspn(version, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~-") == len;
}

static bool check_paths(const json_t *paths, const char *what, struct err *err)
{
	const json_t *path;
	size_t i;

	json_array_foreach(paths, i, path)
		if (!json_string_value(path) || json_string_value(path)[0] != '/')
			return err_set(err, ERR_USAGE, "%s: each path must be absolute", what);
	return true;
}

/* A name that stands in a line of the manifest. */
static bool is_label(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= VERSION_MAX
		&& strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static bool check_contents(const json_t *request, struct err *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(request, "features"), i, item)
		if (!json_string_value(item) || !is_label(json_string_value(item)))
			return err_set(err, ERR_USAGE, "a feature's name has 1 to %d letters, digits and . _ -", VERSION_MAX);
	json_array_foreach(json_object_get(request, "migrations"), i, item)
		if (!is_label(json_text(item, "id")))
			return err_set(err, ERR_USAGE, "a migration's id has 1 to %d letters, digits and . _ -", VERSION_MAX);
	item = json_object_get(request, "commit_time");
	if (item && !json_is_null(item) && !commit_time(request))
		return err_set(err, ERR_USAGE, "the commit's time is written like 2026-11-25T10:00:00Z, or in seconds since 1970");
	return strlen(json_text(request, "signature")) <= SIGNATURE_MAX
		|| err_set(err, ERR_USAGE, "the signature is longer than %d bytes", SIGNATURE_MAX);
}

static bool check_request(const json_t *request, struct err *err)
{
	const json_t *artifacts = json_object_get(request, "artifacts"), *path;
	const char *component;

	if (!is_version(json_text(request, "version")))
		return err_set(err, ERR_USAGE, "\"%.100s\" is no version: 1 to %d letters, digits and . _ + ~ -, not beginning "
		               "with . or -", json_text(request, "version"), VERSION_MAX);
	if (json_object_size(artifacts) == 0)
		return err_set(err, ERR_USAGE, "it names no artifact");
	json_object_foreach((json_t *)artifacts, component, path)
		if (!json_string_value(path) || json_string_value(path)[0] != '/')
			return err_set(err, ERR_USAGE, "artifact %s: the path must be absolute", component);
	return check_paths(json_object_get(request, "tests"), "tests", err) && check_contents(request, err);
}

static bool check_components(const struct config_app *app, const json_t *artifacts, struct err *err)
{
	const char *component;
	const json_t *path;

	json_object_foreach((json_t *)artifacts, component, path) {
		bool known = false;

		for (size_t i = 0; i < app->ncomponents && !known; i++)
			known = strcmp(app->components[i].artifact, component) == 0;
		if (!known)
			return err_set(err, ERR_USAGE, "%s has no component with an artifact \"%s\"", app->name, component);
	}
	return true;
}

void engine_add_build(struct engine *e, const struct engine_caller *who, const json_t *request, engine_answer_fn fn,
                      void *arg)
{
	const char *app_name = json_text(request, "app");
	const struct config_app *app = config_app(e->config, *app_name ? app_name : NULL);
	AUTO(mem_auto_free) char *program = engine_program();
	AUTO(mem_auto_free) char *input = json_line(json_object_get(request, "artifacts"));
	struct err err = { 0 };
	struct adding *a;

	if (!app && *app_name)
		err_set(&err, ERR_NOT_FOUND, "there is no application \"%s\" in the configuration", app_name);
	else if (!app)
		err_set(&err, ERR_USAGE, "the configuration in force has not exactly one application; name one");
	if (!app || !people_may_serve(e, who, app, &err) || !check_request(request, &err)
	    || !check_components(app, json_object_get(request, "artifacts"), &err)) {
		fn(arg, err_http_status(err.kind), NULL, &err);
		return;
	}
	a = mem_alloc(sizeof *a);
	*a = (struct adding){ .e = e, .next = e->builds->addings, .app = mem_dup(app->name), .actor = mem_dup(who->name),
	                      .request = json_deep_copy(request), .fn = fn, .arg = arg };
	e->builds->addings = a;
	buf_init(&a->out, ANSWER_MAX);
	buf_init(&a->errors, MANIFEST_MAX);
	start_child(a, (const char *const[]){ program, "artifact-import", e->artifacts_dir, NULL }, input, imported);
}

struct builds *builds_new(struct engine *e)
{
	struct builds *b = mem_alloc(sizeof *b);

	b->e = e;
	return b;
}

void builds_free(struct builds *b)
{
	if (!b)
		return;
	while (b->addings) {
		struct adding *next = b->addings->next;

		adding_free(b->addings);
		b->addings = next;
	}
	free(b);
}
