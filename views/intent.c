#include "views/intent.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"

void intent_done(struct intent *i)
{
	free(i->app);
	free(i->environment);
	free(i->version);
	free(i->digest);
	free(i->expect);
	*i = (struct intent){ 0 };
}

void intent_copy(struct intent *to, const struct intent *from)
{
	struct intent copy = *from;

	copy.app = mem_dup(from->app);
	copy.environment = mem_dup(from->environment);
	copy.version = mem_dup(from->version);
	copy.digest = mem_dup(from->digest);
	copy.expect = mem_dup(from->expect);
	intent_done(to);
	*to = copy;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool intent_equal(const struct intent *a, const struct intent *b)
{
	return a->kind == b->kind && same(a->app, b->app) && same(a->environment, b->environment) &&
	       same(a->version, b->version) && same(a->digest, b->digest) && same(a->expect, b->expect) &&
	       a->deployment == b->deployment && a->is_protected == b->is_protected &&
	       a->needs_arming == b->needs_arming;
}

const char *intent_verb(enum intent_kind kind)
{
	static const char *const verbs[INTENT_KIND_COUNT] = { "", "deploy", "roll back", "stop" };

	return verbs[kind];
}

char *intent_sentence(const struct intent *i, const char *arrow)
{
	if (i->kind == INTENT_STOP)
		return mem_printf("stop %s in %s", i->version, i->environment);
	return mem_printf("%s %s %s %s", i->environment, *i->expect ? i->expect : "(nothing)", arrow, i->version);
}

char *intent_path(const struct intent *i)
{
	if (i->kind == INTENT_STOP)
		return mem_printf("/v1/deployments/%" PRId64 "/stop", i->deployment);
	return mem_dup("/v1/deployments");
}

json_t *intent_body(const struct intent *i, const char *key)
{
	json_t *body = json_object();

	if (i->kind == INTENT_STOP) {
		json_put_text(body, "reason", "");
		return body;
	}
	json_put_text(body, "app", i->app);
	json_put_text(body, "environment", i->environment);
	json_put_text(body, "kind", i->kind == INTENT_ROLLBACK ? "rollback" : "deploy");
	json_put_text(body, "version", i->version);
	json_put_text(body, "digest", i->digest);
	json_put_text(body, "expect", i->expect);
	json_put_text(body, "key", key);
	json_put_text(body, "reason", "");
	return body;
}
