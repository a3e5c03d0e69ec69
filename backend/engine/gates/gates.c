#include "backend/engine/gates/gates.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backend/config/config.h"

static void __attribute__((format(printf, 3, 0))) set_why(struct gate_refusal *ret, enum err_kind kind, const char *fmt,
                                                          va_list ap)
{
	vsnprintf(ret->why, sizeof ret->why, fmt, ap);
	ret->kind = kind;
}

bool gate_refuse(struct gate_refusal *ret, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_why(ret, kind, fmt, ap);
	va_end(ap);
	return false;
}

bool gate_hold(struct gate_refusal *ret, enum err_kind kind, int64_t clears_at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_why(ret, kind, fmt, ap);
	va_end(ap);
	ret->waits = true;
	ret->clears_at = clears_at;
	return false;
}

void gate_who(struct gate_refusal *ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ret->who, sizeof ret->who, fmt, ap);
	va_end(ap);
}

bool gate_person_is(const struct gate_person *person, const struct config_people *people)
{
	for (size_t i = 0; i < people->n; i++) {
		const char *name = people->names[i];

		if (*name != '@' && person->name && strcmp(person->name, name) == 0)
			return true;
		for (const char *const *group = person->groups; *name == '@' && group && *group; group++)
			if (strcmp(*group, name + 1) == 0)
				return true;
	}
	return false;
}

const char *gate_names(const struct config_people *people, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < people->n && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", people->names[i]);
	return text;
}

bool gate_is_return(const struct gate_facts *f)
{
	return f->kind == KIND_ROLLBACK && f->here && f->here->succeeded;
}

bool gate_is_exempt(const struct gate_facts *f)
{
	return gate_is_return(f) && !f->env->rollback_gated;
}
