#include "backend/engine/signature.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/artifact/digest.h"
#include "backend/artifact/manifest.h"
#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/words_list.h"
#include "backend/process/child.h"

enum { VERIFY_MS = 15000, SAID_MAX = 16 * 1024 };

struct signature {
	struct engine *e;
	char *signers, *manifest, *file, *signer;
	struct child *child;
	struct words_list env;
	struct buf said;
	signature_fn fn;
	void *arg;
};

void signature_free(struct signature *s)
{
	if (!s)
		return;
	child_free(s->child);
	if (s->file)
		unlink(s->file);
	words_done(&s->env);
	buf_done(&s->said);
	free(s->signers);
	free(s->manifest);
	free(s->file);
	free(s->signer);
	free(s);
}

static void answer(struct signature *s, const struct err *err)
{
	s->fn(s->arg, err ? NULL : s->signer, err);
	signature_free(s);
}

static void said(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct signature *s = arg;

	(void)is_stderr;
	buf_add(&s->said, data, len);
}

static void refuse(struct signature *s, const char *what, const struct child_end *end)
{
	struct err err = { 0 };

	s->said.data[strcspn(s->said.data, "\n")] = '\0';
	if (end->err)
		err = *end->err;
	else if (end->timed_out)
		err_set(&err, ERR_TIMEOUT, "ssh-keygen gave no answer within %d s", VERIFY_MS / 1000);
	else
		err_set(&err, ERR_REFUSED, "%s (%s): %s", what, s->signers, s->said.len ? s->said.data : "ssh-keygen refused it");
	answer(s, &err);
}

static void start(struct signature *s, const char *const *argv, const char *input, child_end_fn end)
{
	struct child_spec spec = { .argv = argv, .env = words_env(&s->env), .input = input,
	                           .input_len = input ? strlen(input) : 0, .timeout_ms = VERIFY_MS, .output = said,
	                           .end = end, .arg = s };

	buf_clear(&s->said);
	s->child = child_start(s->e->launcher, &spec);
}

static void verified(void *arg, const struct child_end *end)
{
	struct signature *s = arg;

	s->child = NULL;
	if (end->code == 0)
		answer(s, NULL);
	else
		refuse(s, "the signature does not fit the build", end);
}

/* The first name that the key has; then the signature itself is checked against it. */
static void found(void *arg, const struct child_end *end)
{
	struct signature *s = arg;

	s->child = NULL;
	if (end->code != 0 || s->said.len == 0) {
		refuse(s, "the signature is by none of the signers", end);
		return;
	}
	s->said.data[strcspn(s->said.data, "\r\n")] = '\0';
	s->signer = mem_dup(s->said.data);
	start(s, (const char *const[]){ "ssh-keygen", "-Y", "verify", "-f", s->signers, "-I", s->signer, "-n",
	                                SIGNATURE_NAMESPACE, "-s", s->file, NULL }, s->manifest, verified);
}

struct signature *signature_verify(struct engine *e, const char *signers, const char *manifest, const char *armor,
                                   signature_fn fn, void *arg, struct err *err)
{
	struct signature *s = mem_alloc(sizeof *s);
	char digest[DIGEST_SIZE];

	*s = (struct signature){ .e = e, .signers = mem_dup(signers), .manifest = mem_dup(manifest), .fn = fn, .arg = arg };
	buf_init(&s->said, SAID_MAX);
	words_add_environment(&s->env);
	digest_bytes(manifest, strlen(manifest), digest);
	/* One file for each check under way: two of the same build may run at once. */
	s->file = mem_printf("%s/signature.%.16s.%p", e->state_dir, digest, (void *)s);
	if (!file_check_owner(signers, err) || !file_write_scratch(s->file, armor, strlen(armor), 0600, err)) {
		signature_free(s);
		return NULL;
	}
	start(s, (const char *const[]){ "ssh-keygen", "-Y", "find-principals", "-f", s->signers, "-s", s->file, NULL }, NULL,
	      found);
	return s;
}

char *signature_manifest(const char *app, const struct store_build *build)
{
	AUTO(json_auto_decref) json_t *artifacts = json_array();
	AUTO(json_auto_decref) json_t *features = json_array();
	AUTO(json_auto_decref) json_t *migrations = json_array();

	for (size_t i = 0; i < build->nartifacts; i++)
		json_array_append_new(artifacts, json_pack("{s:s, s:s}", "component", build->artifacts[i].component, "sha256",
		                                           build->artifacts[i].sha256));
	for (size_t i = 0; i < build->nfeatures; i++)
		json_array_append_new(features, json_safe_string(build->features[i]));
	for (size_t i = 0; i < build->nmigrations; i++)
		json_array_append_new(migrations, json_pack("{s:s, s:b}", "id", build->migrations[i].id, "reversible",
		                                            build->migrations[i].reversible));
	return manifest_text(app, build->version, artifacts, features, migrations);
}
