/* One key, and never by accident: the safety model alone, with the clock passed in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/intent.h"
#include "views/safety.h"

enum { SECOND = 1000, T0 = 50000 };

#define TEXT(literal) ((char[]){ literal })      /* an intent owns its strings, so they are not const */

static const struct intent to_prod = {
	.kind = INTENT_DEPLOY, .app = TEXT("shop"), .environment = TEXT("prod"), .version = TEXT("2.14.0"),
	.digest = TEXT("d140"), .expect = TEXT("2.13.5"), .is_protected = true, .needs_arming = true,
};
static const struct intent prod_back = {
	.kind = INTENT_ROLLBACK, .app = TEXT("shop"), .environment = TEXT("prod"), .version = TEXT("2.13.4"),
	.digest = TEXT("d134"), .expect = TEXT("2.13.5"), .is_protected = true, .needs_arming = false,
};
static const struct intent to_dev = {
	.kind = INTENT_DEPLOY, .app = TEXT("shop"), .environment = TEXT("dev"), .version = TEXT("2.14.0"),
	.digest = TEXT("d140"), .expect = TEXT(""),
};
static const struct intent nothing = { .kind = INTENT_NONE };

static struct safety_facts good(int64_t now_ms)
{
	return (struct safety_facts){ .now_ms = now_ms, .connected = true, .fits = true };
}

static enum safety_verdict judge(const struct safety *s, const struct intent *i, struct safety_facts f, bool named)
{
	const char *why = NULL;
	enum safety_verdict verdict = safety_judge(s, i, &f, named, &why);

	assert_int_equal(verdict == SAFETY_REFUSE, why != NULL);
	return verdict;
}

/* Given what is armed and what is true, when the key comes, then this. */
static void verdicts_follow_the_table(void **state)
{
	enum { NO, PROD, OTHER };
	static const struct {
		const char *what;
		const struct intent *intent;
		int armed;
		bool read_only, disconnected, stale, small, named;
		enum safety_verdict then;
	} rows[] = {
		{ "open: at once", &to_dev, .then = SAFETY_GO },
		{ "open, old data: the name", &to_dev, .stale = true, .then = SAFETY_ASK },
		{ "open, old data, named: at once", &to_dev, .stale = true, .named = true, .then = SAFETY_GO },
		{ "open, no engine", &to_dev, .disconnected = true, .then = SAFETY_REFUSE },
		{ "open, no engine, named", &to_dev, .disconnected = true, .named = true, .then = SAFETY_REFUSE },
		{ "open, too small", &to_dev, .small = true, .then = SAFETY_REFUSE },
		{ "open, read-only", &to_dev, .read_only = true, .then = SAFETY_REFUSE },
		{ "open, read-only, named", &to_dev, .read_only = true, .named = true, .then = SAFETY_REFUSE },
		{ "protected, safe: the name", &to_prod, .then = SAFETY_ASK },
		{ "protected, named: countdown", &to_prod, .named = true, .then = SAFETY_COUNT },
		{ "protected, armed: countdown", &to_prod, .armed = PROD, .then = SAFETY_COUNT },
		{ "protected, another one armed: the name", &to_prod, .armed = OTHER, .then = SAFETY_ASK },
		{ "protected, armed, old data: the name", &to_prod, .armed = PROD, .stale = true, .then = SAFETY_ASK },
		{ "protected, armed, no engine", &to_prod, .armed = PROD, .disconnected = true, .then = SAFETY_REFUSE },
		{ "protected, armed, too small", &to_prod, .armed = PROD, .small = true, .then = SAFETY_REFUSE },
		{ "protected, armed, read-only", &to_prod, .armed = PROD, .read_only = true, .then = SAFETY_REFUSE },
		{ "rollback spared arming: countdown", &prod_back, .then = SAFETY_COUNT },
		{ "rollback spared arming, old data: the name", &prod_back, .stale = true, .then = SAFETY_ASK },
		{ "nothing to do", &nothing, .then = SAFETY_REFUSE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(safety_done) struct safety s;
		struct safety_facts f = good(T0 + SECOND);

		safety_init(&s, rows[i].read_only);
		if (rows[i].armed)
			safety_arm(&s, "shop", rows[i].armed == PROD ? "prod" : "stage", T0);
		f.connected = !rows[i].disconnected;
		f.stale = rows[i].stale;
		f.fits = !rows[i].small;
		if (judge(&s, rows[i].intent, f, rows[i].named) != rows[i].then)
			fail_msg("%s", rows[i].what);
	}
}

static void a_read_only_session_cannot_be_armed(void **state)
{
	AUTO(safety_done) struct safety s;

	(void)state;
	safety_init(&s, true);
	safety_arm(&s, "shop", "prod", T0);
	assert_false(safety_is_armed(&s, "shop", "prod"));
}

static void arming_one_environment_disarms_the_other(void **state)
{
	AUTO(safety_done) struct safety s;

	(void)state;
	safety_init(&s, false);
	safety_arm(&s, "shop", "prod", T0);
	safety_arm(&s, "shop", "stage", T0);
	assert_false(safety_is_armed(&s, "shop", "prod"));
	assert_true(safety_is_armed(&s, "shop", "stage"));
	assert_false(safety_is_armed(&s, "other", "stage"));
}

static void arming_ends_after_five_minutes_even_when_keys_come(void **state)
{
	AUTO(safety_done) struct safety s;
	enum safety_cause cause = SAFETY_CAUSE_COUNT;
	struct intent fired = { 0 };
	int64_t now = T0;

	(void)state;
	safety_init(&s, false);
	safety_arm(&s, "shop", "prod", T0);
	for (; now < T0 + SAFETY_ARMED_MS; now += 10 * SECOND) {
		safety_key(&s, now);
		assert_int_equal(safety_tick(&s, now, &cause, &fired), SAFETY_NOTHING);
	}
	assert_int_equal(judge(&s, &to_prod, good(now), false), SAFETY_ASK);
	assert_int_equal(safety_tick(&s, now, &cause, &fired), SAFETY_EXPIRED);
	assert_int_equal(cause, SAFETY_BY_TIME);
	assert_false(safety_is_armed(&s, "shop", "prod"));
}

static void arming_ends_after_a_minute_without_a_key(void **state)
{
	AUTO(safety_done) struct safety s;
	enum safety_cause cause = SAFETY_CAUSE_COUNT;
	struct intent fired = { 0 };

	(void)state;
	safety_init(&s, false);
	safety_arm(&s, "shop", "prod", T0);
	safety_key(&s, T0 + 30 * SECOND);
	assert_int_equal(safety_tick(&s, T0 + 89 * SECOND, &cause, &fired), SAFETY_NOTHING);
	assert_int_equal(judge(&s, &to_prod, good(T0 + 90 * SECOND), false), SAFETY_ASK);
	assert_int_equal(safety_tick(&s, T0 + 90 * SECOND, &cause, &fired), SAFETY_EXPIRED);
	assert_int_equal(cause, SAFETY_BY_QUIET);
}

static void the_countdown_fires_once_after_three_seconds(void **state)
{
	AUTO(safety_done) struct safety s;
	AUTO(intent_done) struct intent fired = { 0 };
	enum safety_cause cause;

	(void)state;
	safety_init(&s, false);
	safety_count_down(&s, &to_prod, T0 - 100);
	safety_seen(&s, T0);
	safety_seen(&s, T0 + SECOND);
	assert_int_equal(safety_seconds_left(&s, T0), 3);
	assert_int_equal(safety_seconds_left(&s, T0 + 2001), 1);
	assert_int_equal(safety_tick(&s, T0 + 2999, &cause, &fired), SAFETY_NOTHING);
	assert_int_equal(safety_tick(&s, T0 + 3000, &cause, &fired), SAFETY_FIRED);
	assert_true(intent_equal(&fired, &to_prod));
	intent_done(&fired);
	assert_int_equal(safety_tick(&s, T0 + 3001, &cause, &fired), SAFETY_NOTHING);
}

static void a_countdown_that_nobody_watched_does_nothing(void **state)
{
	AUTO(safety_done) struct safety s;
	struct intent fired = { 0 };
	enum safety_cause cause;

	(void)state;
	safety_init(&s, false);
	safety_arm(&s, "shop", "prod", T0);
	safety_count_down(&s, &to_prod, T0);
	safety_seen(&s, T0);
	assert_int_equal(safety_tick(&s, T0 + 3000 + SAFETY_LATE_MS + 1, &cause, &fired), SAFETY_MISSED);
	assert_false(safety_is_counting(&s));
	assert_false(safety_is_armed(&s, "shop", "prod"));
}

static void a_countdown_that_a_stalled_terminal_hid_does_nothing(void **state)
{
	AUTO(safety_done) struct safety s;
	struct intent fired = { 0 };
	enum safety_cause cause;

	(void)state;
	safety_init(&s, false);
	safety_arm(&s, "shop", "prod", T0);
	safety_count_down(&s, &to_prod, T0);
	assert_int_equal(safety_tick(&s, T0 + 3000, &cause, &fired), SAFETY_MISSED);
	assert_false(safety_is_counting(&s));
}

static void cancelling_keeps_the_arming_and_disarming_ends_both(void **state)
{
	AUTO(safety_done) struct safety s;

	(void)state;
	safety_init(&s, false);
	safety_arm(&s, "shop", "prod", T0);
	safety_count_down(&s, &to_prod, T0);
	safety_cancel(&s);
	assert_false(safety_is_counting(&s));
	assert_true(safety_is_armed(&s, "shop", "prod"));
	safety_count_down(&s, &to_prod, T0);
	assert_true(safety_disarm(&s));
	assert_false(safety_is_counting(&s));
	assert_false(safety_is_armed(&s, "shop", "prod"));
	assert_false(safety_disarm(&s));
}

static void ticks_are_due_when_a_figure_changes_and_never_when_safe(void **state)
{
	AUTO(safety_done) struct safety s;

	(void)state;
	safety_init(&s, false);
	assert_int_equal(safety_next_ms(&s, T0), -1);
	safety_arm(&s, "shop", "prod", T0);
	assert_int_equal(safety_next_ms(&s, T0), 1000);
	assert_int_equal(safety_next_ms(&s, T0 + 1), 999);
	assert_int_equal(safety_next_ms(&s, T0 + 59700), 300);
	assert_int_equal(safety_next_ms(&s, T0 + 61 * SECOND), 0);
	safety_count_down(&s, &to_prod, T0);
	assert_int_equal(safety_next_ms(&s, T0 + 250), 750);
	assert_int_equal(safety_next_ms(&s, T0 + 4000), 0);
}

static void an_intent_is_what_is_shown_and_what_is_sent(void **state)
{
	const struct intent stop = {
		.kind = INTENT_STOP, .app = TEXT("shop"), .environment = TEXT("prod"), .version = TEXT("2.14.0"),
		.expect = TEXT("2.13.5"), .deployment = 812, .is_protected = true, .needs_arming = true,
	};
	AUTO(mem_auto_free) char *shown = intent_sentence(&prod_back, "->");
	AUTO(mem_auto_free) char *stopping = intent_sentence(&stop, "->");
	AUTO(mem_auto_free) char *first = intent_sentence(&to_dev, "->");
	AUTO(mem_auto_free) char *path = intent_path(&stop);
	AUTO(json_auto_decref) json_t *body = intent_body(&prod_back, "k1");

	(void)state;
	assert_string_equal(shown, "prod 2.13.5 -> 2.13.4");
	assert_string_equal(stopping, "stop 2.14.0 in prod");
	assert_string_equal(first, "dev (nothing) -> 2.14.0");
	assert_string_equal(path, "/v1/deployments/812/stop");
	assert_string_equal(json_text(body, "app"), "shop");
	assert_string_equal(json_text(body, "environment"), "prod");
	assert_string_equal(json_text(body, "kind"), "rollback");
	assert_string_equal(json_text(body, "version"), "2.13.4");
	assert_string_equal(json_text(body, "digest"), "d134");
	assert_string_equal(json_text(body, "expect"), "2.13.5");
	assert_string_equal(json_text(body, "key"), "k1");
}

static void intents_differ_by_every_member(void **state)
{
	struct intent i[] = { to_prod, to_prod, to_prod, to_prod, to_prod, to_prod, to_prod, to_prod, to_prod };

	(void)state;
	i[0].kind = INTENT_ROLLBACK;
	i[1].app = TEXT("other");
	i[2].environment = TEXT("stage");
	i[3].version = TEXT("2.14.1");
	i[4].digest = TEXT("dxxx");
	i[5].expect = TEXT("");
	i[6].deployment = 1;
	i[7].is_protected = false;
	i[8].needs_arming = false;
	for (size_t n = 0; n < ARRAY_LEN(i); n++)
		assert_false(intent_equal(&i[n], &to_prod));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_follow_the_table),
		cmocka_unit_test(a_read_only_session_cannot_be_armed),
		cmocka_unit_test(arming_one_environment_disarms_the_other),
		cmocka_unit_test(arming_ends_after_five_minutes_even_when_keys_come),
		cmocka_unit_test(arming_ends_after_a_minute_without_a_key),
		cmocka_unit_test(the_countdown_fires_once_after_three_seconds),
		cmocka_unit_test(a_countdown_that_nobody_watched_does_nothing),
		cmocka_unit_test(a_countdown_that_a_stalled_terminal_hid_does_nothing),
		cmocka_unit_test(cancelling_keeps_the_arming_and_disarming_ends_both),
		cmocka_unit_test(ticks_are_due_when_a_figure_changes_and_never_when_safe),
		cmocka_unit_test(an_intent_is_what_is_shown_and_what_is_sent),
		cmocka_unit_test(intents_differ_by_every_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
