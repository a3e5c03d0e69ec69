/*
 * mistake: the list of what is wrong in a configuration, and the nearest word to a misspelt one.
 */
#ifndef CONFIG_MISTAKE_H
#define CONFIG_MISTAKE_H

#include <stdarg.h>

#include "backend/config/config.h"

enum { MISTAKES_MAX = 500 };       /* of one list; the last one says that there are more */

void mistakes_add(struct config_mistakes *m, const char *file, int line, int column, const char *fmt, va_list ap)
	__attribute__((format(printf, 5, 0)));
/* By file, line, column, text; what was said twice is said once. */
void mistakes_sort(struct config_mistakes *m);

/*
 * The word among `words` that `text` was most likely meant to be, NULL when none is near. Near: at most a third of its
 * letters (at least one) are wrong, missing, too many, or swapped with their neighbour.
 */
const char *word_nearest(const char *text, const char *const *words, size_t nwords);
/* " (did you mean "health"?)", or, when nothing is near, " (valid here: api, web)", or "" without words; yours. */
char *word_hint(const char *text, const char *const *words, size_t nwords);

#endif
