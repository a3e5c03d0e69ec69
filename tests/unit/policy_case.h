/*
 * policy_case: the engine with the rules of an environment, and people who ask for things: what test programs of the
 * rules at work have in common. One test program, one include, as engine_case.h.
 */
#ifndef TESTS_POLICY_CASE_H
#define TESTS_POLICY_CASE_H

#include "tests/unit/engine_case.h"

#include "backend/engine/engine_priv.h"
#include "backend/proto/refusal.h"
#include "backend/store/policy.h"

static const char two_environments[] =
	"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],%s"
	"\"health_within\":\"500ms\"}},\"signers\":\"allowed_signers\","
	"\"environments\":[{\"name\":\"dev\",\"protection\":\"open\",\"ports\":{\"web\":18999},\"slots\":\"23990-23999\"},"
	"{\"name\":\"prod\",\"ports\":{\"web\":18998},\"slots\":\"23980-23989\"%s}]}";

static const struct engine_caller alice = { 4001, "alice" }, bob = { 4002, "bob" }, carol = { 4003, "carol" };

static const char migrating[] = "\"migrate\":[\"bin/migrate\"],";

static inline void configure(struct fixture *f, const char *web, const char *prod)
{
	size_t size = sizeof two_environments + strlen(web) + strlen(prod);
	AUTO(mem_auto_free) char *text = mem_alloc(size);

	snprintf(text, size, two_environments, web, prod);
	write_file(f, "slipway.json", text);
}

static inline struct fixture *opened(void **state, const char *prod)
{
	struct fixture *f = *state;

	configure(f, migrating, prod);
	open_engine(f);
	return f;
}

static inline struct fixture *given(void **state, const char *prod)
{
	struct fixture *f = opened(state, prod);

	assert_int_equal(add_build(f, "1.0.0", "one"), 201);
	assert_int_equal(add_build(f, "1.1.0", "two"), 201);
	return f;
}

static inline bool request(struct fixture *f, const struct engine_caller *who, const char *environment, const char *kind,
                    const char *version, const char *more, struct err *err)
{
	json_t *body = json_pack("{s:s, s:s}", "environment", environment, "kind", kind), *answer = NULL;
	AUTO(json_auto_decref) json_t *extra = more ? json_loads(more, 0, NULL) : json_object();
	int status = 0;
	bool ok;

	assert_non_null(extra);
	json_put_text(body, "version", version);
	json_object_update(body, extra);
	ok = engine_deploy(f->engine, who, body, &status, &answer, err);
	f->id = ok ? json_int(answer, "id", 0) : 0;
	json_decref(answer);
	json_decref(body);
	return ok;
}

static inline void succeed(struct fixture *f, const char *environment, const char *kind, const char *version, const char *more)
{
	struct err err = { 0 };

	if (!request(f, &alice, environment, kind, version, more, &err))
		fail_msg("%s", err.text);
	wait_rows(f, "deployment.finished", 1);
	script.log[0] = '\0';
}

static inline void assert_refused_by(struct fixture *f, const struct engine_caller *who, const char *kind, const char *version,
                              const char *more, const char *gate, const char *why)
{
	struct err err = { 0 };

	assert_false(request(f, who, "prod", kind, version, more, &err));
	if (!err.gate || strcmp(err.gate, gate) != 0 || !strstr(err.text, why))
		fail_msg("%s: %s", err.gate ? err.gate : "no gate", err.text);
}

static inline json_t *deployment(struct fixture *f, int64_t id)
{
	json_t *d = NULL;

	assert_true(engine_deployment(f->engine, id, &d, NULL));
	return d;
}

static inline void assert_held_by(struct fixture *f, int64_t id, const char *gate)
{
	AUTO(json_auto_decref) json_t *d = deployment(f, id);
	const json_t *blocked = json_object_get(d, "blocked");

	assert_string_equal(json_text(d, "state"), "queued");
	assert_string_equal(json_text(json_array_get(json_object_get(d, "steps"), 0), "state"), "held");
	assert_int_equal(json_array_size(blocked), 1);
	assert_string_equal(json_text(json_array_get(blocked, 0), "gate"), gate);
	assert_true(*json_text(json_array_get(blocked, 0), "who") != '\0');
}

static inline void assert_state(struct fixture *f, int64_t id, const char *state)
{
	AUTO(json_auto_decref) json_t *d = deployment(f, id);

	if (strcmp(json_text(d, "state"), state) != 0)
		fail_msg("deployment %lld is %s: %s", (long long)id, json_text(d, "state"), json_text(d, "message"));
}

static inline bool verdict(struct fixture *f, const struct engine_caller *who, int64_t id, bool rejects, const char *body,
                    struct err *err)
{
	AUTO(json_auto_decref) json_t *request_json = json_loads(body, 0, NULL);
	json_t *answer = NULL;
	bool ok = engine_approve(f->engine, who, id, request_json, rejects, &answer, err);

	json_decref(answer);
	return ok;
}

static inline bool hold(struct fixture *f, const struct engine_caller *who, enum engine_hold what, const char *body,
                 struct err *err)
{
	AUTO(json_auto_decref) json_t *request_json = json_loads(body, 0, NULL);
	json_t *answer = NULL;
	bool ok = engine_hold(f->engine, who, "prod", what, request_json, &answer, err);

	json_decref(answer);
	return ok;
}

static inline int begin_policy(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	script = (struct script){ .undo = ANSWER_OK };
	snprintf(f->dir, sizeof f->dir, "/tmp/slipway-policy.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->loop = loop_new();
	f->limit = loop_timer_new(f->loop, passed_limit, f);
	*state = f;
	return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin_policy, close_fixture)

#endif
