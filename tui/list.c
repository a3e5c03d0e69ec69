#include "tui/list.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/input.h"

struct list {
	int64_t total;
	int64_t first, n;       /* the window */
	int64_t index;          /* of the selection, or of the place where it was */
	int64_t top;
	int rows;
	char *selected;         /* id, NULL when nothing is selected or its id is not known yet */
	bool awaited;           /* the place is outside the window: its id is taken when it comes */
	bool begun;             /* there have been items */
};

struct list *list_new(void)
{
	struct list *l = mem_alloc(sizeof *l);

	l->rows = 1;
	return l;
}

void list_free(struct list *l)
{
	if (!l)
		return;
	free(l->selected);
	free(l);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	return value > high ? (high < low ? low : high) : value < low ? low : value;
}

static void keep_in_sight(struct list *l)
{
	l->index = clamp(l->index, 0, l->total - 1);
	l->top = clamp(l->top, l->index - l->rows + 1, l->index);
	l->top = clamp(l->top, 0, l->total - l->rows);
}

bool list_known(const struct list *l, int64_t index)
{
	return index >= l->first && index < l->first + l->n;
}

static int64_t find(const struct list *l, const char *id, list_id_fn id_fn, void *arg)
{
	for (int64_t i = l->first; i < l->first + l->n; i++)
		if (strcmp(id_fn(arg, i), id) == 0)
			return i;
	return LIST_NONE;
}

static void select_index(struct list *l, int64_t index, list_id_fn id, void *arg)
{
	free(l->selected);
	l->index = clamp(index, 0, l->total - 1);
	l->awaited = l->total > 0 && !list_known(l, l->index);
	l->selected = list_known(l, l->index) ? mem_dup(id(arg, l->index)) : NULL;
	keep_in_sight(l);
}

static void forget(struct list *l)
{
	free(l->selected);
	l->selected = NULL;
	l->awaited = false;
}

/* The selected item has the same place on the screen as before, but a list that stands at its top stays there. */
static void follow(struct list *l, int64_t to)
{
	if (l->top > 0)
		l->top += to - l->index;
	l->index = to;
}

void list_set(struct list *l, int64_t total, int64_t first, int64_t n, list_id_fn id, void *arg)
{
	l->total = total;
	l->first = first;
	l->n = clamp(n, 0, total - first);
	if (l->selected) {
		int64_t now = find(l, l->selected, id, arg);

		if (now != LIST_NONE)
			follow(l, now);
		else if (list_known(l, l->index) || l->n == total || l->index >= total)
			forget(l);
	} else if (total > 0 && (!l->begun || (l->awaited && list_known(l, l->index)))) {
		select_index(l, l->begun ? l->index : 0, id, arg);
	}
	l->begun = l->begun || total > 0;
	keep_in_sight(l);
}

void list_height(struct list *l, int rows)
{
	l->rows = rows > 0 ? rows : 1;
	keep_in_sight(l);
}

const char *list_selected(const struct list *l)
{
	return l->selected;
}

int64_t list_index(const struct list *l)
{
	return l->total > 0 ? l->index : LIST_NONE;
}

int64_t list_top(const struct list *l)
{
	return l->top;
}

int64_t list_total(const struct list *l)
{
	return l->total;
}

bool list_is_selected(const struct list *l, int64_t index)
{
	return (l->selected || l->awaited) && index == l->index;
}

bool list_select(struct list *l, const char *id, list_id_fn id_fn, void *arg)
{
	int64_t index;

	if (!id) {
		forget(l);
		return true;
	}
	index = find(l, id, id_fn, arg);
	if (index == LIST_NONE)
		return false;
	select_index(l, index, id_fn, arg);
	return true;
}

void list_go(struct list *l, int64_t index, list_id_fn id, void *arg)
{
	select_index(l, index, id, arg);
}

void list_move(struct list *l, int64_t delta, list_id_fn id, void *arg)
{
	/* Where the selected item was there is now the one that came after it: that is one step down already. */
	bool gone = !l->selected && !l->awaited;

	select_index(l, l->index + delta - (gone && delta > 0), id, arg);
}

bool list_key(struct list *l, uint32_t key, list_id_fn id, void *arg)
{
	switch (key) {
	case INPUT_UP: case 'k':
		list_move(l, -1, id, arg);
		return true;
	case INPUT_DOWN: case 'j':
		list_move(l, 1, id, arg);
		return true;
	case INPUT_PGUP:
		list_move(l, -l->rows, id, arg);
		return true;
	case INPUT_PGDN:
		list_move(l, l->rows, id, arg);
		return true;
	case INPUT_HOME: case 'g':
		list_go(l, 0, id, arg);
		return true;
	case INPUT_END: case 'G':
		list_go(l, l->total - 1, id, arg);
		return true;
	default:
		return false;
	}
}

bool list_search(struct list *l, int dir, list_match_fn match, list_id_fn id, void *arg)
{
	int64_t from = clamp(l->index, l->first, l->first + l->n - 1) - l->first;

	for (int64_t step = 1; step <= l->n; step++) {
		int64_t at = l->first + (((from + (dir < 0 ? -step : step)) % l->n) + l->n) % l->n;

		if (match(arg, at)) {
			select_index(l, at, id, arg);
			return true;
		}
	}
	return false;
}

bool list_wants(const struct list *l, int64_t *ret_first, int64_t *ret_n)
{
	int64_t end = clamp(l->top + l->rows, 0, l->total);

	if (l->total == 0 || (list_known(l, l->top) && list_known(l, end - 1)))
		return false;
	*ret_first = clamp(l->top - l->rows, 0, l->total);
	*ret_n = clamp(end + l->rows, 0, l->total) - *ret_first;
	return true;
}
