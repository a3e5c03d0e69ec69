#include "backend/process/env.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"

static bool has(const struct env *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
			return true;
	return false;
}

void env_set(struct env *env, const char *name, const char *value)
{
	if (!value || has(env, name))
		return;
	/* Room for the NULL at the end too. */
	env->items = mem_grow(env->items, env->n, &env->cap, sizeof *env->items);
	env->items[env->n++] = mem_printf("%s=%s", name, value);
	env->items = mem_grow(env->items, env->n, &env->cap, sizeof *env->items);
	env->items[env->n] = NULL;
}

void env_set_inherited(struct env *env)
{
	static const struct { const char *name, *otherwise; } kept[] = {
		{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
		{ "HOME", "/" },
		{ "LANG", "C.UTF-8" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		const char *value = getenv(kept[i].name);

		env_set(env, kept[i].name, value ? value : kept[i].otherwise);
	}
}

const char *const *env_list(const struct env *env)
{
	return (const char *const *)env->items;
}

void env_done(struct env *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->items[i]);
	free(env->items);
	*env = (struct env){ 0 };
}

char *env_name(const char *prefix, const char *name)
{
	char *whole = mem_printf("%s_%s", prefix, name);

	for (char *p = whole; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return whole;
}
