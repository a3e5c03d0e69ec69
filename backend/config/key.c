#include "backend/config/key.h"

#include <stddef.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/check.h"
#include "backend/config/config.h"
#include "backend/config/type.h"

#define APP(field) offsetof(struct config_app, field)
#define COMPONENT(field) offsetof(struct config_component, field)
#define ENVIRONMENT(field) offsetof(struct config_environment, field)
#define TEST(field) offsetof(struct config_test, field)
#define FREEZE(field) offsetof(struct freeze, field)
#define FACT(field) offsetof(struct config_fact, field)
#define KEYS(array) .nkeys = ARRAY_LEN(array), .keys = (array)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
enum { PORT_MIN = 1, PORT_MAX = 65535, PORT_FREE_MIN = 1024, ARGV_MAX = 256, TEXT_MAX = 4096 };

static const struct config_word protocol_words[] = {
	{ "http", PROTOCOL_HTTP }, { "tcp", PROTOCOL_TCP }, { "none", PROTOCOL_NONE }, { NULL, 0 },
};
static const struct config_word protection_words[] = { { "open", false }, { "protected", true }, { NULL, 0 } };
static const struct config_word rollback_words[] = { { "arm", true }, { "countdown", false }, { NULL, 0 } };
static const struct config_word driver_words[] = { { "host", 0 }, { "command", 0 }, { NULL, 0 } };
static const struct config_word report_words[] = {
	{ "none", REPORT_NONE }, { "tap", REPORT_TAP }, { "junit", REPORT_JUNIT }, { NULL, 0 },
};

static const struct config_word tests_words[] = { { "required", true }, { "any", false }, { NULL, 0 } };
static const struct config_word signatures_words[] = { { "required", true }, { "any", false }, { NULL, 0 } };
static const struct config_word drift_words[] = { { "refuse", true }, { "show", false }, { NULL, 0 } };
static const struct config_word late_words[] = { { "ask", CONFIG_LATE_ASK }, { NULL, 0 } };

static const struct config_key component_keys[] = {
	{ .name = "artifact", .type = KEY_NAME, .at = COMPONENT(artifact),
	  .help = "The build's artifact that it runs. Left out: the component's own name." },
	{ .name = "start", .type = KEY_ARGV, .at = COMPONENT(start), .max = ARGV_MAX,
	  .help = "The program and its arguments, started in the unpacked artifact with its port in PORT. "
		  "A program with a slash is one of the artifact's files, one without is found in PATH." },
	{ .name = "protocol", .type = KEY_WORD, .at = COMPONENT(protocol), .words = protocol_words, .otherwise = "http",
	  .help = "What it speaks on its port; none: a worker without a port." },
	{ .name = "health", .type = KEY_HTTP_PATH, .at = COMPONENT(health), .max = TEXT_MAX,
	  .help = "The path that answers 2xx when it is healthy. "
		  "Left out: that its port accepts a connection is enough." },
	{ .name = "health_within", .type = KEY_DURATION, .at = COMPONENT(health_within_ms), .min = 100, .max = HOUR,
	  .otherwise = "10s", .help = "How long after its start it may take until it is healthy." },
	{ .name = "needs", .type = KEY_NAMES, .at = COMPONENT(needs), .also = COMPONENT(nneeds), .max = 64,
	  .help = "The components that it calls; it gets SLIPWAY_<NAME>_HOST, _PORT and _URL of each." },
	{ .name = "variables", .type = KEY_VARIABLES, .at = COMPONENT(vars), .also = COMPONENT(nvars), .max = 256,
	  .help = "Environment variables of its process." },
	{ .name = "migrate", .type = KEY_ARGV, .at = COMPONENT(migrate), .max = ARGV_MAX,
	  .help = "The program, like \"start\", that brings its data to what a build needs. It runs before the idle colour "
		  "starts, with the migrations in SLIPWAY_MIGRATIONS, and never twice for the same ones. Left out by every "
		  "component: the build migrates when it starts, and its migrations count as run from then on." },
};

static const struct config_kind component_kind = {
	.name = "component", .help = "A part of the application that is started as a process of its own.",
	.size = sizeof(struct config_component), .name_at = COMPONENT(name), .finish = check_component,
	KEYS(component_keys),
};

static const struct config_key approval_keys[] = {
	{ .name = "count", .type = KEY_NUMBER, .at = ENVIRONMENT(approvals), .min = 1, .max = 20,
	  .help = "How many people must approve. Left out: one." },
	{ .name = "from", .type = KEY_PEOPLE, .at = ENVIRONMENT(approvers.names), .also = ENVIRONMENT(approvers.n), .max = 64,
	  .help = "Users and @groups of the machine who may approve; never who asked for the deployment." },
	{ .name = "expires", .type = KEY_DURATION, .at = ENVIRONMENT(approval_expires_ms), .min = MINUTE,
	  .max = 30 * (int64_t)DAY, .otherwise = "24h", .help = "How long an approval holds. One that is "
	  "given for a schedule holds until that time and what it may be \"late\", an hour at least." },
};

static const struct config_kind approval_kind = {
	.name = "approval", .help = "Whose word a deployment needs. It is bound to the build and the plan.",
	KEYS(approval_keys),
};

static const struct config_key freeze_keys[] = {
	{ .name = "from", .type = KEY_INSTANT, .at = FREEZE(from_ms), .required = true, .help = "When it begins." },
	{ .name = "to", .type = KEY_INSTANT, .at = FREEZE(to_ms), .required = true, .help = "When it is over." },
	{ .name = "reason", .type = KEY_TEXT, .at = FREEZE(reason), .required = true, .max = 200,
	  .help = "Why; shown to whoever is refused." },
};

static const struct config_kind freeze_kind = {
	.name = "freeze", .help = "A time in which nothing is deployed, whatever the windows say.",
	.size = sizeof(struct freeze), .has_name_key = true, .name_at = FREEZE(reason), .finish = check_freeze,
	KEYS(freeze_keys),
};

static const struct config_key environment_keys[] = {
	{ .name = "name", .type = KEY_NAME, .at = ENVIRONMENT(name), .required = true, .help = "What it is called." },
	{ .name = "protection", .type = KEY_SWITCH, .at = ENVIRONMENT(is_protected), .words = protection_words,
	  .otherwise = "protected",
	  .help = "protected: the console wants the environment's name typed before a key acts; "
		  "open: one key acts at once." },
	{ .name = "rollback", .type = KEY_SWITCH, .at = ENVIRONMENT(rollback_needs_arming), .words = rollback_words,
	  .otherwise = "arm",
	  .help = "A protected environment's rollback key: arm wants the name typed first, "
		  "countdown only counts down." },
	{ .name = "driver", .type = KEY_CHOICE, .at = ENVIRONMENT(driver), .words = driver_words, .otherwise = "host",
	  .help = "How it is deployed to: host runs the application on this machine, command runs commands of yours." },
	{ .name = "ports", .type = KEY_PORTS, .at = ENVIRONMENT(ports), .also = ENVIRONMENT(nports), .driver = "host",
	  .min = PORT_MIN, .max = PORT_MAX, .help = "The public port of each component that has one." },
	{ .name = "bind", .type = KEY_ADDRESS, .at = ENVIRONMENT(bind), .driver = "host", .otherwise = "127.0.0.1",
	  .help = "The address of the public ports; 0.0.0.0 or :: for all." },
	{ .name = "slots", .type = KEY_RANGE, .at = ENVIRONMENT(slot_port_first), .also = ENVIRONMENT(slot_port_last),
	  .driver = "host", .min = PORT_FREE_MIN, .max = PORT_MAX,
	  .help = "The ports for the slots and previews, \"FIRST-LAST\": three for each component with a port." },
	{ .name = "variables", .type = KEY_VARIABLES, .at = ENVIRONMENT(vars), .also = ENVIRONMENT(nvars), .max = 256,
	  .help = "Environment variables of all its processes; they win over the component's." },
	{ .name = "deploy", .type = KEY_ARGV, .at = ENVIRONMENT(deploy), .driver = "command", .max = ARGV_MAX,
	  .help = "The command that brings a build there." },
	{ .name = "migrate", .type = KEY_ARGV, .at = ENVIRONMENT(migrate), .driver = "command", .max = ARGV_MAX,
	  .help = "The command that brings its data to what a build needs. It runs before the deploy command, with the "
		  "migrations in SLIPWAY_MIGRATIONS, and never twice for the same ones. Left out: the deploy command migrates, and "
		  "the build's migrations count as run once it has begun." },
	{ .name = "rollback", .type = KEY_ARGV, .at = ENVIRONMENT(rollback), .driver = "command", .max = ARGV_MAX,
	  .help = "The command that brings the build before back; left out: the deploy command does it." },
	{ .name = "observe", .type = KEY_ARGV, .at = ENVIRONMENT(observe), .driver = "command", .max = ARGV_MAX,
	  .help = "The command that tells what is live." },
	{ .name = "cancel", .type = KEY_ARGV, .at = ENVIRONMENT(cancel), .driver = "command", .max = ARGV_MAX,
	  .help = "The command that ends a deploy command early; left out: it gets SIGTERM." },
	{ .name = "urls", .type = KEY_URLS, .at = ENVIRONMENT(urls), .also = ENVIRONMENT(nurls), .driver = "command",
	  .max = 64, .help = "Where the tests reach each component." },
	{ .name = "after", .type = KEY_AFTER, .at = ENVIRONMENT(after), .also = ENVIRONMENT(nafter), .max = 31,
	  .help = "The environments in which a build must have succeeded before; with \"soak\" it must also have been live "
		  "there for so long." },
	{ .name = "optional", .type = KEY_FLAG, .at = ENVIRONMENT(is_optional),
	  .help = "It never blocks the environments that come after it." },
	{ .name = "tests", .type = KEY_SWITCH, .at = ENVIRONMENT(tests_required), .words = tests_words, .otherwise = "any",
	  .help = "required: only builds whose tests in CI were reported and passed." },
	{ .name = "signatures", .type = KEY_SWITCH, .at = ENVIRONMENT(signatures_required), .words = signatures_words,
	  .otherwise = "any", .help = "required: only builds signed by one of the application's signers." },
	{ .name = "approval", .type = KEY_GROUP, .kind = &approval_kind, .help = "Whose word a deployment needs." },
	{ .name = "windows", .type = KEY_WINDOWS, .at = ENVIRONMENT(windows), .also = ENVIRONMENT(nwindows), .max = 50,
	  .help = "The hours of the week in which deployments may begin, such as \"Mon-Fri 09:00-16:00 Europe/London\". Left "
		  "out: always." },
	{ .name = "freezes", .type = KEY_LIST, .at = ENVIRONMENT(freezes), .also = ENVIRONMENT(nfreezes), .max = 100,
	  .kind = &freeze_kind, .help = "Times in which nothing is deployed." },
	{ .name = "finish_started", .type = KEY_FLAG, .at = ENVIRONMENT(finish_started),
	  .help = "true: a deployment that began in a window may switch after its end." },
	{ .name = "rollback_gated", .type = KEY_FLAG, .at = ENVIRONMENT(rollback_gated),
	  .help = "true: approval, windows, freezes and locks hold for a rollback too." },
	{ .name = "override", .type = KEY_PEOPLE, .at = ENVIRONMENT(override.names), .also = ENVIRONMENT(override.n),
	  .max = 64, .help = "Users and @groups who may deploy outside windows and in freezes, with a reason." },
	{ .name = "deployers", .type = KEY_PEOPLE, .at = ENVIRONMENT(deployers.names), .also = ENVIRONMENT(deployers.n),
	  .max = 64, .help = "Users and @groups who may deploy. Left out: anyone who can open the engine's socket." },
	{ .name = "lock_for", .type = KEY_DURATION, .at = ENVIRONMENT(lock_ms), .min = MINUTE, .max = 30 * (int64_t)DAY,
	  .otherwise = "8h", .help = "How long a lock holds that was taken without saying for how long." },
	{ .name = "automatic", .type = KEY_FLAG, .at = ENVIRONMENT(automatic),
	  .help = "true: the newest new build that passes the gates is deployed by itself; those passed over are named. It waits "
		  "for approvals, windows, locks and soaks. One that failed is not tried again, and the next newer one goes on; a "
		  "rollback, or an end that nobody knows, pauses it until slipway resume." },
	{ .name = "late", .type = KEY_LIMIT, .at = ENVIRONMENT(late_ms), .words = late_words, .min = 0, .max = DAY,
	  .otherwise = "ask", .help = "A schedule that was missed: so much later it still runs; ask: a person decides." },
	{ .name = "drift", .type = KEY_SWITCH, .at = ENVIRONMENT(drift_refuses), .words = drift_words, .otherwise = "show",
	  .help = "refuse: nothing is deployed while what is live is not what was recorded." },
	{ .name = "secrets", .type = KEY_TEXTS, .at = ENVIRONMENT(secrets), .also = ENVIRONMENT(nsecrets), .max = 256,
	  .help = "Variables whose values are only shown and journalled hashed, with a key that stays in the workspace's .slipway." },
	{ .name = "differs", .type = KEY_TEXTS, .at = ENVIRONMENT(differs), .also = ENVIRONMENT(ndiffers), .max = 256,
	  .help = "What differs from other environments on purpose, such as \"variables.LOG_LEVEL\"." },
};

const struct config_kind config_kind_environment = {
	.name = "environment", .help = "A place where a build runs; the order of the list is the pipeline's.",
	.size = sizeof(struct config_environment), .has_name_key = true, .name_at = ENVIRONMENT(name),
	.finish = check_environment, KEYS(environment_keys),
};

static const struct config_key smoke_keys[] = {
	{ .name = "name", .type = KEY_TEXT, .at = TEST(name), .required = true, .max = 200,
	  .help = "What the test shows." },
	{ .name = "component", .type = KEY_NAME, .at = TEST(component), .help = "Which component is asked." },
	{ .name = "get", .type = KEY_REQUEST, .at = TEST(path), .also = TEST(method), .max = TEXT_MAX,
	  .help = "The path that is asked for over HTTP." },
	{ .name = "status", .type = KEY_NUMBER, .at = TEST(status), .min = 100, .max = 599, .otherwise = "200",
	  .help = "The status of the answer that is expected." },
	{ .name = "body", .type = KEY_TEXT, .at = TEST(body), .max = TEXT_MAX,
	  .help = "Text that the answer must hold. Left out: any." },
	{ .name = "command", .type = KEY_ARGV, .at = TEST(command), .max = ARGV_MAX,
	  .help = "Instead of a request: a command, run in this file's folder, that exits 0 when all is well." },
	{ .name = "timeout", .type = KEY_DURATION, .at = TEST(timeout_ms), .min = 100, .max = DAY, .otherwise = "30s",
	  .help = "How long it may take." },
};

static const struct config_kind smoke_kind = {
	.name = "smoke test", .help = "A quick question to the idle colour: one HTTP request or one command.",
	.size = sizeof(struct config_test), .has_name_key = true, .name_at = TEST(name), .finish = check_smoke,
	KEYS(smoke_keys),
};

static const struct config_key acceptance_keys[] = {
	{ .name = "name", .type = KEY_TEXT, .at = TEST(name), .required = true, .max = 200,
	  .help = "What the suite is called." },
	{ .name = "command", .type = KEY_ARGV, .at = TEST(command), .required = true, .max = ARGV_MAX,
	  .help = "The command that runs it, in this file's folder." },
	{ .name = "report", .type = KEY_WORD, .at = TEST(report), .words = report_words, .otherwise = "none",
	  .help = "What it reports: tap on its output, junit in files, none but its exit code." },
	{ .name = "files", .type = KEY_TEXT, .at = TEST(report_files), .max = TEXT_MAX,
	  .help = "junit: which files, relative to the folder in SLIPWAY_REPORTS. Left out: *.xml." },
	{ .name = "timeout", .type = KEY_DURATION, .at = TEST(timeout_ms), .min = 100, .max = DAY, .otherwise = "5m",
	  .help = "How long it may take." },
};

static const struct config_kind acceptance_kind = {
	.name = "acceptance suite", .help = "A program that tests the idle colour and reports each test.",
	.size = sizeof(struct config_test), .has_name_key = true, .name_at = TEST(name), .finish = check_acceptance,
	KEYS(acceptance_keys),
};

static const struct config_key verify_keys[] = {
	{ .name = "for", .type = KEY_DURATION, .at = APP(verify_ms), .min = 0, .max = DAY, .otherwise = "5s",
	  .help = "How long the public address is watched after the switch; 0s: not at all." },
	{ .name = "failures", .type = KEY_NUMBER, .at = APP(verify_failures), .min = 1, .max = 1000000,
	  .otherwise = "3", .help = "This many failed requests switch back." },
	{ .name = "interval", .type = KEY_DURATION, .at = APP(verify_interval_ms), .min = 10, .max = HOUR,
	  .otherwise = "250ms", .help = "The time between two requests." },
};

static const struct config_kind verify_kind = {
	.name = "verify", .help = "What is watched after the switch.", KEYS(verify_keys),
};

static const struct config_key retention_keys[] = {
	{ .name = "builds", .type = KEY_NUMBER, .at = APP(retain_builds), .min = 1, .max = 1000000, .otherwise = "50",
	  .help = "The artifacts of this many builds are kept, "
		  "and always those that are live or a rollback's target." },
};

static const struct config_kind retention_kind = {
	.name = "retention", .help = "What is kept.", KEYS(retention_keys),
};

#define DEADLINE(text, stage, limit) \
	{ .name = (text), .type = KEY_DURATION, .at = APP(deadline_ms[stage]), .min = SECOND, .max = DAY, \
	  .otherwise = (limit), .help = "How long the stage " text " may take before it counts as failed." }

/* The gate has none: it waits for people. */
static const struct config_key deadline_keys[] = {
	DEADLINE("fetch", STAGE_FETCH, "60s"),
	DEADLINE("stage", STAGE_STAGE, "60s"),
	DEADLINE("migrate", STAGE_MIGRATE, "10m"),
	DEADLINE("start", STAGE_START, "60s"),
	DEADLINE("smoke", STAGE_SMOKE, "60s"),
	DEADLINE("acceptance", STAGE_ACCEPTANCE, "10m"),
	DEADLINE("switch", STAGE_SWITCH, "10s"),
	DEADLINE("verify", STAGE_VERIFY, "5m"),
	DEADLINE("drain", STAGE_DRAIN, "60s"),
};

static const struct config_kind deadlines_kind = {
	.name = "deadlines", .help = "How long each stage may take.", KEYS(deadline_keys),
};

static const struct config_key builds_keys[] = {
	{ .name = "watch", .type = KEY_FOLDER, .at = APP(watch), .max = TEXT_MAX,
	  .help = "A folder where CI drops builds, relative to this file's folder." },
};

static const struct config_kind builds_kind = {
	.name = "builds", .help = "Where builds come from.", KEYS(builds_keys),
};

static const struct config_key fact_keys[] = {
	{ .name = "name", .type = KEY_NAME, .at = FACT(name), .required = true, .help = "What it is called." },
	{ .name = "command", .type = KEY_ARGV, .at = FACT(command), .required = true, .max = ARGV_MAX,
	  .help = "The command, run in this file's folder, whose output is the fact." },
};

static const struct config_kind fact_kind = {
	.name = "fact", .help = "Something that is compared across environments.",
	.size = sizeof(struct config_fact), .has_name_key = true, .name_at = FACT(name), KEYS(fact_keys),
};

static const struct config_key app_keys[] = {
	{ .name = "$schema", .type = KEY_IGNORED, .help = "The address of this schema, for editors." },
	{ .name = "application", .type = KEY_NAME, .at = APP(name), .required = true,
	  .help = "What is released." },
	{ .name = "components", .type = KEY_MAP, .at = APP(components), .also = APP(ncomponents), .min = 1, .max = 64,
	  .required = true, .kind = &component_kind, .help = "The parts of the application, by name." },
	{ .name = "environments", .type = KEY_LIST, .at = APP(environments), .also = APP(nenvironments), .min = 1,
	  .max = 32, .required = true, .kind = &config_kind_environment,
	  .help = "Where it runs, in the pipeline's order." },
	{ .name = "smoke", .type = KEY_LIST, .at = APP(smoke), .also = APP(nsmoke), .max = 100, .kind = &smoke_kind,
	  .help = "Quick tests of a colour that no user sees yet." },
	{ .name = "acceptance", .type = KEY_LIST, .at = APP(acceptance), .also = APP(nacceptance), .max = 100,
	  .kind = &acceptance_kind, .help = "Test programs for a colour that no user sees yet." },
	{ .name = "verify", .type = KEY_GROUP, .kind = &verify_kind,
	  .help = "What is watched after the switch; when it fails, the traffic goes back by itself." },
	{ .name = "drain", .type = KEY_DURATION, .at = APP(drain_ms), .min = 0, .max = DAY, .otherwise = "30s",
	  .help = "At most this long the old colour's sessions may take to end." },
	{ .name = "warm", .type = KEY_DURATION, .at = APP(warm_ms), .min = 0, .max = 7 * (int64_t)DAY,
	  .otherwise = "15m", .help = "How long the old colour stays up for an instant rollback." },
	{ .name = "retention", .type = KEY_GROUP, .kind = &retention_kind, .help = "What is kept." },
	{ .name = "deadlines", .type = KEY_GROUP, .kind = &deadlines_kind, .help = "How long each stage may take." },
	{ .name = "builds", .type = KEY_GROUP, .kind = &builds_kind, .help = "Where builds come from." },
	{ .name = "signers", .type = KEY_FILE, .at = APP(signers), .max = TEXT_MAX,
	  .help = "Who may sign builds: a file in the format of ssh-keygen's allowed_signers." },
	{ .name = "facts", .type = KEY_LIST, .at = APP(facts), .also = APP(nfacts), .max = 50, .kind = &fact_kind,
	  .help = "What is compared across environments besides builds and variables." },
	{ .name = "usual_hours", .type = KEY_WINDOWS, .at = APP(usual), .also = APP(nusual), .max = 50,
	  .help = "The hours in which users are at work: the maturity level asks for deployments outside of them, or that nobody "
		  "notices. Left out: Mon-Fri 08:00-18:00 in the zone of the last environment's windows, UTC when it has none." },
};

const struct config_kind config_kind_app = {
	.name = "application", .help = "An application that Slipway releases: slipway.json.",
	.size = sizeof(struct config_app), .has_name_key = true, .name_at = APP(name), .finish = check_app,
	KEYS(app_keys),
};

#define GROUP(field) offsetof(struct config_group, field)

static const struct config_key group_keys[] = {
	{ .name = "name", .type = KEY_NAME, .at = GROUP(name), .required = true, .help = "What it is called." },
	{ .name = "applications", .type = KEY_NAMES, .at = GROUP(applications), .also = GROUP(napplications), .min = 1,
	  .max = 100, .required = true,
	  .help = "What is released together, in this order: the next one begins when the one before succeeded." },
	{ .name = "undo", .type = KEY_FLAG, .at = GROUP(undo),
	  .help = "When one fails: true takes those already released back to what was live before, the last one first; "
		  "false, or left out, leaves them." },
};

static const struct config_kind group_kind = {
	.name = "group", .help = "Applications that are released together.", .size = sizeof(struct config_group),
	.has_name_key = true, .name_at = GROUP(name), KEYS(group_keys),
};

static const struct config_key groups_keys[] = {
	{ .name = "$schema", .type = KEY_IGNORED, .help = "The address of this schema, for editors." },
	{ .name = "groups", .type = KEY_LIST, .at = offsetof(struct config, groups), .also = offsetof(struct config, ngroups),
	  .max = 100, .kind = &group_kind, .help = "Applications that are released together." },
};

const struct config_kind config_kind_groups = {
	.name = "groups file", .help = "groups.json, beside slipway.json or slipway.d.", .size = sizeof(struct config), KEYS(groups_keys),
};

const struct config_key *config_key_find(const struct config_kind *kind, const char *name, int json_type)
{
	const struct config_key *first = NULL;

	for (size_t i = 0; i < kind->nkeys; i++) {
		const struct config_key *key = &kind->keys[i];

		if (strcmp(key->name, name) != 0)
			continue;
		if (type_takes(key->type, json_type))
			return key;
		first = first ? first : key;
	}
	return first;
}
