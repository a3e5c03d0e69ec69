/* Who may: deployers and locks. */
#include "tests/unit/gate_case.h"

static char *deployers[] = { (char *)"alice", (char *)"@ops", NULL };
static const char *const in_ops[] = { "ops", NULL };

static void only_deployers_deploy(void **unused)
{
	static const struct { const char *when; struct gate_person who; enum deployment_kind kind; bool then; } rows[] = {
		{ "alice is named", { 1000, "alice", NULL }, KIND_DEPLOY, true },
		{ "bob is in ops", { 1001, "bob", in_ops }, KIND_DEPLOY, true },
		{ "a user called ops is not the group", { 1002, "ops", NULL }, KIND_DEPLOY, false },
		{ "eve is nobody", { 1003, "eve", NULL }, KIND_DEPLOY, false },
		{ "eve rolls back", { 1003, "eve", NULL }, KIND_ROLLBACK, false },
		{ "root is not named", { 0, "root", NULL }, KIND_DEPLOY, false },
		{ "automation is nobody's word", { 0, "engine", NULL }, KIND_AUTOMATIC, true },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_case c;

		gate_case_begin(&c);
		c.facts.requester = rows[i].who;
		c.facts.kind = rows[i].kind;
		assert_allowed(&c, gate_deployers, "nobody is named");
		c.env.deployers = (struct config_people){ deployers, 2 };
		if (rows[i].then) {
			assert_allowed(&c, gate_deployers, rows[i].when);
		} else {
			assert_refused(&c, gate_deployers, false, "may not deploy to prod; alice, @ops may", rows[i].when);
			assert_int_equal(c.refusal.kind, ERR_DENIED);
		}
	}
}

static void a_lock_keeps_all_out_but_its_owner_until_it_ends(void **unused)
{
	static const struct { const char *when; int64_t uid, expires, now; enum deployment_kind kind; bool then; } rows[] = {
		{ "the owner deploys", 1000, 0, 500, KIND_DEPLOY, true },
		{ "another one deploys", 1001, 0, 500, KIND_DEPLOY, false },
		{ "one ms before its end", 1001, 501, 500, KIND_DEPLOY, false },
		{ "at its end", 1001, 500, 500, KIND_DEPLOY, true },
		{ "the clock was set back before its end", 1001, 600, 500, KIND_DEPLOY, false },
		{ "another one goes back", 1001, 0, 500, KIND_ROLLBACK, true },
		{ "automation under the owner's uid", 1000, 0, 500, KIND_AUTOMATIC, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_case c;

		gate_case_begin(&c);
		c.facts.requester.uid = rows[i].uid;
		c.facts.now = rows[i].now;
		c.facts.kind = rows[i].kind;
		c.here.succeeded = rows[i].kind == KIND_ROLLBACK;
		assert_allowed(&c, gate_lock, "nobody holds it");
		c.policy.lock = (struct store_lock){ .uid = 1000, .owner = (char *)"alice", .reason = (char *)"migration",
		                                     .expires = rows[i].expires };
		if (rows[i].then) {
			assert_allowed(&c, gate_lock, rows[i].when);
		} else {
			assert_refused(&c, gate_lock, true, "locked by alice", rows[i].when);
			assert_int_equal(c.refusal.kind, ERR_LOCKED);
			assert_true(c.refusal.clears_at == rows[i].expires);
			assert_non_null(strstr(c.refusal.who, "--steal"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_deployers_deploy),
		cmocka_unit_test(a_lock_keeps_all_out_but_its_owner_until_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
