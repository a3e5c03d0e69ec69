/*
 * type_priv: what the readers of values share (type.c, type_policy.c).
 */
#ifndef CONFIG_TYPE_PRIV_H
#define CONFIG_TYPE_PRIV_H

#include <jansson.h>

#include "backend/config/key.h"
#include "backend/config/source.h"

/* What a reader is given: all that belongs to one value. */
struct cell {
	const struct source *source;
	const struct config_key *key;
	int place;
	char *item;
};

#define AT(cell, type) ((type *)(void *)((cell)->item + (cell)->key->at))
#define ALSO(cell, type) ((type *)(void *)((cell)->item + (cell)->key->also))

void type_mistake(const struct cell *c, const char *got);
int type_item_place(const struct cell *c, size_t i);
/* The texts of an array, NULL-terminated; what is no text is a mistake and left out. */
char **type_read_texts(const struct cell *c, const json_t *array, size_t *ret_n);
void type_done_texts(const struct cell *c);
void type_read_duration(const struct cell *c, const json_t *value);

/* type_policy.c: what the rules of an environment are written in. */
void type_read_flag(const struct cell *c, const json_t *value);
void type_read_filled_texts(const struct cell *c, const json_t *value);
void type_read_people(const struct cell *c, const json_t *value);
void type_read_after(const struct cell *c, const json_t *value);
void type_done_after(const struct cell *c);
void type_read_windows(const struct cell *c, const json_t *value);
void type_done_windows(const struct cell *c);
void type_read_instant(const struct cell *c, const json_t *value);
void type_read_limit(const struct cell *c, const json_t *value);

#endif
