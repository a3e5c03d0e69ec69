/* What is automatic, in the commands: what status says of it, and how it is paused and resumed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/api/capture.h"
#include "tests/api/play.h"

/* %s: more members of the environment dev. */
#define DEV "{'name': 'dev', 'protected': false, 'automatic': true, 'health': {'ok': true, 'text': 'OK'}%s}"
#define STATUS "'status': {'config': {'valid': true}, 'apps': [{'name': 'shop', 'environments': [" DEV "]}]}"
#define NEXT(clears) ", 'next': {'version': '1.1.0', 'gate': 'promotion', 'why': 'live for 4m of 10m', 'clears_at': " clears "}"
#define PAUSED ", 'paused': {'why': 'fair week', 'by': 'alice', 'since': 1000}"

static struct theatre *given(const char *members, const char *more)
{
	AUTO(mem_auto_free) char *status = mem_printf(STATUS, members);
	AUTO(mem_auto_free) char *text = mem_printf("{'http': 200, 'answers': {%s%s}}", status, more);

	return theatre_new(scene_of(text));
}

static void status_says_what_automation_waits_for(void **state)
{
	static const struct { const char *members, *says; } rows[] = {
		{ NEXT("1795144807000"), "  dev: automatic: 1.1.0 waits for promotion: live for 4m of 10m, clears at 2026-11-20T03:20:07Z" },
		{ NEXT("null"), "  dev: automatic: 1.1.0 does not pass promotion: live for 4m of 10m" },
		{ PAUSED, "  dev: automation is paused: fair week (slipway resume dev)" },
		{ ", 'next': null, 'paused': null", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct theatre *s = given(rows[i].members, "");
		AUTO(capture_done) struct capture c = slipway(s, "status", NULL);

		assert_int_equal(c.code, 0);
		if (rows[i].says && !strstr(c.out, rows[i].says))
			fail_msg("\"%s\" is not in\n%s", rows[i].says, c.out);
		assert_true(rows[i].says || !strstr(c.out, "automat"));
		theatre_free(s);
	}
}

static void a_pause_carries_its_reason_and_a_resume_ends_it(void **state)
{
	AUTO(mem_auto_free) char *paused = mem_printf(DEV, PAUSED), *resumed = mem_printf(DEV, "");
	AUTO(mem_auto_free) char *answers = mem_printf(", 'pause': %s, 'resume': %s", paused, resumed);
	struct theatre *s = given("", answers);
	AUTO(capture_done) struct capture p = slipway(s, "pause", "dev", "--reason", "fair week", NULL);
	AUTO(capture_done) struct capture r = slipway(s, "resume", "dev", NULL);
	AUTO(json_auto_decref) json_t *calls = theatre_calls(s);
	const json_t *call;
	size_t i;

	(void)state;
	assert_int_equal(p.code, 0);
	assert_string_equal(p.out, "dev is not locked; its automation is paused: fair week\n");
	assert_int_equal(r.code, 0);
	assert_string_equal(r.out, "dev is not locked\n");
	assert_int_equal(theatre_count(s, "resume"), 1);
	json_array_foreach(calls, i, call)
		if (strcmp(json_text(call, "function"), "pause") == 0) {
			assert_string_equal(json_text(call, "environment"), "dev");
			assert_string_equal(json_text(json_object_get(call, "request"), "reason"), "fair week");
		}
	assert_int_equal(theatre_count(s, "pause"), 1);
	theatre_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_says_what_automation_waits_for),
		cmocka_unit_test(a_pause_carries_its_reason_and_a_resume_ends_it),
	};

	play_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
