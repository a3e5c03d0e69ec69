/* The rules of an environment as slipway.json says them, and how each mistake in them is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "backend/config/config.h"

/* Two environments; %s are members of the application, of dev and of prod. */
static const char shop[] =
	"{\"application\":\"shop\",\"components\":{\"web\":{\"start\":[\"bin/web\"],\"migrate\":[\"bin/migrate\",\"up\"]}}%s,"
	"\"environments\":[{\"name\":\"dev\",\"driver\":\"command\",\"deploy\":[\"d\"],\"observe\":[\"o\"]%s},"
	"{\"name\":\"prod\",\"driver\":\"command\",\"deploy\":[\"d\"],\"observe\":[\"o\"]%s}]}";

static bool parse(const char *app, const char *dev, const char *prod, struct config **ret, struct config_mistakes *out)
{
	AUTO(mem_auto_free) char *text = NULL;
	size_t len = strlen(shop) + strlen(app) + strlen(dev) + strlen(prod);

	text = mem_alloc(len);
	snprintf(text, len, shop, app, dev, prod);
	return config_parse("/srv/shop/slipway.json", text, strlen(text), ret, out);
}

static struct config *valid(const char *app, const char *dev, const char *prod)
{
	struct config *config = NULL;
	struct config_mistakes mistakes;

	if (!parse(app, dev, prod, &config, &mistakes))
		fail_msg("%s", mistakes.items[0].text);
	config_mistakes_done(&mistakes);
	return config;
}

static void every_rule_is_read_into_the_environment(void **unused)
{
	struct config *config = valid(",\"signers\":\"allowed_signers\",\"facts\":[{\"name\":\"libc\",\"command\":[\"ldd\"]}]",
		",\"optional\":true,\"automatic\":true",
		",\"after\":[{\"environment\":\"dev\",\"soak\":\"1h\"}],\"tests\":\"required\",\"signatures\":\"required\","
		"\"approval\":{\"count\":2,\"from\":[\"alice\",\"@release\"],\"expires\":\"2h\"},"
		"\"windows\":[\"Mon-Fri 09:00-16:00 Europe/London\",\"Sun 10:00-12:00 UTC\"],"
		"\"freezes\":[{\"from\":\"2026-12-20 00:00 Europe/Paris\",\"to\":\"2027-01-03 00:00 Europe/Paris\","
		"\"reason\":\"peak season\"}],\"finish_started\":true,\"lock_for\":\"30m\",\"rollback_gated\":true,\"override\":[\"@leads\"],"
		"\"deployers\":[\"alice\",\"@ops\"],\"late\":\"30m\",\"drift\":\"refuse\",\"secrets\":[\"DB_PASSWORD\"],"
		"\"differs\":[\"variables.LOG_LEVEL\"]");
	const struct config_app *app = config_app(config, NULL);
	const struct config_environment *dev = &app->environments[0], *prod = &app->environments[1];
	int64_t from;

	(void)unused;
	assert_string_equal(app->signers, "/srv/shop/allowed_signers");
	assert_string_equal(app->facts[0].command[0], "ldd");
	assert_string_equal(app->components[0].migrate[1], "up");
	assert_true(dev->is_optional && dev->automatic);
	assert_int_equal(prod->nafter, 1);
	assert_string_equal(prod->after[0].environment, "dev");
	assert_int_equal(prod->after[0].soak_ms, 3600000);
	assert_true(prod->tests_required && prod->signatures_required && prod->finish_started && prod->rollback_gated);
	assert_int_equal(prod->approvals, 2);
	assert_string_equal(prod->approvers.names[1], "@release");
	assert_int_equal(prod->approval_expires_ms, 7200000);
	assert_int_equal(prod->lock_ms, 1800000);
	assert_int_equal(prod->nwindows, 2);
	assert_string_equal(prod->windows[0].zone, "Europe/London");
	assert_true(zone_parse("2026-12-20 00:00 Europe/Paris", &from, NULL));
	assert_true(prod->freezes[0].from_ms == from);
	assert_string_equal(prod->freezes[0].reason, "peak season");
	assert_string_equal(prod->override.names[0], "@leads");
	assert_int_equal(prod->deployers.n, 2);
	assert_int_equal(prod->late_ms, 30 * 60 * 1000);
	assert_true(prod->drift_refuses);
	assert_string_equal(prod->secrets[0], "DB_PASSWORD");
	assert_string_equal(prod->differs[0], "variables.LOG_LEVEL");
	config_free(config);
}

static void what_is_left_out_asks_for_nothing(void **unused)
{
	struct config *config = valid("", "", ",\"after\":[\"dev\"],\"approval\":{\"from\":[\"bob\"]}");
	const struct config_environment *dev = &config_app(config, NULL)->environments[0];
	const struct config_environment *prod = &config_app(config, NULL)->environments[1];

	(void)unused;
	assert_int_equal(dev->nafter + dev->nwindows + dev->nfreezes + dev->nsecrets + dev->ndiffers, 0);
	assert_false(dev->is_optional || dev->tests_required || dev->signatures_required || dev->finish_started);
	assert_false(dev->rollback_gated || dev->automatic || dev->drift_refuses);
	assert_int_equal(dev->approvals, 0);
	assert_null(dev->deployers.names);
	assert_int_equal(dev->late_ms, CONFIG_LATE_ASK);
	assert_int_equal(prod->after[0].soak_ms, 0);
	assert_int_equal(prod->approvals, 1);
	assert_int_equal(prod->approval_expires_ms, 24 * 3600000);
	assert_int_equal(prod->lock_ms, 8 * 3600000);
	config_free(config);
}

static void each_mistake_says_what_is_wrong(void **unused)
{
	static const struct { const char *app, *dev, *prod, *then; } rows[] = {
		{ "", "", ",\"after\":[\"prod\"]", "no environment \"prod\" stands before this one" },
		{ "", "", ",\"after\":[\"dvv\"]", "did you mean \"dev\"" },
		{ "", ",\"after\":[\"prod\"]", "", "no environment \"prod\" stands before" },
		{ "", "", ",\"after\":[5]", "this is a number" },
		{ "", "", ",\"after\":[{\"soak\":\"1h\"}]", "lacks \"environment\"" },
		{ "", "", ",\"after\":[{\"environment\":\"dev\",\"soak\":\"soon\"}]", "\"soak\" takes a duration" },
		{ "", "", ",\"after\":[{\"environment\":\"dev\",\"for\":\"1h\"}]", "has \"environment\" and \"soak\"" },
		{ "", "", ",\"signatures\":\"required\"", "the application has no \"signers\"" },
		{ "", "", ",\"approval\":{\"count\":2}", "this approval lacks \"from\"" },
		{ "", "", ",\"approval\":{\"from\":[]}", "lacks \"from\"" },
		{ "", "", ",\"approval\":{\"from\":[\"al ice\"]}", "\"al ice\" is no user" },
		{ "", "", ",\"approval\":{\"count\":0,\"from\":[\"bob\"]}", "from 1 to 20 is possible" },
		{ "", "", ",\"deployers\":[]", "names nobody" },
		{ "", "", ",\"deployers\":[\"@\"]", "\"@\" is no user" },
		{ "", "", ",\"windows\":[\"Mon 9-16\"]", "" },
		{ "", "", ",\"windows\":[\"Mon 09:00-16:00 Mars/Olympus\"]", "Mars/Olympus" },
		{ "", "", ",\"freezes\":[{\"from\":\"2026-12-20 00:00 UTC\",\"to\":\"2026-12-20 00:00 UTC\",\"reason\":\"x\"}]",
		  "ends before it begins" },
		{ "", "", ",\"freezes\":[{\"from\":\"2026-12-20 00:00 UTC\",\"to\":\"2026-12-21 00:00 UTC\"}]",
		  "lacks \"reason\"" },
		{ "", "", ",\"freezes\":[{\"from\":\"soon\",\"to\":\"2026-12-21 00:00 UTC\",\"reason\":\"x\"}]", "\"from\": " },
		{ "", "", ",\"optional\":\"yes\"", "\"optional\" takes true or false, not text" },
		{ "", "", ",\"late\":\"never\"", "\"late\" takes a duration such as \"30m\", or a word" },
		{ "", "", ",\"tests\":\"yes\"", "\"tests\" does not know \"yes\"" },
		{ "", "", ",\"secrets\":[\"\"]", "holds an empty text" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *config = NULL;
		struct config_mistakes mistakes;

		if (parse(rows[i].app, rows[i].dev, rows[i].prod, &config, &mistakes))
			fail_msg("row %zu is taken for valid", i);
		if (!strstr(mistakes.items[0].text, rows[i].then))
			fail_msg("row %zu: %s", i, mistakes.items[0].text);
		config_mistakes_done(&mistakes);
	}
}

static void put(const char *dir, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(dir, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static void groups_stand_in_a_file_of_their_own(void **unused)
{
	static const struct { const char *text, *then; } rows[] = {
		{ "{\"groups\":[{\"name\":\"suite\",\"applications\":[\"shop\"]}]}", NULL },
		{ "{\"groups\":[{\"name\":\"suite\",\"applications\":[\"shop\",\"web\"]}]}", "no application \"web\"" },
		{ "{\"groups\":[{\"name\":\"suite\",\"applications\":[\"shop\",\"shop\"]}]}", "stands here twice" },
		{ "{\"groups\":[{\"name\":\"a\",\"applications\":[\"shop\"]},{\"name\":\"a\",\"applications\":[\"shop\"]}]}",
		  "two groups" },
		{ "{\"groups\":[{\"name\":\"a\",\"applications\":[]}]}", "holds no application" },
		{ "{\"groups\":[{\"name\":\"a\",\"applications\":[\"shop\"],\"undo\":\"yes\"}]}", "\"undo\" takes true or false" },
		{ "{\"groups\":[{\"name\":\"suite\",\"applications\":[\"shop\"],\"undo\":true}]}", NULL },
		{ "{\"group\":[]}", "unknown key \"group\"" },
		{ "{", "not JSON" },
	};
	char dir[] = "/tmp/slipway-groups.XXXXXX";
	AUTO(mem_auto_free) char *text = mem_alloc(sizeof shop);

	(void)unused;
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof shop, shop, "", "", "");
	put(dir, "slipway.json", text);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *config = NULL;
		struct config_mistakes mistakes;
		bool ok;

		put(dir, "groups.json", rows[i].text);
		ok = config_load(dir, &config, &mistakes);
		assert_int_equal(ok, rows[i].then == NULL);
		if (ok) {
			assert_string_equal(config_group(config, "suite")->applications[0], "shop");
			assert_int_equal(config_group(config, "suite")->undo, strstr(rows[i].text, "undo") != NULL);
		} else if (!strstr(mistakes.items[0].text, rows[i].then)) {
			print_error("row %zu: %s\n", i, mistakes.items[0].text);
		}
		assert_true(ok || strstr(mistakes.items[0].text, rows[i].then));
		config_free(config);
		config_mistakes_done(&mistakes);
	}
	file_remove_tree(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_is_read_into_the_environment),
		cmocka_unit_test(what_is_left_out_asks_for_nothing),
		cmocka_unit_test(each_mistake_says_what_is_wrong),
		cmocka_unit_test(groups_stand_in_a_file_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
