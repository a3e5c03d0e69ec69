/*
 * list: which item is selected and which part is seen. Pure state; the screen draws the rows.
 *
 * The selection is an id, never a row: when items are sorted anew, inserted or removed, it stays with its item. When
 * the selected item is gone, nothing is selected (list_selected is NULL and actions have no object) until a key moves
 * from the place where it was: a key pressed for one item must not hit its neighbour.
 *
 * Large lists are windows: of `total` items, `n` beginning at `first` are known. Moving to a place outside leaves the
 * selection without an id until a window that holds the place is set; list_wants says which window to fetch.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct list;

enum { LIST_NONE = -1 };

/* The id of item `index` (first ≤ index < first + n), borrowed for the call; stable and unique in the list. */
typedef const char *(*list_id_fn)(void *arg, int64_t index);
/* Whether item `index` matches what is searched. */
typedef bool (*list_match_fn)(void *arg, int64_t index);

struct list *list_new(void);
void list_free(struct list *l);

/* The items as they are now. The first items ever set have their first one selected. */
void list_set(struct list *l, int64_t total, int64_t first, int64_t n, list_id_fn id, void *arg);
void list_height(struct list *l, int rows);            /* rows on the screen; keeps the selection in sight */

const char *list_selected(const struct list *l);       /* NULL: none, or not known yet; until the next change */
int64_t list_index(const struct list *l);              /* of it, or the place where it was; LIST_NONE: empty */
int64_t list_top(const struct list *l);                /* index of the first row on the screen */
int64_t list_total(const struct list *l);
bool list_is_selected(const struct list *l, int64_t index);
bool list_known(const struct list *l, int64_t index);  /* it is in the window */

/* By id if it is known; false: it is not, nothing changed. NULL takes the selection away. */
bool list_select(struct list *l, const char *id, list_id_fn id_fn, void *arg);
/* Movements stop at the ends. They need the items to learn the new id. */
void list_move(struct list *l, int64_t delta, list_id_fn id, void *arg);
void list_go(struct list *l, int64_t index, list_id_fn id, void *arg);
/* Arrows, j k, g G, Home End, PgUp PgDn. False: not a key of a list. */
bool list_key(struct list *l, uint32_t key, list_id_fn id, void *arg);
/* The next match in the window after (dir 1) or before (dir -1) the selection, around the end; false: none. */
bool list_search(struct list *l, int dir, list_match_fn match, list_id_fn id, void *arg);

/* True when rows on the screen are outside the window: fetch `n` items from `first` (with a page to spare around). */
bool list_wants(const struct list *l, int64_t *ret_first, int64_t *ret_n);

#endif
