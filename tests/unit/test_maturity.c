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
	const char *between;               /* an environment more, with a comma behind it */
	const char *rows;                  /* of consistency, in '; NULL: not known */
};

static void quote(char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			*text = '"';
}

static json_t *rows_of(const struct world *w)
{
	AUTO(mem_auto_free) char *text = mem_dup(w->rows ? w->rows : "[]");

	quote(text);
	return w->rows ? json_read(text, strlen(text), NULL) : NULL;
}

static struct config *configure(const struct world *w)
{
	bool is_host = !w->prod_driver;
	AUTO(mem_auto_free) char *text = mem_printf(
		"{'application':'shop','components':{'web':{'start':['bin/web'],'protocol':'http'}},'environments':["
		"{'name':'dev','protection':'open','driver':'host','ports':{'web':18081},'slots':'21000-21019'%s%s},"
		"%s{'name':'prod','protection':'protected',%s%s%s}]%s%s}", w->dev ? "," : "", w->dev ? w->dev : "",
		w->between ? w->between : "",
		is_host ? "'driver':'host','ports':{'web':18082},'slots':'21020-21039'" : w->prod_driver, w->prod ? "," : "",
		w->prod ? w->prod : "", w->app ? "," : "", w->app ? w->app : "");
	struct config_mistakes mistakes = { 0 };
	struct config *config = NULL;

	quote(text);
	if (!config_parse("slipway.json", text, strlen(text), &config, &mistakes))
		fail_msg("%s\n%s", mistakes.items[0].text, text);
	config_mistakes_done(&mistakes);
	return config;
}

static int judge(const struct world *w, struct maturity_verdict *ret)
{
	struct config *config = configure(w);
	struct metrics *m = metrics_case(w->journal ? w->journal : "");
	AUTO(json_auto_decref) json_t *rows = rows_of(w);
	struct maturity_facts f = { .app = &config->apps[0], .metrics = m, .consistency = rows, .from = metrics_case_at(0),
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
/* Build 1, from CI: signed, with tests that passed. */
#define FROM_CI "3 0 build.added {'app':'shop','version':'1','digest':'1','signer':'ci','tests':{'ok':9,'fail':0}}\n"
#define FAILED_CI "3 0 build.added {'app':'shop','version':'1','digest':'1','signer':'ci','tests':{'ok':9,'fail':1}}\n"
#define APPROVED(id) "30 10 approval.given {'id':" #id ",'app':'shop','environment':'prod','verdict':'approve'}\n"
/* A bare change of prod at a minute: no tests ran in it and nobody measured it. */
#define BARE(id, minute, kind) ASKED(id, minute, kind, "1", "prod") LIVE(31, minute, id, "1", "prod") \
	OVER(32, minute, id, "succeeded")
/* … before the period, so that there are users. */
#define BEFORE ASKED(80, -90, "deploy", "0", "prod") LIVE(81, -80, 80, "0", "prod") OVER(82, -80, 80, "succeeded")
/* … that the prober measured. */
#define PROBED(id, minute, ok, lost) ASKED(id, minute, "deploy", "1", "prod") STEP(33, minute, id, "switch", \
	",'detail':{'map_us':1500,'prober':{'sent':100,'ok':" #ok ",'failed':" #lost "}}") \
	LIVE(34, minute, id, "1", "prod") OVER(35, minute, id, "succeeded")
#define SIGNED .app = "'signers':'allowed_signers'", .prod = "'signatures':'required'"
#define SUCCESSFUL .prod = "'after':['dev'],'tests':'required'"
#define APPROVAL .prod = "'approval':{'count':1,'from':['@release']}"
#define NIGHTLY .prod = "'windows':['Mon-Fri 20:00-23:00 UTC']"
#define AUTOMATIC(env) ASKED(40, 1, "automatic", "1", env) LIVE(41, 5, 40, "1", env) OVER(42, 6, 40, "succeeded")
#define COMPARED .app = FACTS, .prod = "'drift':'refuse'"
#define ROW(what, dev, prod, same, declared) "{'what':'" what "','values':{'dev':" dev ",'prod':" prod "},'same':" \
	same ",'declared':" declared "}"
#define LIBC ROW("facts.libc", "'2.36'", "'2.36'", "true", "false")
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
	{ "certain", true, "verified for 3 s; all 1 changes", "",
	  { .app = "'verify':{'for':'3s'}", .journal = TO_PROD } },
	{ "certain", false, "1 change on prod ended without", "slipway history prod",
	  { .app = "'verify':{'for':'3s'}",
	    .journal = ASKED(1, 0, "deploy", "1", "prod") LIVE(2, 5, 1, "1", "prod") OVER(3, 6, 1, "attention") } },
	{ "built-elsewhere", false, "prod takes builds that nobody signed", "\"signers\": \"allowed_signers\" and", { 0 } },
	{ "built-elsewhere", false, "nobody signed", "add \"signatures\": \"required\" to environment \"prod\"",
	  { .app = "'signers':'allowed_signers'" } },
	{ "built-elsewhere", false, "but nothing was deployed to prod", "slipway deploy VERSION prod", { SIGNED } },
	{ "built-elsewhere", true, "each of 1 times", "", { SIGNED, .journal = FROM_CI TO_PROD } },
	{ "built-elsewhere", false, "nobody signed was live on prod in this period: #4 brought 1", "--sign KEY",
	  { SIGNED, .journal = TO_PROD } },
	{ "built-elsewhere", false, "#20 brought 0", "--sign KEY",
	  { SIGNED, .journal = FROM_CI TO_PROD ASKED(20, 30, "rollback", "0", "prod") LIVE(21, 31, 20, "0", "prod")
		OVER(22, 32, 20, "succeeded") } },
	{ "built-elsewhere", true, "each of 1 times", "",
	  { SIGNED, .journal = FROM_CI ASKED(1, -90, "deploy", "0", "prod") LIVE(2, -80, 1, "0", "prod")
		OVER(3, -80, 1, "succeeded") ASKED(4, -70, "deploy", "1", "prod") LIVE(5, -60, 4, "1", "prod")
		OVER(6, -60, 4, "succeeded") } },
	{ "users-go-on", false, "no request was sent through a switch", "slipway deploy VERSION prod", { 0 } },
	{ "users-go-on", false, "no request was sent through a switch", "slipway deploy VERSION prod",
	  { .journal = BARE(1, 10, "deploy") } },
	{ "users-go-on", true, "0 of 100 requests failed in 1 switches", "", { .journal = TO_PROD } },
	{ "users-go-on", false, "3 of 100 requests failed in 1 switches of prod", "\"drain\"", { .journal = TO_PROD_LOSSY } },
	{ "users-go-on", false, "the command driver has one slot", "\"driver\": \"host\"", { .prod_driver = COMMAND } },
	{ "pipeline", false, "dev > prod, but nothing was ever deployed to prod", "slipway deploy VERSION prod",
	  { .journal = TO_DEV } },
	{ "pipeline", false, "dev > prod, but nothing was ever deployed to prod", "slipway deploy VERSION prod",
	  { .journal = TO_DEV ASKED(4, 10, "deploy", "1", "prod") LIVE(5, 11, 4, "1", "prod") OVER(6, 12, 4, "failed") } },
	{ "pipeline", true, "dev > prod, and", "", { .journal = TO_DEV TO_PROD } },
	{ "pipeline", false, "one environment alone: prod", "\"environments\"", { .dev = "'optional':true" } },
	{ "only-successful", false, "prod takes builds that were never on dev",
	  "add \"after\": [\"dev\"] to environment \"prod\"",
	  { 0 } },
	{ "only-successful", false, "prod takes builds without tests", "\"tests\": \"required\"",
	  { .prod = "'after':['dev']" } },
	{ "only-successful", false, "but nothing was deployed to prod", "slipway deploy VERSION prod",
	  { SUCCESSFUL, .journal = ASKED(1, 0, "deploy", "1", "prod") OVER(2, 1, 1, "failed") } },
	{ "only-successful", true, "all 1 changes on prod had succeeded in the environments before, and in CI; 1 were caught", "",
	  { SUCCESSFUL, .journal = FROM_CI TO_DEV TO_PROD ASKED(20, 20, "deploy", "1", "prod") OVER(21, 21, 20, "failed") } },
	{ "only-successful", false, "#4 went to prod without success in dev", "slipway deploy VERSION prod",
	  { SUCCESSFUL, .journal = FROM_CI TO_PROD } },
	{ "only-successful", false, "#4 went to prod without success in dev", "slipway deploy VERSION prod",
	  { SUCCESSFUL, .journal = FROM_CI TO_PROD ASKED(1, 20, "deploy", "1", "dev") LIVE(2, 25, 1, "1", "dev")
		OVER(3, 26, 1, "succeeded") } },
	{ "only-successful", false, "#4 went to prod without success in CI", "slipway deploy VERSION prod",
	  { SUCCESSFUL, .journal = TO_DEV TO_PROD } },
	{ "only-successful", false, "#4 went to prod without success in CI", "slipway deploy VERSION prod",
	  { SUCCESSFUL, .journal = FAILED_CI TO_DEV TO_PROD } },
	{ "approved", false, "nobody is asked", "\"approval\": {\"count\": 1", { .journal = TO_PROD } },
	{ "approved", false, "prod asks 1 person; 0 approvals were given, but no deployment", "slipway deploy VERSION prod",
	  { APPROVAL } },
	{ "approved", false, "1 approval was given, but no deployment succeeded", "slipway deploy VERSION prod",
	  { APPROVAL, .journal = ASKED(2, 2, "deploy", "1", "prod") APPROVED(2) LIVE(3, 3, 2, "1", "prod")
		OVER(4, 4, 2, "failed") } },
	{ "approved", true, "1 of 1 deployments to prod were approved, the last one (#2) by 1 person; 1 was scheduled", "",
	  { APPROVAL, .journal = ASKED(2, 2, "scheduled", "1", "prod") APPROVED(2) LIVE(3, 3, 2, "1", "prod")
		OVER(4, 4, 2, "succeeded") } },
	{ "approved", false, "1 of 2 deployments to prod were approved, the last one (#20) by nobody", "slipway approve prod",
	  { APPROVAL, .journal = ASKED(2, 2, "deploy", "1", "prod") APPROVED(2) LIVE(3, 3, 2, "1", "prod")
		OVER(4, 4, 2, "succeeded") BARE(20, 20, "deploy") } },
	{ "approved", true, "1 of 2 deployments to prod were approved, the last one (#2)", "",
	  { APPROVAL, .journal = BARE(20, 1, "deploy") ASKED(2, 2, "deploy", "1", "prod") APPROVED(2)
		LIVE(3, 3, 2, "1", "prod") OVER(4, 4, 2, "succeeded") } },
	{ "smoke-tests", false, "no smoke tests", "\"component\": \"web\"", { 0 } },
	{ "smoke-tests", false, "but no deployment to prod ran it", "slipway deploy VERSION prod", { .app = SMOKE } },
	{ "smoke-tests", false, "1 of 2 deployments to prod passed them, #20 ran none", "slipway deploy VERSION prod",
	  { .app = SMOKE, .journal = TO_PROD BARE(20, 30, "deploy") } },
	{ "smoke-tests", true, "1 of 1 deployments to prod passed", "", { .app = SMOKE, .journal = TO_PROD } },
	{ "outside-hours", false, "prod has 1 window, but nothing was deployed", "slipway deploy VERSION prod", { NIGHTLY } },
	{ "outside-hours", true, "1 of 1 changes on prod were outside usual hours", "", { .journal = BEFORE BARE(1, 479, "deploy") } },
	{ "outside-hours", false, "1 of 1 changes on prod were inside usual hours; of #1 at 2026-11-02T08:00:00Z 0 of 0 requests",
	  "\"windows\": [", { .journal = BEFORE BARE(1, 480, "deploy") } },
	{ "outside-hours", true, "1 of 1 changes", "", { .journal = BEFORE BARE(1, 7800, "deploy") } },
	{ "outside-hours", false, "inside usual hours; of #1", "leave out the usual hours",
	  { .prod = "'windows':['Mon-Fri 09:00-16:00 UTC']", .journal = BEFORE BARE(1, 600, "deploy") } },
	{ "outside-hours", false, "inside usual hours; of #1", "leave out the usual hours",
	  { NIGHTLY, .journal = BEFORE BARE(1, 600, "deploy") } },
	/* half past midnight in UTC is half past nine in Tokyo */
	{ "outside-hours", false, "inside usual hours; of #1", "leave out the usual hours",
	  { .prod = "'windows':['Mon-Fri 20:00-23:00 Asia/Tokyo']", .journal = BEFORE BARE(1, 30, "deploy") } },
	{ "outside-hours", true, "1 of 1 changes", "",
	  { .app = "'usual_hours':['Mon-Fri 22:00-06:00 UTC']", .journal = BEFORE BARE(1, 600, "deploy") } },
	{ "outside-hours", false, "inside usual hours; of #1", "\"windows\"",
	  { .app = "'usual_hours':['Mon-Fri 22:00-06:00 UTC']", .journal = BEFORE BARE(1, 1400, "deploy") } },
	{ "outside-hours", true, "1 of 2 changes on prod were outside usual hours; users noticed nothing of the others: 0 of 100",
	  "", { .journal = BEFORE BARE(1, 10, "deploy") PROBED(2, 600, 100, 0) } },
	{ "outside-hours", false, "1 of 1 changes on prod were inside usual hours; of #2 at 2026-11-02T10:00:00Z 3 of 100",
	  "\"windows\": [", { .journal = BEFORE PROBED(2, 600, 97, 3) } },
	/* before the first deployment there is nobody who could notice it */
	{ "outside-hours", true, "0 of 1 changes on prod were outside usual hours; users noticed nothing of the others: 0 of 0", "",
	  { .journal = BARE(1, 600, "deploy") } },
	{ "automatic", false, "dev does not take new builds by itself", "add \"automatic\": true to environment \"dev\"", { 0 } },
	{ "automatic", false, "none came", "\"builds\": {\"watch\": \"incoming\"}", { .dev = "'automatic':true" } },
	{ "automatic", false, "none came", "CI drop",
	  { .dev = "'automatic':true", .app = "'builds':{'watch':'incoming'}" } },
	{ "automatic", true, "1 component goes by itself to dev (1); when the team chooses to prod", "",
	  { .dev = "'automatic':true", .journal = AUTOMATIC("dev") } },
	{ "automatic", false, "dev takes new builds by itself, but none came and stayed", "\"watch\"",
	  { .dev = "'automatic':true", .journal = ASKED(1, 0, "automatic", "1", "dev") LIVE(2, 5, 1, "1", "dev")
		OVER(3, 6, 1, "failed") } },
	{ "automatic", false, "preprod does not take new builds by itself",
	  "add \"automatic\": true to environment \"preprod\"",
	  { .dev = "'automatic':true", .journal = AUTOMATIC("dev"),
	    .between = "{'name':'preprod','driver':'command','deploy':['true'],'observe':['true']}," } },
	{ "automatic", false, "preprod takes new builds by itself, but none came", "\"watch\"",
	  { .dev = "'automatic':true", .journal = AUTOMATIC("dev"),
	    .between = "{'name':'preprod','driver':'command','deploy':['true'],'observe':['true'],'automatic':true}," } },
	{ "automatic", false, "prod takes new builds by itself, but none came", "\"watch\"",
	  { .dev = "'automatic':true", .prod = "'automatic':true", .journal = AUTOMATIC("dev") TO_PROD } },
	{ "automatic", true, "1 component goes by itself to dev (1), prod (1)", "",
	  { .dev = "'automatic':true", .prod = "'automatic':true", .journal = AUTOMATIC("dev") BARE(50, 60, "automatic") } },
	{ "no-impact", false, "no switch of prod was measured", "slipway deploy VERSION prod", { 0 } },
	{ "no-impact", false, "no switch of prod was measured", "\"driver\": \"host\"", { .prod_driver = COMMAND } },
	{ "no-impact", false, "3 of 100 requests failed", "\"drain\": \"60s\"",
	  { .app = "'drain':'30s'", .journal = TO_PROD_LOSSY } },
	{ "no-impact", true, "0 of 100 requests failed in 1 switches of prod, the slowest took 1.5 ms", "",
	  { .journal = TO_PROD } },
	{ "acceptance-tests", false, "no acceptance tests", "\"acceptance\": [{", { 0 } },
	{ "acceptance-tests", false, "but no deployment to prod ran it", "slipway deploy", { .app = ACCEPTANCE } },
	{ "acceptance-tests", false, "1 of 2 deployments to prod had them, #20 ran none", "slipway deploy",
	  { .app = ACCEPTANCE, .journal = TO_PROD BARE(20, 30, "deploy") } },
	{ "acceptance-tests", true, "24 tests passed", "", { .app = ACCEPTANCE, .journal = TO_PROD } },
	{ "features", false, "0 features", "slipway feature prod NAME on", { 0 } },
	{ "features", true, "1 feature was put into or pulled from prod without a deployment", "",
	  { .journal = "1 1 feature.set {'app':'shop','environment':'prod','feature':'wallet','on':true}\n" } },
	{ "features", false, "0 features", "slipway feature prod NAME on",
	  { .journal = "1 1 feature.set {'app':'shop','environment':'dev','feature':'wallet','on':true}\n" } },
	{ "several-a-day", false, "0.0 deployments a day to prod, 0 on the busiest day", "slipway deploy VERSION prod", { 0 } },
	/* level 1 asks for approvals: no next step of level 2 takes them away */
	{ "several-a-day", false, "0.0 deployments a day to prod", "each when the team chooses: slipway deploy VERSION prod",
	  { APPROVAL, .journal = TO_PROD } },
	{ "several-a-day", false, "0.0 deployments", "make \"windows\"",
	  { .prod = "'automatic':true,'windows':['Sat-Sun 06:00-10:00 UTC']", .journal = TO_PROD } },
	{ "several-a-day", false, "1 on the busiest day", "prod takes them by itself when they are approved",
	  { .prod = "'automatic':true,'approval':{'count':1,'from':['@release']}", .journal = TO_PROD } },
	{ "several-a-day", true, "2.0 deployments a day to prod, 2 on the busiest day", "",
	  { .journal = BARE(1, 43000, "deploy") BARE(2, 43100, "deploy") } },
	{ "several-a-day", false, "1.0 deployments a day to prod, 1 on the busiest day", "smaller builds",
	  { .journal = BARE(1, 43000, "deploy") ASKED(2, 43100, "deploy", "2", "prod") LIVE(3, 43101, 2, "2", "prod")
		OVER(4, 43102, 2, "failed") } },
	{ "consistent", false, "nothing is compared", "\"facts\": [{", { 0 } },
	{ "consistent", false, "over a drift", "\"drift\": \"refuse\" to environment \"prod\"", { .app = FACTS } },
	{ "consistent", false, "1 fact is to be compared, but none was ever found out", "slipway consistency", { COMPARED } },
	{ "consistent", false, "1 fact is to be compared, but none was ever found out", "slipway consistency",
	  { COMPARED, .rows = "[" ROW("variables.LEVEL", "'info'", "'info'", "true", "false") "]" } },
	{ "consistent", true, "1 fact and 0 variables are the same across 2 environments but for 0 declared differences", "",
	  { COMPARED, .rows = "[" LIBC "]" } },
	{ "consistent", false, "1 fact or variable differs across environments undeclared, beginning with variables.LEVEL",
	  "\"differs\": [\"variables.LEVEL\"]",
	  { COMPARED, .rows = "[" ROW("variables.LEVEL", "'debug'", "null", "false", "false") "," LIBC "]" } },
	{ "consistent", true, "but for 1 declared difference;", "",
	  { COMPARED, .rows = "[" ROW("variables.LEVEL", "'debug'", "'info'", "false", "true") "," LIBC "]" } },
	/* a build on its way through the pipeline */
	{ "consistent", true, "1 fact and 0 variables", "",
	  { COMPARED, .rows = "[" ROW("digest.web", "'aa'", "'bb'", "false", "false") "," LIBC "]" } },
	{ "consistent", false, "facts.libc could not be found out in dev", "slipway consistency",
	  { COMPARED, .rows = "[" ROW("facts.libc", "'failed: exit code 1'", "'failed: exit code 1'", "true", "false") "]" } },
	{ "consistent", false, "prod is not what", "deploy it again", { COMPARED, .rows = "[" LIBC "]", .journal = DRIFT } },
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

#define ALL_OF_2 ALL_OF_1, .dev = "'automatic':true", .rows = "[" LIBC "]"
#define FEATURE "70 300 feature.set {'app':'shop','environment':'prod','feature':'wallet','on':true}\n"
/* Approved and tested, in the night. */
#define TO_PROD_AT(id) ASKED(id, 43010, "deploy", "1", "prod") APPROVED(id) STEP(5, 43011, id, "smoke", "") \
	STEP(6, 43012, id, "acceptance", ",'tests':{'ok':24}") \
	STEP(7, 43013, id, "switch", ",'detail':{'map_us':1500,'prober':{'sent':100,'ok':100,'failed':0}}") \
	LIVE(8, 43013, id, "1", "prod") OVER(9, 43014, id, "succeeded")
#define TWICE "1 43000 build.added {'app':'shop','version':'1','digest':'1','signer':'ci','tests':{'ok':9}}\n" \
	ASKED(40, 43001, "automatic", "1", "dev") LIVE(41, 43002, 40, "1", "dev") OVER(42, 43003, 40, "succeeded") \
	TO_PROD_AT(100) TO_PROD_AT(200) \
	"70 43100 feature.set {'app':'shop','environment':'prod','feature':'wallet','on':true}\n"

static void level_is_that_with_all_indicators_up_to_it(void **unused)
{
	static const struct { int level; struct world given; } rows[] = {
		{ 0, { 0 } },
		{ 0, { .journal = TO_DEV TO_PROD } },
		{ 0, { ALL_OF_1 } },                                       /* configured, and nothing ever done */
		{ 0, { ALL_OF_1, .journal = TO_DEV TO_PROD_AT(100) } },    /* from nobody knows where */
		{ 0, { ALL_OF_1, .journal = FROM_CI TO_PROD_AT(100) } },   /* past dev: nothing is there */
		{ 1, { ALL_OF_1, .journal = FROM_CI TO_DEV TO_PROD_AT(100) } },
		{ 1, { ALL_OF_2, .journal = FROM_CI AUTOMATIC("dev") TO_PROD_AT(100) FEATURE } },         /* once in a month */
		{ 1, { ALL_OF_1, .dev = "'automatic':true", .journal = TWICE } },       /* nothing was compared */
		{ 2, { ALL_OF_2, .journal = TWICE } },
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
	struct maturity_facts f = { .app = &config->apps[0], .metrics = m, .from = metrics_case_at(0),
	                            .to = metrics_case_at(30 * DAY) };
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
