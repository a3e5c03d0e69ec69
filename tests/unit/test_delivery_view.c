/* The screen Delivery: what it asks for, what it shows, in ASCII too, and that its data is cleaned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tui/canvas.h"
#include "views/console.h"
#include "views/model_delivery.h"

static void m_opens_it_with_figures_and_level(void **unused)
{
	struct desk *d = desk_new("shop", 50, 200);

	(void)unused;
	desk_type(d, "m");
	assert_true(desk_sees(d, "delivery of shop"));
	assert_true(desk_sees(d, "4/115 3%"));
	assert_true(desk_sees(d, "MATURITY  level 0 of 2, 8 of 15"));
	assert_true(desk_sees(d, "next  add \"after\": [\"dev\"] to environment \"preprod\""));
	desk_type(d, "\033");
	assert_false(desk_sees(d, "MATURITY"));
	desk_free(d);
}

static void a_narrow_one_is_scrolled_to_its_end(void **unused)
{
	struct desk *d = desk_new("shop", 24, 80);

	(void)unused;
	desk_type(d, "m");
	assert_false(desk_sees(d, "environments are consistent"));
	desk_type(d, "G");
	assert_true(desk_sees(d, "environments are consistent"));
	assert_false(desk_sees(d, "A DAY"));
	desk_type(d, "g");
	assert_true(desk_sees(d, "A DAY"));
	desk_free(d);
}

static void it_is_asked_anew_when_a_deployment_ends(void **unused)
{
	struct desk *d = desk_new("shop", 24, 80);
	size_t before;

	(void)unused;
	desk_type(d, "m");
	before = json_array_size(d->gets);
	desk_row(d, "deployment.finished");
	desk_wait(d, 1000);
	for (size_t i = before; i < json_array_size(d->gets); i++)
		if (strcmp(json_string_value(json_array_get(d->gets, i)), "/v1/metrics?app=shop") == 0)
			before = SIZE_MAX - 1;
	assert_int_equal(before, SIZE_MAX - 1);
	desk_free(d);
}

static void in_ascii_the_chart_is_its_figures(void **unused)
{
	const struct theme ascii = { .depth = THEME_MONO, .ascii = true };
	struct desk *d = desk_new("shop", 24, 80);
	struct canvas *canvas = canvas_new(&ascii, 24, 80);
	AUTO(mem_auto_free) char *text = NULL;

	(void)unused;
	desk_type(d, "m");
	console_draw(d->console, canvas);
	text = canvas_dump(canvas);
	assert_non_null(strstr(text, "54..64352..46753.186456..57463"));
	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at < 0x80);
	canvas_free(canvas);
	desk_free(d);
}

static void what_came_from_outside_is_cleaned(void **unused)
{
	static const char answer[] = "{\"apps\":[{\"level\":1,\"indicators\":[{\"level\":1,\"met\":false,\"text\":\"a\\u001b[31mb\","
		"\"evidence\":\"c\\r\\nd\",\"next\":\"\\u202ee\"},null,{}]}]}";
	AUTO(json_auto_decref) json_t *json = json_read(answer, strlen(answer), NULL);
	AUTO(model_delivery_done) struct model_delivery d = { 0 };

	(void)unused;
	model_maturity_read(json, &d);
	model_metrics_read(json, &d);
	assert_int_equal(d.nindicators, 3);
	assert_string_equal(d.indicators[0].text, "ab");
	assert_null(strpbrk(d.indicators[0].evidence, "\r\n"));
	assert_string_equal(d.indicators[0].next, "e");
	assert_string_equal(d.indicators[2].text, "");
	assert_int_equal(d.nfigures, 0);
}

static void answers_that_say_nothing_are_no_harm(void **unused)
{
	static const char *const answers[] = { "null", "{}", "{\"apps\":[]}",
	                                       "{\"apps\":[{\"environments\":[{},null,7]}]}" };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		AUTO(json_auto_decref) json_t *json = json_read(answers[i], strlen(answers[i]), NULL);
		AUTO(model_delivery_done) struct model_delivery d = { 0 };

		model_metrics_read(json, &d);
		model_maturity_read(json, &d);
		assert_true(d.metrics_known && d.maturity_known);
		for (size_t k = 0; k < d.nfigures; k++)
			assert_int_equal(d.figures[k].lead_ms, -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(m_opens_it_with_figures_and_level),
		cmocka_unit_test(a_narrow_one_is_scrolled_to_its_end),
		cmocka_unit_test(it_is_asked_anew_when_a_deployment_ends),
		cmocka_unit_test(in_ascii_the_chart_is_its_figures),
		cmocka_unit_test(what_came_from_outside_is_cleaned),
		cmocka_unit_test(answers_that_say_nothing_are_no_harm),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("delivery screen", tests, NULL, NULL);
}
