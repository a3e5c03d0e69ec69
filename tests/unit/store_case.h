/* A store in a folder of its own, and short words to journal what happens; for the tests of the store. */
#ifndef TESTS_STORE_CASE_H
#define TESTS_STORE_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/artifact/digest.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/store/store.h"

struct store_case { char dir[32]; char *path; struct store *s; };

/* An assertion that says what the store said. */
#define assert_ok(call) \
	do { \
		struct err ok_err = { 0 }, *err = &ok_err; \
		if (!(call)) \
			fail_msg("%s: %s", #call, ok_err.text); \
	} while (0)

static inline int store_case_begin(void **state)
{
	struct store_case *c = mem_alloc(sizeof *c);

	snprintf(c->dir, sizeof c->dir, "/tmp/slipway-test.XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	c->path = file_join(c->dir, "engine.db");
	assert_ok(store_open(c->path, &c->s, err));
	*state = c;
	return 0;
}

static inline int store_case_end(void **state)
{
	struct store_case *c = *state;

	store_close(c->s);
	assert_ok(file_remove_tree(c->dir, err));
	free(c->path);
	free(c);
	return 0;
}

static inline void store_case_reopen(struct store_case *c)
{
	store_close(c->s);
	c->s = NULL;
	assert_ok(store_open(c->path, &c->s, err));
}

/* Runs SQL on the file behind the store's back: the store is closed meanwhile. */
static inline void store_case_tamper(struct store_case *c, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	store_close(c->s);
	c->s = NULL;
	assert_int_equal(sqlite3_open(c->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
	assert_ok(store_open(c->path, &c->s, err));
}

static inline int64_t journal(struct store *s, const char *type, json_t *take_body)
{
	int64_t seq = 0;

	assert_non_null(take_body);
	assert_ok(store_append(s, "alice", type, take_body, &seq, err));
	return seq;
}

/* Build "3" has digest "d3" and one artifact "a3". */
static inline int64_t journal_build(struct store *s, const char *version, int64_t at)
{
	AUTO(mem_auto_free) char *digest = mem_printf("d%s", version);
	AUTO(mem_auto_free) char *artifact = mem_printf("a%s", version);

	return journal(s, "build.added", json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:[{s:s, s:s, s:i}], s:n, s:s}",
		"app", "shop", "version", version, "digest", digest, "commit", "9f3c1ab", "branch", "main", "author", "Bob",
		"message", "Round the total", "at", (json_int_t)at, "artifacts", "component", "web", "sha256", artifact, "size",
		1000, "tests", "results_sha256", ""));
}

static inline int64_t journal_request(struct store *s, const char *environment, const char *kind, const char *version,
                                      const char *from)
{
	AUTO(mem_auto_free) char *digest = mem_printf("d%s", version);

	return journal(s, "deployment.requested",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:i, s:s, s:s, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}",
		"app", "shop", "environment", environment, "kind", kind, "version", version, "digest", digest, "from", from,
		"expect", "", "key", "", "reason", "", "uid", 1000, "target", "green", "plan_hash", "p", "steps", "stage", "start",
		"deadline_ms", 1000, "stage", "smoke", "deadline_ms", 2000, "stage", "switch", "deadline_ms", 3000));
}

static inline void journal_live(struct store *s, int64_t id, const char *environment, const char *version)
{
	AUTO(mem_auto_free) char *digest = version ? mem_printf("d%s", version) : NULL;

	journal(s, "environment.live", json_pack("{s:I, s:s, s:s, s:s, s:s?, s:s?}", "id", (json_int_t)id, "app", "shop",
		"environment", environment, "colour", version ? "green" : "none", "version", version, "digest", digest));
}

static inline void journal_finish(struct store *s, int64_t id, const char *state)
{
	journal(s, "deployment.finished", json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)id, "state", state, "message",
		strcmp(state, "succeeded") == 0 ? "" : "it broke", "layer", ""));
}

/* A whole deployment that goes live and succeeds. */
static inline int64_t journal_success(struct store *s, const char *environment, const char *kind, const char *version,
                                      const char *from)
{
	int64_t id = journal_request(s, environment, kind, version, from);

	journal(s, "deployment.started", json_pack("{s:I}", "id", (json_int_t)id));
	journal_live(s, id, environment, version);
	journal_finish(s, id, "succeeded");
	return id;
}

#endif
