/*
 * keymap: which key does what where. One const table is the only source of the keys' behaviour, the footer, the help
 * screen, the man page and the completions of `:`.
 *
 * A row holds in the contexts (screens) of its mask. Several rows with the same action are several keys for it; the
 * first is the one that the footer shows.
 */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"

struct canvas;

struct keymap_row {
	unsigned contexts;      /* bits of the caller's; at least one */
	uint32_t key;           /* as input.h says */
	int action;             /* the caller's enum, above 0 */
	const char *name;       /* of the action, for `:` and documents: "deploy"; the same in all rows of an action */
	const char *label;      /* in the footer: "deploy"; NULL in rows that the footer never shows */
	int weight;             /* in the footer: 1 stays longest, larger ones go first when it is narrow */
	const char *help;       /* one line; NULL in the further rows of an action */
};

struct keymap {
	const struct keymap_row *rows;
	size_t n;
};

/* NULL when the key means nothing there. Borrowed from the table. */
const struct keymap_row *keymap_find(const struct keymap *map, unsigned contexts, uint32_t key);
/* The first row of an action in these contexts: by id, or by name as typed after `:` (a clear beginning is enough). */
const struct keymap_row *keymap_of_action(const struct keymap *map, unsigned contexts, int action);
const struct keymap_row *keymap_of_name(const struct keymap *map, unsigned contexts, const char *name);
/* The i-th name that begins with `prefix`, each once, in the table's order; NULL after the last. For completion. */
const char *keymap_complete(const struct keymap *map, unsigned contexts, const char *prefix, size_t i);

/*
 * Draws the footer in one row: "d deploy 2.14.0>prod   b back>2.13.4   ? help". Hints stand in the table's order; when
 * they do not fit, those with the largest weight are left out whole. `label` may put its own words into `out` (the
 * version and environment of the very object that will be sent) and says whether the hint is shown at all; NULL: all
 * rows with their labels. `style` is that of the line (STYLE_HINT, or STYLE_TITLE_ARMED: then keys are not coloured).
 */
enum { KEYMAP_LABEL_SIZE = 128 };
typedef bool (*keymap_label_fn)(void *arg, const struct keymap_row *row, char out[static KEYMAP_LABEL_SIZE]);
void keymap_footer(const struct keymap *map, unsigned contexts, struct canvas *c, int row, int style,
                   keymap_label_fn label, void *arg);

/* Walks the help, one action after the other in the table's order: `*at` starts at 0. False after the last. */
struct keymap_help {
	char keys[64];          /* "Up, k" */
	const char *name;
	const char *help;
	int action;
};
bool keymap_help_next(const struct keymap *map, unsigned contexts, size_t *at, struct keymap_help *ret);

/* For the table's test: no key means two things in one context, actions have names and help, labels have weights. */
bool keymap_check(const struct keymap *map, struct err *err);

#endif
