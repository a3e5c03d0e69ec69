#include "backend/base/err.h"

#include <stdio.h>
#include <string.h>

#include "backend/base/mem.h"

static const struct {
	const char *name;
	int exit_code;
	int http_status;
} kinds[ERR_KIND_COUNT] = {
	[ERR_NONE] = { "none", 0, 200 },
	[ERR_INTERNAL] = { "internal", 1, 500 },
	[ERR_FAILED] = { "failed", 1, 500 },
	[ERR_USAGE] = { "usage", 2, 400 },
	[ERR_CONFIG] = { "config", 2, 422 },
	[ERR_NOT_FOUND] = { "not_found", 2, 404 },
	[ERR_REFUSED] = { "refused", 3, 409 },
	[ERR_STALE] = { "stale", 3, 412 },
	[ERR_LOCKED] = { "locked", 3, 423 },
	[ERR_CONFLICT] = { "conflict", 3, 409 },
	[ERR_DENIED] = { "denied", 4, 403 },
	[ERR_UNREACHABLE] = { "unreachable", 5, 502 },
	[ERR_TIMEOUT] = { "timeout", 1, 504 },
	[ERR_TOO_BIG] = { "too_big", 2, 413 },
};

static void __attribute__((format(printf, 2, 0))) set_text(struct err *err, const char *fmt, va_list ap)
{
	char text[sizeof err->text];

	vsnprintf(text, sizeof text, fmt, ap);
	memcpy(err->text, text, sizeof text);
}

bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return false;
	va_start(ap, fmt);
	set_text(err, fmt, ap);
	va_end(ap);
	err->kind = kind;
	err->gate = NULL;
	err->clears_at = 0;
	*err->blocked = '\0';
	return false;
}

bool err_errno(struct err *err, int number, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	if (!err)
		return false;
	va_start(ap, fmt);
	set_text(err, fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(number));
	err->kind = ERR_INTERNAL;
	err->gate = NULL;
	err->clears_at = 0;
	*err->blocked = '\0';
	return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
	char before[sizeof err->text], after[sizeof err->text];
	va_list ap;

	if (!err)
		return false;
	memcpy(after, err->text, sizeof after);
	va_start(ap, fmt);
	vsnprintf(before, sizeof before, fmt, ap);
	va_end(ap);
	snprintf(err->text, sizeof err->text, "%.480s: %.510s", before, after);
	return false;
}

bool err_copy(struct err *err, const struct err *from)
{
	if (err)
		*err = *from;
	return false;
}

const char *err_kind_name(enum err_kind kind)
{
	return kinds[kind].name;
}

enum err_kind err_kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (name && strcmp(kinds[i].name, name) == 0)
			return (enum err_kind)i;
	return ERR_INTERNAL;
}

int err_exit_code(enum err_kind kind)
{
	return kinds[kind].exit_code;
}

int err_http_status(enum err_kind kind)
{
	return kinds[kind].http_status;
}
