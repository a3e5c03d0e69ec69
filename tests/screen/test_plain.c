/* The console in lines (--plain, ACCESSIBLE=1): numbered questions, the same safety model behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/screen/fixture.h"
#include "tests/tools/scene.h"
#include "tests/tools/screen.h"

enum { LIMIT_MS = 10000, DEAF_MS = 600 };

static struct screen *open_console(const struct fixture *f)
{
	static const char *const env[] = { "SLIPWAY_CLOCK=" SCENE_CLOCK, "ACCESSIBLE=1", NULL };
	const char *build = getenv("SLIPWAY_BUILD");
	AUTO(mem_auto_free) char *program = mem_printf("%s/slipway", build ? build : "build");
	const char *argv[] = { program, "-C", fixture_dir(f), NULL };
	struct err err = { 0 };
	struct screen *s = screen_start(&(struct screen_options){ .rows = 60, .cols = 120, .env = env }, argv, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static struct fixture *start(void)
{
	struct err err = { 0 };
	struct fixture *f = fixture_start("policy", &err);

	if (!f)
		fail_msg("%s", err.text);
	return f;
}

/* Answers when the question is there; a panel's takes nothing for its first moment. */
static void answer(struct screen *s, const char *question, const char *keys)
{
	AUTO(mem_auto_free) char *seen = NULL;

	if (!screen_wait_text(s, question, LIMIT_MS)) {
		seen = screen_text(s);
		fail_msg("\"%s\" was not seen:\n%s", question, seen);
	}
	screen_settle(s, DEAF_MS, LIMIT_MS);
	screen_type(s, keys);
}

static const json_t *first_post(const struct fixture *f, const char *what, json_t **take_posts)
{
	*take_posts = fixture_posts(f);
	return json_object_get(json_array_get(*take_posts, 0), what);
}

static void a_feature_is_pulled_by_numbers(void **state)
{
	AUTO(fixture_auto_free) struct fixture *f = start();
	AUTO(screen_auto_free) struct screen *s = open_console(f);
	AUTO(json_auto_decref) json_t *posts = NULL;
	const json_t *post;

	(void)state;
	answer(s, "6 features", "6<Enter>");
	answer(s, "3 dev, live 2.14.0", "3<Enter>");
	answer(s, "1 checkout, in", "1<Enter>");
	assert_true(screen_wait_text(s, "pull checkout from dev", LIMIT_MS));
	screen_settle(s, DEAF_MS, LIMIT_MS);
	post = first_post(f, "feature", &posts);
	assert_string_equal(json_text(post, "feature"), "checkout");
	assert_true(json_is_false(json_object_get(post, "on")));
}

static void an_approval_asks_why_and_for_the_name(void **state)
{
	AUTO(fixture_auto_free) struct fixture *f = start();
	AUTO(screen_auto_free) struct screen *s = open_console(f);
	AUTO(json_auto_decref) json_t *posts = NULL;

	(void)state;
	answer(s, "7 what waits", "7<Enter>");
	answer(s, "2 #822 shop 2.14.1 to prod by bob", "2<Enter>");
	answer(s, "1 approve, 2 reject", "1<Enter>");
	answer(s, "Why? It stays in the journal", "green<Enter>");
	answer(s, "Type the environment's name", "prod<Enter>");
	assert_true(screen_wait_text(s, "in 3 s", LIMIT_MS));
	assert_true(screen_wait_text(s, "#900  approve #822", LIMIT_MS));
	assert_int_equal(json_integer_value(first_post(f, "approve", &posts)), 822);
}

static void a_rollback_offers_the_smaller_step(void **state)
{
	AUTO(fixture_auto_free) struct fixture *f = start();
	AUTO(screen_auto_free) struct screen *s = open_console(f);
	AUTO(json_auto_decref) json_t *posts = NULL;

	(void)state;
	answer(s, "4 roll back", "4<Enter>");
	answer(s, "3 dev, live 2.14.0", "3<Enter>");
	answer(s, "1 pull checkout from dev", "2<Enter>");
	assert_true(screen_wait_text(s, "asked: dev 2.14.0", LIMIT_MS));
	screen_settle(s, DEAF_MS, LIMIT_MS);
	assert_string_equal(json_text(first_post(f, "deploy", &posts), "kind"), "rollback");
}

static void an_empty_line_does_nothing(void **state)
{
	AUTO(fixture_auto_free) struct fixture *f = start();
	AUTO(screen_auto_free) struct screen *s = open_console(f);
	AUTO(json_auto_decref) json_t *posts = NULL;

	(void)state;
	answer(s, "4 roll back", "4<Enter>");
	answer(s, "3 dev, live 2.14.0", "3<Enter>");
	answer(s, "1 pull checkout from dev", "<Enter>");
	assert_true(screen_wait_text(s, "cancelled: nothing was done", LIMIT_MS));
	posts = fixture_posts(f);
	assert_int_equal(json_array_size(posts), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_feature_is_pulled_by_numbers),
		cmocka_unit_test(an_approval_asks_why_and_for_the_name),
		cmocka_unit_test(a_rollback_offers_the_smaller_step),
		cmocka_unit_test(an_empty_line_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
