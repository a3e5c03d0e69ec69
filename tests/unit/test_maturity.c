/* The maturity level: configurations and journals written by hand, and what each indicator must make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"
#include "backend/report/maturity.h"
#include "tests/unit/metrics_case.h"

enum { DAY = 1440 };

struct world {
	const char *app, *dev, *prod;      /* what is added to the configuration: "\"after\": …" in ' */
	const char *journal;
	const char *prod_driver;           /* "host" when NULL */
};

static struct config *configure(const struct world *w)
{
	bool is_host = !w->prod_driver;
	AUTO(mem_auto_free) char *text = mem_printf(
		"{'application':'shop','components':{'web':{'start':['bin/web'],'protocol':'http'}},'environments':["
		"{'name':'dev','protection':'open','driver':'host','ports':{'web':18081},'slots':'21000-21019'%s%s},"
		"{'name':'prod','protection':'protected',%s%s%s}]%s%s}", w->dev ? "," : "", w->dev ? w->dev : "",
		is_host ? "'driver':'host','ports':{'web':18082},'slots':'21020-21039'" : w->prod_driver, w->prod ? "," : "",
		w->prod ? w->prod : "", w->app ? "," : "", w->app ? w->app : "");
	struct config_mistakes mistakes = { 0 };
	struct config *config = NULL;

	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	if (!config_parse("slipway.json", text, strlen(text), &config, &mistakes))
		fail_msg("%s\n%s", mistakes.items[0].text, text);
	config_mistakes_done(&mistakes);
	return config;
}

static int judge(const struct world *w, struct maturity_verdict *ret)
{
	struct config *config = configure(w);
	struct metrics *m = metrics_case(w->journal ? w->journal : "");
	struct maturity_facts f = { .app = &config->apps[0], .metrics = m, .from = metrics_case_at(0),
	                            .to = metrics_case_at(30 * DAY) };
	int level = maturity_judge(&f, ret);

	metrics_free(m);
	config_free(config);
	return level;
}

static size_t index_of(const char *name)
{
	for (size_t i = 0; i < nmaturity_indicators; i++)
		if (strcmp(maturity_indicators[i].name, name) == 0)
			return i;
	fail_msg("there is no indicator %s", name);
	return 0;
}

struct verdict_case {
	const char *indicator;
	bool met;
	const char *evidence, *next;       /* pieces of them */
	struct world given;
};

#define TO_DEV ASKED(1, 0, "deploy", "1", "dev") LIVE(2, 5, 1, "1", "dev") OVER(3, 6, 1, "succeeded")
#define TO_PROD ASKED(4, 10, "deploy", "1", "prod") STEP(5, 11, 4, "smoke", "") \
	STEP(6, 12, 4, "acceptance", ",'tests':{'ok':24}") \
	STEP(7, 13, 4, "switch", ",'detail':{'map_us':1500,'prober':{'sent':100,'ok':100,'failed':0}}") \
	LIVE(8, 13, 4, "1", "prod") OVER(9, 14, 4, "succeeded")
#define TO_PROD_LOSSY ASKED(4, 10, "deploy", "1", "prod") \
	STEP(7, 13, 4, "switch", ",'detail':{'map_us':1500,'prober':{'sent':100,'ok':97,'failed':3}}") \
	LIVE(8, 13, 4, "1", "prod") OVER(9, 14, 4, "succeeded")
#define DRIFT "20 100 drift.found {'app':'shop','environment':'prod','what':'digest'}\n"
#define COMMAND "'driver':'command','deploy':['true'],'observe':['true']"
#define SMOKE "'smoke':[{'name':'front','component':'web','get':'/'}]"
#define ACCEPTANCE "'acceptance':[{'name':'shop','command':['true'],'report':'tap'}]"
#define FACTS "'facts':[{'name':'libc','command':['ldd','--version']}]"

static const struct verdict_case cases[] = {
	{ "not-by-hand", false, "no deployment to dev", "slipway deploy VERSION dev", { 0 } },
	{ "not-by-hand", false, "no deployment to prod", "slipway deploy VERSION prod", { .journal = TO_DEV } },
	{ "not-by-hand", true, "2 deployments", "", { .journal = TO_DEV TO_PROD } },
	{ "not-by-hand", false, "prod is not what was deployed",
	  "\"drift\": \"refuse\" to environment \"prod\" in slipway.json",
	  { .journal = TO_DEV TO_PROD DRIFT } },
	{ "certain", false, "nothing is watched", "\"verify\": {\"for\": \"30s\"", { .app = "'verify':{'for':'0s'}" } },
	{ "certain", false, "no deployment to prod", "slipway deploy VERSION prod", { .app = "'verify':{'for':'3s'}" } },
	{ "certain", true, "verified for 3000 ms; all 1 changes", "",
	  { .app = "'verify':{'for':'3s'}", .journal = TO_PROD } },
	{ "certain", false, "1 changes on prod ended without", "slipway history prod",
	  { .app = "'verify':{'for':'3s'}",
	    .journal = ASKED(1, 0, "deploy", "1", "prod") LIVE(2, 5, 1, "1", "prod") OVER(3, 6, 1, "attention") } },
	{ "built-elsewhere", false, "prod takes builds that nobody signed", "\"signers\": \"allowed_signers\" and", { 0 } },
	{ "built-elsewhere", false, "nobody signed", "add \"signatures\": \"required\" to environment \"prod\"",
	  { .app = "'signers':'allowed_signers'" } },
	{ "built-elsewhere", true, "prod takes only builds", "",
	  { .app = "'signers':'allowed_signers'", .prod = "'signatures':'required'" } },
	{ "users-go-on", true, "two colours", "", { 0 } },
	{ "users-go-on", false, "the command driver has one slot", "\"driver\": \"host\"", { .prod_driver = COMMAND } },
	{ "pipeline", false, "dev > prod, but nothing was ever deployed to prod", "slipway deploy VERSION prod",
	  { .journal = TO_DEV } },
	{ "pipeline", true, "dev > prod, and", "", { .journal = TO_DEV TO_PROD } },
	{ "pipeline", false, "one environment alone: prod", "\"environments\"", { .dev = "'optional':true" } },
	{ "only-successful", false, "prod takes builds that were never on dev",
	  "add \"after\": [\"dev\"] to environment \"prod\"",
	  { 0 } },
	{ "only-successful", false, "prod takes builds without tests", "\"tests\": \"required\"",
	  { .prod = "'after':['dev']" } },
	{ "only-successful", true, "1 were caught", "",
	  { .prod = "'after':['dev'],'tests':'required'",
	    .journal = ASKED(1, 0, "deploy", "1", "prod") OVER(2, 1, 1, "failed") } },
	{ "approved", false, "nobody is asked", "\"approval\": {\"count\": 1", { 0 } },
	{ "approved", true, "prod asks 2 people; 1 approvals were given, 1 deployments were scheduled", "",
	  { .prod = "'approval':{'count':2,'from':['@release']}",
	    .journal = "1 1 approval.given {'app':'shop','environment':'prod','verdict':'approve'}\n"
		ASKED(2, 2, "scheduled", "1", "prod") LIVE(3, 3, 2, "1", "prod") OVER(4, 4, 2, "succeeded") } },
	{ "smoke-tests", false, "no smoke tests", "\"component\": \"web\"", { 0 } },
	{ "smoke-tests", false, "no deployment to prod ran them", "slipway deploy VERSION prod", { .app = SMOKE } },
	{ "smoke-tests", true, "1 of 1 deployments to prod passed", "", { .app = SMOKE, .journal = TO_PROD } },
	{ "outside-hours", false, "at any hour, and 0 of 0", "\"windows\": [", { 0 } },
	{ "outside-hours", false, "3 of 100 requests failed", "\"windows\": [", { .journal = TO_PROD_LOSSY } },
	{ "outside-hours", true, "users notice nothing at any hour: 0 of 100", "", { .journal = TO_PROD } },
	{ "outside-hours", true, "in 1 windows", "", { .prod = "'windows':['Sat-Sun 06:00-10:00 UTC']" } },
	{ "automatic", false, "no environment takes", "add \"automatic\": true to environment \"dev\"", { 0 } },
	{ "automatic", false, "none came", "\"builds\": {\"watch\": \"incoming\"}", { .dev = "'automatic':true" } },
	{ "automatic", false, "none came", "CI drop",
	  { .dev = "'automatic':true", .app = "'builds':{'watch':'incoming'}" } },
	{ "automatic", true, "1 deployments of all 1 components were automatic, beginning with dev", "",
	  { .dev = "'automatic':true",
	    .journal = ASKED(1, 0, "automatic", "1", "dev") LIVE(2, 5, 1, "1", "dev") OVER(3, 6, 1, "succeeded") } },
	{ "no-impact", false, "no switch of prod was measured", "slipway deploy VERSION prod", { 0 } },
	{ "no-impact", false, "no switch of prod was measured", "\"driver\": \"host\"", { .prod_driver = COMMAND } },
	{ "no-impact", false, "3 of 100 requests failed", "\"drain\": \"60s\"",
	  { .app = "'drain':'30s'", .journal = TO_PROD_LOSSY } },
	{ "no-impact", true, "0 of 100 requests failed in 1 switches of prod, the slowest took 1.5 ms", "",
	  { .journal = TO_PROD } },
	{ "acceptance-tests", false, "no acceptance tests", "\"acceptance\": [{", { 0 } },
	{ "acceptance-tests", false, "no deployment to prod ran them", "slipway deploy", { .app = ACCEPTANCE } },
	{ "acceptance-tests", true, "24 tests passed", "", { .app = ACCEPTANCE, .journal = TO_PROD } },
	{ "features", false, "0 features", "slipway feature prod NAME on", { 0 } },
	{ "features", true, "1 features", "",
	  { .journal = "1 1 feature.set {'app':'shop','environment':'prod','feature':'wallet','on':true}\n" } },
	{ "several-a-day", false, "0.0 deployments a day to prod", "\"automatic\": true to environment \"prod\"",
	  { .journal = TO_PROD } },
	{ "several-a-day", false, "0.0 deployments", "make \"windows\"",
	  { .prod = "'automatic':true,'windows':['Sat-Sun 06:00-10:00 UTC']", .journal = TO_PROD } },
	{ "several-a-day", false, "1 on the busiest day", "smaller builds",
	  { .prod = "'automatic':true", .journal = TO_PROD } },
	{ "consistent", false, "nothing is compared", "\"facts\": [{", { 0 } },
	{ "consistent", false, "over a drift", "\"drift\": \"refuse\" to environment \"prod\"", { .app = FACTS } },
	{ "consistent", true, "1 facts are compared across 2 environments", "",
	  { .app = FACTS, .prod = "'drift':'refuse'" } },
	{ "consistent", false, "prod is not what", "deploy it again",
	  { .app = FACTS, .prod = "'drift':'refuse'", .journal = DRIFT } },
};

static void indicator_is_judged_with_its_evidence_and_next_step(void **state)
{
	const struct verdict_case *c = *state;
	struct maturity_verdict verdicts[32];
	const struct maturity_verdict *v = &verdicts[index_of(c->indicator)];

	judge(&c->given, verdicts);
	if (v->met != c->met || !strstr(v->evidence, c->evidence) || !strstr(v->next, c->next))
		fail_msg("%s: %s: %s; next: %s", c->indicator, v->met ? "met" : "not met", v->evidence, v->next);
	assert_int_equal(*v->next == '\0', v->met);
}

/* The keys that next steps name, put where they say: the configuration must take them. */
static void each_key_of_a_next_step_is_one_of_the_configuration(void **unused)
{
	int tried = 0;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct maturity_verdict verdicts[32];
		struct world changed = cases[i].given;
		AUTO(mem_auto_free) char *added = NULL;
		const char *next, *end, **place;

		judge(&changed, verdicts);
		next = verdicts[index_of(cases[i].indicator)].next;
		end = strstr(next, " to environment \"");
		place = !end ? &changed.app : strstr(end, "\"dev\"") ? &changed.dev : &changed.prod;
		if (!end)
			end = strstr(next, " to slipway.json");
		/* another driver needs keys of its own */
		if (strncmp(next, "add \"", 5) != 0 || !end || strstr(next, "\"driver\"") || strstr(next, " and, to "))
			continue;
		added = mem_printf("%.*s", (int)(end - next - 4), next + 4);
		if (*place && strncmp(*place, "'verify'", 8) != 0 && strncmp(*place, "'drain'", 7) != 0)
			continue;
		*place = strchr(added, '"') ? added : NULL;
		judge(&changed, verdicts);
		tried++;
	}
	assert_true(tried > 12);
}

#define ALL_OF_1 .app = "'signers':'allowed_signers','verify':{'for':'3s'}," SMOKE "," ACCEPTANCE "," FACTS, \
	.prod = "'signatures':'required','after':['dev'],'tests':'required','drift':'refuse'," \
	        "'approval':{'count':1,'from':['@release']}"

static void level_is_that_with_all_indicators_up_to_it(void **unused)
{
	static const char twice_a_day[] = ASKED(1, 43000, "automatic", "1", "dev") LIVE(2, 43001, 1, "1", "dev")
		OVER(3, 43002, 1, "succeeded") ASKED(4, 43010, "deploy", "1", "prod") STEP(5, 43011, 4, "smoke", "")
		STEP(6, 43012, 4, "acceptance", ",'tests':{'ok':24}")
		STEP(7, 43013, 4, "switch", ",'detail':{'map_us':1500,'prober':{'sent':100,'ok':100,'failed':0}}")
		LIVE(8, 43013, 4, "1", "prod") OVER(9, 43014, 4, "succeeded")
		ASKED(10, 43020, "deploy", "2", "prod") LIVE(11, 43021, 10, "2", "prod") OVER(12, 43022, 10, "succeeded")
		"13 43023 feature.set {'app':'shop','environment':'prod','feature':'wallet','on':true}\n";
	static const struct { int level; struct world given; } rows[] = {
		{ 0, { 0 } },
		{ 0, { .journal = TO_DEV TO_PROD } },
		{ 0, { ALL_OF_1 } },                                       /* configured, and nothing ever done */
		{ 1, { ALL_OF_1, .journal = TO_DEV TO_PROD } },
		{ 1, { ALL_OF_1, .dev = "'automatic':true", .journal = TO_DEV TO_PROD } },
		{ 2, { ALL_OF_1, .dev = "'automatic':true", .journal = twice_a_day } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct maturity_verdict verdicts[32];
		int level = judge(&rows[i].given, verdicts);

		for (size_t k = 0; level != rows[i].level && k < nmaturity_indicators; k++)
			if (!verdicts[k].met)
				print_message("row %zu: %s: %s\n", i, maturity_indicators[k].name, verdicts[k].evidence);
		assert_int_equal(level, rows[i].level);
	}
}

static void indicators_are_in_the_order_of_levels_unique_and_explained(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < nmaturity_indicators; i++) {
		assert_true(maturity_indicators[i].level >= 0 && maturity_indicators[i].level < MATURITY_LEVELS);
		assert_true(i == 0 || maturity_indicators[i].level >= maturity_indicators[i - 1].level);
		assert_true(strlen(maturity_indicators[i].text) > 10);
		assert_int_equal(index_of(maturity_indicators[i].name), i);
	}
}

static void json_has_level_and_each_indicator(void **unused)
{
	struct config *config = configure(&(struct world){ 0 });
	struct metrics *m = metrics_case(TO_DEV TO_PROD);
	struct maturity_facts f = { &config->apps[0], m, metrics_case_at(0), metrics_case_at(30 * DAY) };
	AUTO(json_auto_decref) json_t *json = maturity_json(&f);
	const json_t *first = json_array_get(json_object_get(json, "indicators"), 0);

	(void)unused;
	assert_string_equal(json_text(json, "name"), "shop");
	assert_int_equal(json_int(json, "level", -1), 0);
	assert_int_equal(json_array_size(json_object_get(json, "indicators")), nmaturity_indicators);
	assert_string_equal(json_text(first, "name"), "not-by-hand");
	assert_true(json_flag(first, "met"));
	assert_true(json_is_null(json_object_get(first, "next")));
	metrics_free(m);
	config_free(config);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(each_key_of_a_next_step_is_one_of_the_configuration),
		cmocka_unit_test(level_is_that_with_all_indicators_up_to_it),
		cmocka_unit_test(indicators_are_in_the_order_of_levels_unique_and_explained),
		cmocka_unit_test(json_has_level_and_each_indicator),
	};
	static struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(others)];
	static char names[ARRAY_LEN(cases)][120];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(names[i], sizeof names[i], "%s is %s: %s", cases[i].indicator, cases[i].met ? "met" : "not met",
		         cases[i].evidence);
		tests[i] = (struct CMUnitTest){ .name = names[i],
		                                .test_func = indicator_is_judged_with_its_evidence_and_next_step,
		                                .initial_state = (void *)&cases[i] };
	}
	memcpy(tests + ARRAY_LEN(cases), others, sizeof others);
	return _cmocka_run_group_tests("maturity", tests, ARRAY_LEN(tests), NULL, NULL);
}
