/* How long a rollback would take, from how long its stages took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/engine/estimate.h"

#define STEP(stage, state, from, to) "{\"stage\":\"" stage "\",\"state\":\"" state "\",\"started\":" #from ",\"ended\":" #to "}"
#define WHOLE "{\"steps\":[" STEP("fetch", "ok", 0, 5) "," STEP("stage", "ok", 5, 105) "," STEP("start", "ok", 105, 605) \
	"," STEP("acceptance", "ok", 605, 9605) "," STEP("switch", "ok", 9605, 9655) "]}"
#define FAILED "{\"steps\":[" STEP("fetch", "ok", 0, 9) "," STEP("stage", "ok", 9, 19) "," STEP("start", "fail", 19, 999) "]}"
#define WARM "{\"steps\":[" STEP("switch", "ok", 0, 7) "]}"

static void rollback_is_estimated_from_the_stages_it_has(void **unused)
{
	static const struct { const char *given; int64_t warm, cold; } rows[] = {
		{ "[]", -1, -1 },
		{ "[" FAILED "]", -1, -1 },
		{ "[" WHOLE "]", 50, 655 },
		{ "[" FAILED "," WHOLE "]", 50, 655 },     /* what failed tells nothing */
		{ "[" WARM "," WHOLE "]", 7, 655 },        /* the newest switch; the newest whole way */
		{ "[" WARM "]", 7, -1 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *given = json_read(rows[i].given, strlen(rows[i].given), NULL);
		struct estimate then = estimate_from(given);

		assert_int_equal(then.warm_ms, rows[i].warm);
		assert_int_equal(then.cold_ms, rows[i].cold);
		json_decref(given);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rollback_is_estimated_from_the_stages_it_has) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
