/* The selection belongs to an item, not to a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/input.h"
#include "tui/list.h"

static void free_list(struct list **l)
{
	list_free(*l);
}

/* Items are single letters in a text. */
static const char *letter(void *arg, int64_t index)
{
	static char id[2];

	id[0] = ((const char *)arg)[index];
	return id;
}

/* Items of a large list are called by their number. */
static const char *number(void *arg, int64_t index)
{
	static char id[24];

	(void)arg;
	snprintf(id, sizeof id, "%d", (int)index);
	return id;
}

#define ITEMS(text) letter, (void *)(uintptr_t)(text)

static void set(struct list *l, const char *items)
{
	list_set(l, (int64_t)strlen(items), 0, (int64_t)strlen(items), ITEMS(items));
}

static void first_items_have_their_first_one_selected(void **state)
{
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	assert_null(list_selected(l));
	assert_int_equal(list_index(l), LIST_NONE);
	set(l, "");
	set(l, "abc");
	assert_string_equal(list_selected(l), "a");
	assert_true(list_is_selected(l, 0));
}

static void selection_stays_with_its_item_when_others_come_go_and_move(void **state)
{
	static const struct { const char *items; int64_t then; } rows[] = {
		{ "abcde", 2 }, { "xabcde", 3 }, { "xcde", 1 }, { "edcba", 2 }, { "c", 0 }, { "qwertyc", 6 },
	};
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	set(l, "abcde");
	assert_true(list_select(l, "c", ITEMS("abcde")));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		set(l, rows[i].items);
		assert_string_equal(list_selected(l), "c");
		assert_int_equal(list_index(l), rows[i].then);
	}
}

static void nothing_is_selected_when_the_item_is_gone_until_a_key_moves(void **state)
{
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	set(l, "abcde");
	list_select(l, "c", ITEMS("abcde"));
	set(l, "abde");
	assert_null(list_selected(l));
	assert_int_equal(list_index(l), 2);
	assert_false(list_is_selected(l, 2));
	set(l, "abde");
	assert_null(list_selected(l));
	list_move(l, 1, ITEMS("abde"));
	assert_string_equal(list_selected(l), "d");
	set(l, "abe");
	list_move(l, -1, ITEMS("abe"));
	assert_string_equal(list_selected(l), "b");
	set(l, "");
	assert_null(list_selected(l));
	list_move(l, 1, ITEMS(""));
	assert_null(list_selected(l));
	set(l, "ab");
	assert_null(list_selected(l));
}

static void keys_move_and_stop_at_the_ends(void **state)
{
	static const struct { uint32_t key; const char *then; } rows[] = {
		{ INPUT_UP, "a" }, { INPUT_DOWN, "b" }, { 'j', "c" }, { 'k', "b" }, { INPUT_PGDN, "e" }, { INPUT_PGDN, "h" },
		{ INPUT_PGDN, "i" }, { 'j', "i" }, { INPUT_PGUP, "f" }, { 'g', "a" }, { 'G', "i" }, { INPUT_HOME, "a" },
		{ INPUT_END, "i" },
	};
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	set(l, "abcdefghi");
	list_height(l, 3);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(list_key(l, rows[i].key, ITEMS("abcdefghi")));
		assert_string_equal(list_selected(l), rows[i].then);
		assert_in_range(list_index(l) - list_top(l), 0, 2);
	}
	assert_false(list_key(l, 'x', ITEMS("abcdefghi")));
}

static void selection_is_in_sight_after_every_resize(void **state)
{
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	set(l, "abcdefghij");
	list_height(l, 10);
	list_select(l, "h", ITEMS("abcdefghij"));
	assert_int_equal(list_top(l), 0);
	list_height(l, 3);
	assert_int_equal(list_top(l), 5);
	list_height(l, 0);
	assert_int_equal(list_top(l), 7);
	list_height(l, 40);
	assert_int_equal(list_top(l), 0);
	assert_string_equal(list_selected(l), "h");
}

static void new_items_above_do_not_shake_the_screen(void **state)
{
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	set(l, "abcdefghij");
	list_height(l, 4);
	list_select(l, "g", ITEMS("abcdefghij"));
	assert_int_equal(list_index(l) - list_top(l), 3);
	list_move(l, -1, ITEMS("abcdefghij"));
	assert_int_equal(list_index(l) - list_top(l), 2);
	set(l, "xyabcdefghij");
	assert_int_equal(list_index(l) - list_top(l), 2);
	list_go(l, 0, ITEMS("xyabcdefghij"));
	set(l, "zxyabcdefghij");
	assert_int_equal(list_top(l), 0);
	assert_int_equal(list_index(l), 1);
}

static void place_outside_the_window_has_no_id_until_its_window_comes(void **state)
{
	AUTO(free_list) struct list *l = list_new();
	int64_t first, n;

	(void)state;
	list_height(l, 20);
	list_set(l, 100000, 0, 60, number, NULL);
	assert_false(list_wants(l, &first, &n));
	list_key(l, 'G', number, NULL);
	assert_null(list_selected(l));
	assert_true(list_is_selected(l, 99999));
	assert_true(list_wants(l, &first, &n));
	assert_int_equal(first, 99960);
	assert_int_equal(n, 40);
	list_set(l, 100000, 40, 60, number, NULL);
	assert_null(list_selected(l));
	list_set(l, 100000, first, n, number, NULL);
	assert_string_equal(list_selected(l), "99999");
	assert_false(list_wants(l, &first, &n));
}

static void selection_outlives_a_window_that_does_not_hold_it(void **state)
{
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	list_height(l, 10);
	list_set(l, 1000, 0, 30, number, NULL);
	list_select(l, "7", number, NULL);
	list_set(l, 1000, 500, 30, number, NULL);
	assert_string_equal(list_selected(l), "7");
	assert_int_equal(list_index(l), 7);
	list_set(l, 3, 0, 3, number, NULL);
	assert_null(list_selected(l));
	assert_int_equal(list_index(l), 2);
}

static bool is_vowel(void *arg, int64_t index)
{
	return strchr("aeiou", ((const char *)arg)[index]);
}

static bool is_none(void *arg, int64_t index)
{
	(void)arg;
	(void)index;
	return false;
}

static void search_goes_round_in_both_directions(void **state)
{
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	set(l, "abcdefg");
	assert_true(list_search(l, 1, is_vowel, ITEMS("abcdefg")));
	assert_string_equal(list_selected(l), "e");
	assert_true(list_search(l, 1, is_vowel, ITEMS("abcdefg")));
	assert_string_equal(list_selected(l), "a");
	assert_true(list_search(l, -1, is_vowel, ITEMS("abcdefg")));
	assert_string_equal(list_selected(l), "e");
	assert_false(list_search(l, 1, is_none, ITEMS("abcdefg")));
	assert_string_equal(list_selected(l), "e");
	set(l, "");
	assert_false(list_search(l, 1, is_vowel, ITEMS("")));
}

static void unknown_id_changes_nothing_and_null_selects_nothing(void **state)
{
	AUTO(free_list) struct list *l = list_new();

	(void)state;
	set(l, "abc");
	assert_false(list_select(l, "z", ITEMS("abc")));
	assert_string_equal(list_selected(l), "a");
	assert_true(list_select(l, NULL, ITEMS("abc")));
	assert_null(list_selected(l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_items_have_their_first_one_selected),
		cmocka_unit_test(selection_stays_with_its_item_when_others_come_go_and_move),
		cmocka_unit_test(nothing_is_selected_when_the_item_is_gone_until_a_key_moves),
		cmocka_unit_test(keys_move_and_stop_at_the_ends),
		cmocka_unit_test(selection_is_in_sight_after_every_resize),
		cmocka_unit_test(new_items_above_do_not_shake_the_screen),
		cmocka_unit_test(place_outside_the_window_has_no_id_until_its_window_comes),
		cmocka_unit_test(selection_outlives_a_window_that_does_not_hold_it),
		cmocka_unit_test(search_goes_round_in_both_directions),
		cmocka_unit_test(unknown_id_changes_nothing_and_null_selects_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
