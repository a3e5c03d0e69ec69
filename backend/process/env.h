/*
 * env: the environment of a child, put together by name. The first value of a name stays, so what must not be changed
 * goes in first.
 */
#ifndef PROCESS_ENV_H
#define PROCESS_ENV_H

#include <stddef.h>

struct env { char **items; size_t n, cap; };

/* A NULL value sets nothing. */
void env_set(struct env *env, const char *name, const char *value);
/* PATH, HOME and LANG as we have them, or sensible ones: all that a child inherits of ours. */
void env_set_inherited(struct env *env);
/* NULL-terminated, for child_spec; borrowed until the next change. */
const char *const *env_list(const struct env *env);
void env_done(struct env *env);
/* PREFIX + "web-front" -> "PREFIX_WEB_FRONT"; yours. */
char *env_name(const char *prefix, const char *name);

#endif
