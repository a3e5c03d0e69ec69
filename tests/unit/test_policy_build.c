/* Rules about what is in a build: its migrations and the floor they make, its signature. */
#include "tests/unit/policy_case.h"

#include <fcntl.h>

#include "backend/base/buf.h"
#include "backend/engine/signature.h"
#include "backend/process/child.h"
#include "backend/process/launcher.h"

static int add_migrating(struct fixture *f, const char *version, const char *migrations)
{
	struct engine_caller who = { getuid(), "ci" };
	AUTO(mem_auto_free) char *path = file_join(f->dir, "artifact");
	AUTO(json_auto_decref) json_t *body = NULL;

	write_file(f, "artifact", version);
	body = json_pack("{s:s, s:{s:s}, s:o}", "version", version, "artifacts", "web", path, "migrations",
	                 json_loads(migrations, 0, NULL));
	f->status = 0;
	engine_add_build(f->engine, &who, body, added, f);
	if (!f->status)
		loop_run(f->loop);
	return f->status;
}

/* The rollback that status names beforehand; gate NULL: nothing refuses it. */
static void assert_rollback_blocked(struct fixture *f, const char *gate)
{
	struct environment *env = engine_environment(f->engine, "shop", "prod", NULL);
	AUTO(json_auto_decref) json_t *answer = answers_environment(env, &alice, NULL);
	const json_t *blocked = json_object_get(json_object_get(answer, "rollback"), "blocked");

	assert_int_equal(json_array_size(blocked), gate ? 1 : 0);
	assert_string_equal(json_text(json_array_get(blocked, 0), "gate"), gate ? gate : "");
}

static void a_migration_runs_once_and_is_a_floor(void **state)
{
	struct fixture *f = given(state, "");
	struct err err = { 0 };

	assert_int_equal(add_migrating(f, "2.0.0", "[{\"id\":\"0007\",\"reversible\":false}]"), 201);
	assert_int_equal(add_migrating(f, "2.1.0", "[{\"id\":\"0007\",\"reversible\":false}]"), 201);
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	script.run[STAGE_MIGRATE] = ANSWER_FAIL;
	assert_true(request(f, &alice, "prod", "deploy", "2.0.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage migrate undo-to-1.0.0 ");
	script.run[STAGE_MIGRATE] = ANSWER_OK;
	script.log[0] = '\0';
	/* known to have failed, so it runs again */
	assert_true(request(f, &alice, "prod", "deploy", "2.0.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage migrate start switch verify drain ");
	script.log[0] = '\0';
	assert_true(request(f, &alice, "prod", "deploy", "2.1.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage start switch verify drain ");
	assert_rollback_blocked(f, NULL);
	assert_refused_by(f, &alice, "rollback", "1.0.0", NULL, "migration", "the nearest build allowed is 2.0.0");
	succeed(f, "prod", "rollback", NULL, NULL);
	assert_state(f, f->id, "succeeded");
	/* the next one back is below the floor, which is said before anybody presses the key */
	assert_rollback_blocked(f, "migration");
}

static void a_migration_whose_end_nobody_saw_is_not_run_again(void **state)
{
	struct fixture *f = given(state, "");
	struct err err = { 0 };

	assert_int_equal(add_migrating(f, "2.0.0", "[{\"id\":\"0007\",\"reversible\":true}]"), 201);
	script.run[STAGE_MIGRATE] = ANSWER_NEVER;
	assert_true(request(f, &alice, "prod", "deploy", "2.0.0", NULL, &err));
	wait_rows(f, "migration.ran", 1);
	engine_free(f->engine);
	script.run[STAGE_MIGRATE] = ANSWER_OK;
	script.probe = PROBE_UNKNOWN;
	open_engine(f);
	wait_rows(f, "deployment.finished", 1);
	assert_state(f, f->id, "attention");
	script.log[0] = '\0';
	assert_true(request(f, &alice, "prod", "deploy", "2.0.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage start switch verify ");
}

static struct fixture *given_nothing_that_migrates(void **state)
{
	struct fixture *f = *state;

	configure(f, "", "");
	open_engine(f);
	assert_int_equal(add_build(f, "1.0.0", "one"), 201);
	assert_int_equal(add_migrating(f, "2.0.0", "[{\"id\":\"0007\",\"reversible\":false}]"), 201);
	assert_int_equal(add_migrating(f, "2.1.0", "[{\"id\":\"0007\",\"reversible\":false}]"), 201);
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	return f;
}

static size_t migrations_of_prod(struct fixture *f)
{
	AUTO(store_rans_done) struct store_rans rans = { 0 };

	assert_true(store_migrations(f->engine->store, "shop", "prod", &rans, NULL));
	return rans.n;
}

/* The application migrates when it starts: nobody else does, and the data are changed all the same. */
static void the_floor_holds_also_where_nothing_is_configured_to_migrate(void **state)
{
	struct fixture *f = given_nothing_that_migrates(state);
	struct err err = { 0 };

	assert_true(request(f, &alice, "prod", "deploy", "2.0.0", NULL, &err));
	wait_rows(f, "migration.ran", 1);
	wait_rows(f, "deployment.finished", 1);
	assert_string_equal(script.log, "fetch stage start switch verify drain ");
	assert_rollback_blocked(f, "migration");
	assert_refused_by(f, &alice, "rollback", NULL, NULL, "migration", "1.0.0 does not know migration 0007, which 2.0.0");
	succeed(f, "prod", "deploy", "2.1.0", NULL);

	assert_rollback_blocked(f, NULL);
	assert_refused_by(f, &alice, "rollback", "1.0.0", NULL, "migration", "the nearest build allowed is 2.0.0");
	assert_int_equal(migrations_of_prod(f), 1);
}

static void a_start_that_fails_may_have_migrated_and_one_that_never_came_has_not(void **state)
{
	struct fixture *f = given_nothing_that_migrates(state);
	struct err err = { 0 };

	script.run[STAGE_STAGE] = ANSWER_FAIL;
	assert_true(request(f, &alice, "prod", "deploy", "2.0.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_int_equal(migrations_of_prod(f), 0);
	script.run[STAGE_STAGE] = ANSWER_OK;
	script.run[STAGE_START] = ANSWER_FAIL;
	assert_true(request(f, &alice, "prod", "deploy", "2.0.0", NULL, &err));
	wait_rows(f, "deployment.finished", 1);
	assert_int_equal(migrations_of_prod(f), 1);
}

/* ---- judged again when the step runs ---- */

static void shell_ended(void *arg, const struct child_end *end)
{
	struct fixture *f = arg;

	f->status = end->code;
	loop_stop(f->loop);
}

static void said(void *arg, bool is_stderr, const char *data, size_t len)
{
	(void)arg, (void)is_stderr;
	print_message("%.*s", (int)len, data);
}

/* In the workspace, to its end. */
static void shell(struct fixture *f, const char *command)
{
	const char *const argv[] = { "sh", "-c", command, NULL }, *const env[] = { "PATH=/usr/bin:/bin", NULL };
	struct child_spec spec = { .argv = argv, .env = env, .dir = f->dir, .output = said, .end = shell_ended, .arg = f };
	struct launcher *launcher;

	assert_true(launcher_new(f->loop, &launcher, NULL));
	f->status = -1;
	child_start(launcher, &spec);
	while (f->status < 0)
		loop_run(f->loop);
	launcher_free(launcher);
	assert_int_equal(f->status, 0);
}

/* The key "ci" of the workspace may sign from now on, or not any more. */
static void allow_key(struct fixture *f, bool allowed)
{
	shell(f, allowed ? "printf 'ci@example.org namespaces=\"slipway-build\" %s\\n' \"$(cat ci.pub)\" > allowed_signers"
	      : ": > allowed_signers");
	shell(f, "chmod 600 allowed_signers");
}

/* A build that was added gets its signature, as by a pipeline that signs last. */
static void sign_build(struct fixture *f, const char *version, const char *content, const char *migrations)
{
	struct engine_caller who = { getuid(), "ci" };
	AUTO(mem_auto_free) char *path = file_join(f->dir, "artifact"), *signature = file_join(f->dir, "manifest.sig");
	AUTO(store_build_done) struct store_build build = { 0 };
	AUTO(mem_auto_free) char *manifest = NULL;
	AUTO(json_auto_decref) json_t *body = NULL;
	AUTO(buf_done) struct buf armor = { 0 };

	assert_true(store_build(f->engine->store, "shop", version, NULL, &build, NULL));
	manifest = signature_manifest("shop", &build);
	write_file(f, "manifest", manifest);
	shell(f, "rm -f manifest.sig && ssh-keygen -Y sign -q -f ci -n slipway-build manifest");
	assert_true(file_read(signature, 10000, &armor, NULL));
	write_file(f, "artifact", content);
	body = json_pack("{s:s, s:{s:s}, s:s, s:o}", "version", version, "artifacts", "web", path, "signature", armor.data,
	                 "migrations", json_loads(migrations, 0, NULL));
	f->status = 0;
	engine_add_build(f->engine, &who, body, added, f);
	if (!f->status)
		loop_run(f->loop);
	assert_int_equal(f->status, 201);
}

static void a_rollback_asks_the_signers_of_now(void **state)
{
	struct fixture *f = given(state, ",\"signatures\":\"required\"");
	AUTO(json_auto_decref) json_t *d = NULL;
	struct err err = { 0 };

	shell(f, "ssh-keygen -q -t ed25519 -N '' -C ci -f ci");
	allow_key(f, true);
	sign_build(f, "1.0.0", "one", "[]");
	sign_build(f, "1.1.0", "two", "[]");
	succeed(f, "prod", "deploy", "1.0.0", NULL);
	succeed(f, "prod", "deploy", "1.1.0", NULL);
	assert_state(f, f->id, "succeeded");

	/* 1.0.0 is warm: nothing is started, so the switch is what is asked for */
	allow_key(f, false);
	assert_true(request(f, &alice, "prod", "rollback", NULL, NULL, &err));
	wait_rows(f, "deployment.finished", 1);

	assert_state(f, f->id, "failed");
	d = deployment(f, f->id);
	assert_non_null(strstr(json_text(d, "message"), "signature gate"));
	assert_string_equal(script.log, "undo-to-1.1.0 ");
	allow_key(f, true);
	succeed(f, "prod", "rollback", NULL, NULL);
	assert_state(f, f->id, "succeeded");
}

static void a_build_that_is_refused_before_it_starts_has_not_migrated(void **state)
{
	struct fixture *f = *state;

	configure(f, "", ",\"signatures\":\"required\"");
	shell(f, "ssh-keygen -q -t ed25519 -N '' -C ci -f ci");
	allow_key(f, true);
	open_engine(f);
	assert_int_equal(add_migrating(f, "2.0.0", "[{\"id\":\"0007\",\"reversible\":false}]"), 201);
	sign_build(f, "2.0.0", "2.0.0", "[{\"id\":\"0007\",\"reversible\":false}]");
	allow_key(f, false);

	succeed(f, "prod", "deploy", "2.0.0", NULL);

	assert_state(f, f->id, "failed");
	assert_int_equal(migrations_of_prod(f), 0);
	allow_key(f, true);
	succeed(f, "prod", "deploy", "2.0.0", NULL);
	assert_int_equal(migrations_of_prod(f), 1);
}

/* Deploys 1.0.0 before a freeze, holds it, and lets it go on within the freeze: what its end is. Yours. */

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(a_migration_runs_once_and_is_a_floor),
		CASE(a_migration_whose_end_nobody_saw_is_not_run_again),
		CASE(the_floor_holds_also_where_nothing_is_configured_to_migrate),
		CASE(a_rollback_asks_the_signers_of_now),
		CASE(a_build_that_is_refused_before_it_starts_has_not_migrated),
		CASE(a_start_that_fails_may_have_migrated_and_one_that_never_came_has_not),
	};

	/* The engine runs its own program for what takes long; here that is this one. */
	if (argc > 1 && strcmp(argv[1], "artifact-import") == 0)
		return artifact_tool(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
