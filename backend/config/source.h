/*
 * source: one configuration file while it is read and checked: its name, its positions, and the list that its mistakes
 * go to.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "backend/config/config.h"
#include "backend/config/place.h"

struct source {
	const char *file;                      /* as mistakes name it */
	const char *dir;                       /* absolute, or "." for a text without a folder */
	const struct places *places;
	struct config_mistakes *out;
};

/* At the value, or at the key in front of it, that has this id in `places`. */
void source_mistake(const struct source *s, int place, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void source_mistake_key(const struct source *s, int place, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
