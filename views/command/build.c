#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "views/command/call.h"
#include "views/command/find.h"
#include "views/command/out.h"
#include "views/command/record.h"
#include "views/command/sign.h"
#include "views/command/verbs.h"

static const struct flag flag_artifact = { "--artifact", 0, "COMPONENT=FILE", "an artifact; once for each component", true, false };
static const struct flag flag_commit = { "--commit", 0, "ID", "the commit it was built from", false, false };
static const struct flag flag_commit_time = { "--commit-time", 0, "TIME",
                                              "when the commit was made: lead time counts from it", false, false };
static const struct flag flag_branch = { "--branch", 0, "NAME", "its branch", false, false };
static const struct flag flag_author = { "--author", 0, "NAME", "who wrote it", false, false };
static const struct flag flag_message = { "--message", 0, "TEXT", "what it changes", false, false };
static const struct flag flag_tests = { "--tests", 0, "FILE", "test reports of CI, JUnit XML or TAP", true, true };

static const struct flag flag_feature = { "--feature", 0, "NAME", "a feature that it carries", true, true };
static const struct flag flag_migration = { "--migration", 0, "ID[:irreversible]", "a migration that it needs, in order",
                                            true, true };
static const struct flag flag_sign = { "--sign", 0, "KEY", "sign it with this SSH key (ssh-keygen -Y sign)", false, false };

/* The engine has another current folder than we: it gets real paths, of files that can be read. Yours. */
static char *real_file(const char *path, struct err *err)
{
	char *real = realpath(path, NULL);

	if (real && access(real, R_OK) == 0)
		return real;
	free(real);
	err_errno(err, errno, "read %s", path);
	err->kind = ERR_USAGE;
	return NULL;
}

static bool add_artifacts(const struct call *c, json_t *artifacts, struct err *err)
{
	const char *value;
	size_t at = 0;

	while ((value = call_next_value(c, &flag_artifact, &at))) {
		const char *equals = strchr(value, '=');
		AUTO(mem_auto_free) char *component = NULL, *file = NULL;

		if (!equals || equals == value || !equals[1])
			return err_set(err, ERR_USAGE, "--artifact takes COMPONENT=FILE, not \"%.100s\"", value);
		component = mem_dupn(value, (size_t)(equals - value));
		file = real_file(equals + 1, err);
		if (!file)
			return false;
		if (json_object_get(artifacts, component))
			return err_set(err, ERR_USAGE, "--artifact %s= is there twice", component);
		json_put_text(artifacts, component, file);
	}
	return json_object_size(artifacts) > 0
		|| err_set(err, ERR_USAGE, "a build has at least one --artifact COMPONENT=FILE");
}

static bool add_tests(const struct call *c, json_t *tests, struct err *err)
{
	const char *value;
	size_t at = 0;

	while ((value = call_next_value(c, &flag_tests, &at))) {
		AUTO(mem_auto_free) char *file = real_file(value, err);

		if (!file)
			return false;
		json_array_append_new(tests, json_safe_string(file));
	}
	return true;
}

static void add_contents(const struct call *c, json_t *request)
{
	static const char irreversible[] = ":irreversible";
	json_t *features = json_array(), *migrations = json_array();
	const char *value;
	size_t at = 0;

	while ((value = call_next_value(c, &flag_feature, &at)))
		json_array_append_new(features, json_safe_string(value));
	for (at = 0; (value = call_next_value(c, &flag_migration, &at));) {
		size_t len = strlen(value), tail = sizeof irreversible - 1;
		bool is_final = len > tail && strcmp(value + len - tail, irreversible) == 0;
		AUTO(mem_auto_free) char *id = mem_dupn(value, is_final ? len - tail : len);

		json_array_append_new(migrations, json_pack("{s:o, s:b}", "id", json_safe_string(id), "reversible", !is_final));
	}
	json_object_set_new(request, "features", features);
	json_object_set_new(request, "migrations", migrations);
}

static bool make_request(const struct call *c, const char *app, json_t *request, struct err *err)
{
	json_t *artifacts = json_object(), *tests = json_array();

	json_put_text(request, "app", app);
	json_put_text(request, "version", call_operand(c, 1));
	json_object_set_new(request, "artifacts", artifacts);
	json_put_text(request, "commit", call_value(c, &flag_commit));
	if (call_has(c, &flag_commit_time))
		json_put_text(request, "commit_time", call_value(c, &flag_commit_time));
	json_put_text(request, "branch", call_value(c, &flag_branch));
	json_put_text(request, "author", call_value(c, &flag_author));
	json_put_text(request, "message", call_value(c, &flag_message));
	json_object_set_new(request, "tests", tests);
	add_contents(c, request);
	return add_artifacts(c, artifacts, err) && add_tests(c, tests, err)
		&& (!call_has(c, &flag_sign) || sign_build(call_value(c, &flag_sign), request, err));
}

static void print_build(const struct call *c, const json_t *build)
{
	AUTO(mem_auto_free) char *verdict = record_verdict(json_object_get(build, "tests"));

	if (call_has(c, &flag_json)) {
		out_json(build);
		return;
	}
	out_piece(OUT_PLAIN, "build %s  %.12s  %lld bytes", json_text(build, "version"), json_text(build, "digest"),
	          (long long)json_int(build, "size", 0));
	if (*verdict)
		out_piece(json_int(json_object_get(build, "tests"), "fail", 0) ? OUT_BAD : OUT_GOOD, "  tests %s", verdict);
	if (*json_text(build, "signer"))
		out_piece(OUT_GOOD, "  signed by %s", json_text(build, "signer"));
	if (json_flag(build, "known"))
		out_piece(OUT_PLAIN, "  is there already");
	out_end_line();
}

static int add(struct call *c, const char *app)
{
	AUTO(json_auto_decref) json_t *request = json_object(), *answer = NULL;
	struct err err = { 0 };

	if (!make_request(c, app, request, &err)
	    || !call_ask(c, "POST", "/v1/builds", request, CALL_LONG_MS, &answer, &err))
		return call_fail(c, &err);
	print_build(c, answer);
	return 0;
}

/* A result without a suite, or without a message, leaves no mark of what it has not. */
static void print_failure(const json_t *result)
{
	const char *suite = json_text(result, "suite"), *message = json_text(result, "message");

	out_line("FAIL %s%s%s%s%s", suite, *suite ? ": " : "", json_text(result, "name"), *message ? "  " : "", message);
}

static void print_parts(const json_t *build)
{
	char time[CLOCK_ISO_SIZE];
	const json_t *part;
	size_t i;

	if (json_int(build, "commit_time", 0))
		out_line("commit %s of %s", json_text(build, "commit"), clock_iso(json_int(build, "commit_time", 0), time));
	json_array_foreach(json_object_get(build, "features"), i, part)
		out_line("feature %s", json_string_value(part));
	json_array_foreach(json_object_get(build, "migrations"), i, part)
		out_line("migration %s  %s", json_text(part, "id"),
		         json_flag(part, "reversible") ? "reversible" : "irreversible: no rollback below it");
	json_array_foreach(json_object_get(build, "artifacts"), i, part)
		out_line("artifact %s  %s  %lld bytes", json_text(part, "component"), json_text(part, "sha256"),
		         (long long)json_int(part, "size", 0));
	json_array_foreach(json_object_get(build, "results"), i, part)
		if (strcmp(json_text(part, "outcome"), "fail") == 0)
			print_failure(part);
}

static int show(struct call *c, const char *app)
{
	AUTO(mem_auto_free) char *a = client_escape(app), *version = client_escape(call_operand(c, 1));
	AUTO(mem_auto_free) char *path = mem_printf("/v1/builds/%s?app=%s", version, a);
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct err err = { 0 };

	if (!call_ask(c, "GET", path, NULL, CALL_ASK_MS, &answer, &err))
		return call_fail(c, &err);
	print_build(c, answer);
	if (!call_has(c, &flag_json))
		print_parts(answer);
	return 0;
}

static int run(struct call *c)
{
	AUTO(json_auto_decref) json_t *status = NULL;
	const json_t *app;
	struct err err = { 0 };

	if (!call_connect(c, &err) || !find_status(c, &status, &err) || !find_app(c, status, &app, &err))
		return call_fail(c, &err);
	return strcmp(call_operand(c, 0), "add") == 0 ? add(c, json_text(app, "name")) : show(c, json_text(app, "name"));
}

const struct command command_build = {
	.name = "build", .summary = "adds a build, or shows one", .run = run, .least = 2, .most = 2,
	.words = { "add", "show" },
	.usage = { "build add VERSION --artifact COMPONENT=FILE... [flags]", "build show VERSION [flags]" },
	.help = "add copies the artifacts into the engine's store. A version never changes: the\n"
		"same again is said to be there already, other content or other facts (commit,\n"
		"author, tests and the like) are refused (exit code 3).\n"
		"show prints the build, its features, its migrations and whether they can be taken\n"
		"back, who signed it, its artifacts and the tests that failed in CI.\n"
		"TIME is written like 2026-11-25T10:00:00Z, or in seconds since 1970, as from\n"
		"git log -1 --format=%ct. Without it lead time counts from when the build was made.\n"
		"With --json: BUILD of the API.",
	.flags = { &flag_artifact, &flag_commit, &flag_commit_time, &flag_branch, &flag_author, &flag_message, &flag_tests,
	           &flag_feature, &flag_migration, &flag_sign, &flag_app, &flag_json },
};
