/*
 * words_list: a growing list of words for an argv or an environment.
 */
#ifndef ENGINE_WORDS_LIST_H
#define ENGINE_WORDS_LIST_H

#include <stddef.h>

struct words_list { char **items; size_t n, cap; };

void words_printf(struct words_list *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* PATH, HOME and LANG as the engine has them: all that a child of ours inherits. */
void words_add_environment(struct words_list *w);
const char *const *words_env(const struct words_list *w);   /* NULL-terminated; borrowed until the next change */
void words_done(struct words_list *w);
char *words_variable(const char *name);                     /* "web-front" -> "WEB_FRONT"; yours */

#endif
