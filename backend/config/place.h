/*
 * place: where in a JSON text each value and each key stands, so that a mistake of meaning names line and column.
 * jansson keeps no positions of what it has read. Lines and columns count from 1; a column is a character, not a byte.
 */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include <stddef.h>

enum {
	PLACE_ROOT = 0,
	PLACE_DEPTH_MAX = 8,           /* what lies deeper is found at the value around it */
	PLACE_COUNT_MAX = 50000        /* values that are indexed; the same holds for what comes after */
};

struct place { int line, column; };
struct places;

/* `text` is JSON that jansson has accepted; it is not needed afterwards. Yours: places_free. */
struct places *places_new(const char *text, size_t len);
void places_free(struct places *p);

/* The id of a member (key) or of an item (its number as text) of the value `parent`; `parent` itself when absent. */
int places_child(const struct places *p, int parent, const char *key);
/* The id of the value at a JSON pointer (without ~0 and ~1: no key of ours needs them), or of the nearest around it. */
int places_find(const struct places *p, const char *pointer);

struct place places_value(const struct places *p, int id);
struct place places_key(const struct places *p, int id);       /* of an item or the root: its value */

/* Keys that one object holds twice; `first` is where the key stood before. */
typedef void (*places_twice_fn)(void *arg, const char *key, struct place first, struct place again);
void places_each_twice(const struct places *p, places_twice_fn fn, void *arg);

#endif
