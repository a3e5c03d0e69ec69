/* Builds signed with ssh-keygen: whose signature counts, and over what. Keys are made for the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/artifact/digest.h"
#include "backend/artifact/manifest.h"
#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/signature.h"
#include "backend/process/child.h"
#include "backend/process/launcher.h"

static const char manifest[] = "shop 2.0.0\nweb 0000000000000000000000000000000000000000000000000000000000000000\n";

struct fixture {
	struct loop *loop;
	struct engine engine;
	char dir[40];
	struct buf out;
	int code;
	char signer[100];
	struct err err;
};

static void said(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct fixture *f = arg;

	(void)is_stderr;
	buf_add(&f->out, data, len);
}

static void ended(void *arg, const struct child_end *end)
{
	struct fixture *f = arg;

	f->code = end->code;
	loop_stop(f->loop);
}

/* What the program prints; fails the test when it fails. */
static const char *run(struct fixture *f, const char *const *argv, const char *input)
{
	const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	struct child_spec spec = { .argv = argv, .env = env, .dir = f->dir, .input = input,
	                           .input_len = input ? strlen(input) : 0, .split_stderr = true, .output = said,
	                           .end = ended, .arg = f };

	buf_clear(&f->out);
	child_start(f->engine.launcher, &spec);
	loop_run(f->loop);
	if (f->code != 0)
		fail_msg("%s: %s", argv[0], f->out.data);
	return f->out.data;
}

static void make_key(struct fixture *f, const char *name)
{
	run(f, (const char *const[]){ "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name, NULL }, NULL);
}

static char *sign(struct fixture *f, const char *key, const char *namespace, const char *text)
{
	return mem_dup(run(f, (const char *const[]){ "ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", namespace, NULL },
	                   text));
}

/* The public key of `name` may sign as ci@example.org. */
static char *allow(struct fixture *f, const char *name)
{
	AUTO(mem_auto_free) char *file = mem_printf("%s/%s.pub", f->dir, name);
	AUTO(mem_auto_free) char *text = NULL;
	char *path = file_join(f->dir, "allowed_signers");
	struct buf key;

	assert_true(file_read(file, 10000, &key, NULL));
	text = mem_printf("ci@example.org namespaces=\"slipway-build\" %s", key.data);
	buf_done(&key);
	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
	return path;
}

static void verified(void *arg, const char *signer, const struct err *err)
{
	struct fixture *f = arg;

	snprintf(f->signer, sizeof f->signer, "%s", signer ? signer : "");
	if (err)
		f->err = *err;
	loop_stop(f->loop);
}

static bool verify(struct fixture *f, const char *signers, const char *text, const char *armor)
{
	f->err = (struct err){ 0 };
	if (signature_verify(&f->engine, signers, text, armor, verified, f, &f->err))
		loop_run(f->loop);
	return f->err.kind == ERR_NONE;
}

static int begin(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-sign.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	buf_init(&f->out, 100000);
	f->loop = loop_new();
	f->engine = (struct engine){ .loop = f->loop, .state_dir = f->dir };
	if (!launcher_new(f->loop, &f->engine.launcher, NULL))
		return -1;
	make_key(f, "ci");
	make_key(f, "eve");
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	launcher_free(f->engine.launcher);
	loop_free(f->loop);
	buf_done(&f->out);
	file_remove_tree(f->dir, NULL);
	free(f);
	return 0;
}

static void a_signature_by_a_signer_over_this_build_counts(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *signers = allow(f, "ci");
	AUTO(mem_auto_free) char *armor = sign(f, "ci", SIGNATURE_NAMESPACE, manifest);

	assert_true(verify(f, signers, manifest, armor));
	assert_string_equal(f->signer, "ci@example.org");
}

static void every_other_signature_is_refused(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *signers = allow(f, "ci");
	AUTO(mem_auto_free) char *good = sign(f, "ci", SIGNATURE_NAMESPACE, manifest);
	AUTO(mem_auto_free) char *other = sign(f, "ci", "file", manifest);
	AUTO(mem_auto_free) char *eve = sign(f, "eve", SIGNATURE_NAMESPACE, manifest);
	AUTO(mem_auto_free) char *changed = mem_dup(manifest);
	const struct { const char *when, *text, *armor; } rows[] = {
		{ "by nobody who may", manifest, eve },
		{ "for another purpose", manifest, other },
		{ "no signature at all", manifest, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n" },
		{ "over another build", changed, good },
	};

	changed[5] = '9';
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (verify(f, signers, rows[i].text, rows[i].armor) || f->err.kind != ERR_REFUSED)
			fail_msg("%s: %s", rows[i].when, f->err.kind == ERR_NONE ? "taken" : f->err.text);
}

static void a_key_that_is_taken_off_the_list_signs_no_more(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *armor = sign(f, "ci", SIGNATURE_NAMESPACE, manifest);
	AUTO(mem_auto_free) char *signers = allow(f, "ci");
	AUTO(mem_auto_free) char *again = NULL;

	assert_true(verify(f, signers, manifest, armor));
	again = allow(f, "eve");
	assert_false(verify(f, again, manifest, armor));
}

static void a_list_that_others_can_write_to_is_refused(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *armor = sign(f, "ci", SIGNATURE_NAMESPACE, manifest);
	AUTO(mem_auto_free) char *signers = allow(f, "ci");

	run(f, (const char *const[]){ "chmod", "0666", signers, NULL }, NULL);
	assert_false(verify(f, signers, manifest, armor));
	assert_non_null(strstr(f->err.text, "allowed_signers"));
}

static void the_manifest_lists_what_a_build_is_in_one_order(void **state)
{
	AUTO(json_auto_decref) json_t *artifacts = json_pack("[{s:s, s:s}, {s:s, s:s}]", "component", "web", "sha256", "bb",
	                                                     "component", "api", "sha256", "aa");
	AUTO(json_auto_decref) json_t *features = json_pack("[s, s]", "two", "one");
	AUTO(json_auto_decref) json_t *migrations = json_pack("[{s:s, s:b}, {s:s, s:b}]", "id", "0008", "reversible", 1, "id",
	                                                      "0007", "reversible", 0);
	AUTO(mem_auto_free) char *plain = manifest_text("shop", "1", artifacts, NULL, NULL);
	AUTO(mem_auto_free) char *whole = manifest_text("shop", "1", artifacts, features, migrations);

	(void)state;
	assert_string_equal(plain, "shop 1\napi aa\nweb bb\n");
	assert_string_equal(whole, "shop 1\napi aa\nweb bb\n+feature one\n+feature two\n+migration 0008 reversible\n"
	                    "+migration 0007 irreversible\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_signature_by_a_signer_over_this_build_counts, begin, end),
		cmocka_unit_test_setup_teardown(every_other_signature_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_key_that_is_taken_off_the_list_signs_no_more, begin, end),
		cmocka_unit_test_setup_teardown(a_list_that_others_can_write_to_is_refused, begin, end),
		cmocka_unit_test(the_manifest_lists_what_a_build_is_in_one_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
