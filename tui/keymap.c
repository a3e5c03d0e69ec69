#include "tui/keymap.h"

#include <stdio.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "tui/theme.h"

enum { HINTS_MAX = 32, GAP = 3 };

const struct keymap_row *keymap_find(const struct keymap *map, unsigned contexts, uint32_t key)
{
	for (size_t i = 0; i < map->n; i++)
		if ((map->rows[i].contexts & contexts) && map->rows[i].key == key)
			return &map->rows[i];
	return NULL;
}

const struct keymap_row *keymap_of_action(const struct keymap *map, unsigned contexts, int action)
{
	for (size_t i = 0; i < map->n; i++)
		if ((map->rows[i].contexts & contexts) && map->rows[i].action == action)
			return &map->rows[i];
	return NULL;
}

const struct keymap_row *keymap_of_name(const struct keymap *map, unsigned contexts, const char *name)
{
	const struct keymap_row *found = NULL;
	size_t len = strlen(name);

	if (len == 0)
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		const struct keymap_row *row = &map->rows[i];

		if (!(row->contexts & contexts) || strncmp(row->name, name, len) != 0)
			continue;
		if (row->name[len] == '\0')
			return row;
		if (found && found->action != row->action)
			return NULL;
		if (!found)
			found = row;
	}
	return found;
}

static bool is_first_of_action(const struct keymap *map, unsigned contexts, const struct keymap_row *row)
{
	return (row->contexts & contexts) && keymap_of_action(map, contexts, row->action) == row;
}

const char *keymap_complete(const struct keymap *map, unsigned contexts, const char *prefix, size_t i)
{
	for (size_t r = 0; r < map->n; r++) {
		const struct keymap_row *row = &map->rows[r];

		if (is_first_of_action(map, contexts, row) && strncmp(row->name, prefix, strlen(prefix)) == 0 && i-- == 0)
			return row->name;
	}
	return NULL;
}

struct hint {
	const struct keymap_row *row;
	char key[INPUT_NAME_SIZE];
	char label[KEYMAP_LABEL_SIZE];
	int width;
	bool left_out;
};

static size_t collect_hints(const struct keymap *map, unsigned contexts, const struct canvas *c,
                            keymap_label_fn label, void *arg, struct hint hints[static HINTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < map->n && n < HINTS_MAX; i++) {
		struct hint *hint = &hints[n];

		hint->row = &map->rows[i];
		hint->left_out = false;
		if (!hint->row->label || !is_first_of_action(map, contexts, hint->row))
			continue;
		snprintf(hint->label, sizeof hint->label, "%s", hint->row->label);
		if (label && !label(arg, hint->row, hint->label))
			continue;
		input_key_name(hint->row->key, hint->key);
		hint->width = canvas_width(c, hint->key) + 1 + canvas_width(c, hint->label);
		n++;
	}
	return n;
}

/* Leaves out the hints with the largest weights, of equal ones the last, until the rest fits. */
static void fit_hints(struct hint *hints, size_t n, int width)
{
	for (;;) {
		struct hint *heaviest = NULL;
		int used = 1 - GAP;

		for (size_t i = 0; i < n; i++) {
			if (hints[i].left_out)
				continue;
			used += hints[i].width + GAP;
			if (!heaviest || hints[i].row->weight >= heaviest->row->weight)
				heaviest = &hints[i];
		}
		if (!heaviest || used <= width)
			return;
		heaviest->left_out = true;
	}
}

void keymap_footer(const struct keymap *map, unsigned contexts, struct canvas *c, int row, int style,
                   keymap_label_fn label, void *arg)
{
	struct hint hints[HINTS_MAX];
	size_t n = collect_hints(map, contexts, c, label, arg, hints);
	int width = canvas_cols(c), col = 1;

	canvas_fill(c, row, 0, 1, width, style);
	fit_hints(hints, n, width);
	for (size_t i = 0; i < n; i++) {
		if (hints[i].left_out)
			continue;
		col += canvas_text(c, row, col, width, style == STYLE_HINT ? STYLE_KEY : style, hints[i].key) + 1;
		col += canvas_text(c, row, col, width, style, hints[i].label) + GAP;
	}
}

/* Whether an earlier row of the same action has this key, in another context. */
static bool is_repeated(const struct keymap *map, unsigned contexts, const struct keymap_row *row)
{
	for (const struct keymap_row *other = map->rows; other < row; other++)
		if (other->action == row->action && other->key == row->key && (other->contexts & contexts))
			return true;
	return false;
}

static void name_keys(const struct keymap *map, unsigned contexts, int action, struct keymap_help *ret)
{
	size_t len = 0;

	for (size_t i = 0; i < map->n && len < sizeof ret->keys; i++) {
		const struct keymap_row *row = &map->rows[i];
		char key[INPUT_NAME_SIZE];

		if (row->action == action && (row->contexts & contexts) && !is_repeated(map, contexts, row))
			len += (size_t)snprintf(ret->keys + len, sizeof ret->keys - len, "%s%s", len ? ", " : "",
			                        input_key_name(row->key, key));
	}
}

static const char *help_of(const struct keymap *map, int action)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->rows[i].action == action && map->rows[i].help)
			return map->rows[i].help;
	return "";
}

bool keymap_help_next(const struct keymap *map, unsigned contexts, size_t *at, struct keymap_help *ret)
{
	while (*at < map->n) {
		const struct keymap_row *row = &map->rows[(*at)++];

		if (!is_first_of_action(map, contexts, row))
			continue;
		*ret = (struct keymap_help){ .name = row->name, .help = help_of(map, row->action), .action = row->action };
		name_keys(map, contexts, row->action, ret);
		return true;
	}
	return false;
}

static bool check_row(const struct keymap *map, size_t i, struct err *err)
{
	const struct keymap_row *row = &map->rows[i], *first = keymap_of_action(map, ~0u, row->action);
	char key[INPUT_NAME_SIZE];

	if (!first || !row->key || row->action <= 0 || !row->name || !*row->name)
		return err_set(err, ERR_INTERNAL, "key row %zu: context, key, action and name are needed", i);
	/* Escape sequences of arrows and F3 end in these: a torn one must not be able to act. */
	if (row->key == 'D' || row->key == 'R')
		return err_set(err, ERR_INTERNAL, "%s: %c ends escape sequences and cannot be a key", row->name, (char)row->key);
	if (row->label && row->weight <= 0)
		return err_set(err, ERR_INTERNAL, "%s: a label needs a weight", row->name);
	if (strcmp(row->name, first->name) != 0)
		return err_set(err, ERR_INTERNAL, "%s: the same action is called %s", row->name, first->name);
	if (row == first && (!row->help || !*row->help))
		return err_set(err, ERR_INTERNAL, "%s: the first row of an action needs a help text", row->name);
	for (size_t j = 0; j < i; j++) {
		const struct keymap_row *other = &map->rows[j];

		if ((other->contexts & row->contexts) && other->key == row->key)
			return err_set(err, ERR_INTERNAL, "key %s means %s and %s", input_key_name(row->key, key), other->name, row->name);
		if (other->action != row->action && strcmp(other->name, row->name) == 0)
			return err_set(err, ERR_INTERNAL, "%s: two actions have this name", row->name);
	}
	return true;
}

bool keymap_check(const struct keymap *map, struct err *err)
{
	for (size_t i = 0; i < map->n; i++)
		if (!check_row(map, i, err))
			return false;
	return true;
}
