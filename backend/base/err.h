/*
 * err: what went wrong, in words a person can act on.
 *
 * A function that can fail returns bool, takes `struct err *err` last and leaves it untouched on success. Context is
 * added at each boundary: "deploy 2.14.0 to prod: start web: port 9012 is taken by pid 4411". One table maps each kind
 * to an exit code and an HTTP status, so that every command and every route answer alike.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum err_kind {
	ERR_NONE,
	ERR_INTERNAL,    /* a fault of ours or of the machine */
	ERR_FAILED,      /* the deployment failed (and was undone) */
	ERR_USAGE,       /* the command line or the request is malformed */
	ERR_CONFIG,      /* the configuration is not valid */
	ERR_NOT_FOUND,   /* the thing named does not exist */
	ERR_REFUSED,     /* a gate refuses */
	ERR_STALE,       /* the caller saw an older state than what is true now */
	ERR_LOCKED,      /* somebody else holds it */
	ERR_CONFLICT,    /* the same name with other content */
	ERR_DENIED,      /* the caller has no right to it */
	ERR_UNREACHABLE, /* the engine or a remote does not answer */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_TOO_BIG,     /* a limit of ours was passed */
	ERR_KIND_COUNT
};

/* Room for about fifteen refusals of the usual length; an error is copied by value and owns nothing. */
enum { ERR_BLOCKED_SIZE = 3000 };

struct err {
	enum err_kind kind;
	char text[1000];
	const char *gate;    /* ERR_REFUSED and the like: the gate's name, a constant; NULL: no gate */
	int64_t clears_at;   /* when that is expected to clear, wall time in ms; 0 unknown */
	char blocked[ERR_BLOCKED_SIZE];    /* all gates that refuse, as JSON; "" none. proto/refusal.h reads and writes it */
};

/* All four return false, so that `return err_set(…)` reads well. A NULL err is allowed: the caller does not care. */
bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Appends ": " and the system's text for `number` (an errno value). */
bool err_errno(struct err *err, int number, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "context: " before what is there; the kind stays. */
bool err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool err_copy(struct err *err, const struct err *from);

const char *err_kind_name(enum err_kind kind);            /* "stale"; stable, used in JSON */
enum err_kind err_kind_of(const char *name);              /* ERR_INTERNAL for an unknown name */
int err_exit_code(enum err_kind kind);                    /* 0…5, see err.c */
int err_http_status(enum err_kind kind);

#endif
