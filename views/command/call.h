/*
 * call: one command as it was called: its flags and operands, and, when it asks for it, the engine of the workspace.
 */
#ifndef COMMAND_CALL_H
#define COMMAND_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/client/workspace.h"
#include "views/command/command.h"

struct client;
struct loop;

struct call_flag { const struct flag *flag; const char *value; };

struct call {
	const struct command *command;
	struct call_flag *flags;       /* in the order given; values borrowed from argv */
	size_t nflags, flags_cap;
	const char **operands;
	size_t noperands, operands_cap;

	struct workspace workspace;    /* from call_connect on, as what follows */
	struct loop *loop;
	struct client *client;
	int64_t at;                    /* --at of what is only read: every GET is asked as of then; 0: now */
};

/* Reads the words after the verb. ERR_USAGE names the word that is wrong and the nearest right one. */
bool call_parse(struct call *c, const struct command *command, int argc, char **argv, struct err *err);
void call_done(struct call *c);

bool call_has(const struct call *c, const struct flag *flag);
const char *call_value(const struct call *c, const struct flag *flag);      /* the last one given; NULL */
/* The values of a flag that repeats, one after the other; NULL at the end. *at begins as 0. */
const char *call_next_value(const struct call *c, const struct flag *flag, size_t *at);
bool call_number(const struct call *c, const struct flag *flag, int64_t least, int64_t most, int64_t otherwise,
                 int64_t *ret, struct err *err);
const char *call_operand(const struct call *c, size_t i);                    /* NULL when absent */

/* Finds the workspace (-C, else from the current folder upwards). */
bool call_find_workspace(struct call *c, struct err *err);
/* Finds it, starts its engine when none runs, and makes the client; reads flag_then. */
bool call_connect(struct call *c, struct err *err);

/* The time that is looked at: --at, else now; wall milliseconds. */
int64_t call_now(const struct call *c);

enum { CALL_ASK_MS = 30000, CALL_LONG_MS = 15 * 60 * 1000 };
/*
 * Asks the engine. When it is lost in the middle it is started again and asked again, so what is asked must do no harm
 * when it comes twice: reading, what carries an idempotency key, what is a no-op the second time.
 */
bool call_ask(struct call *c, const char *method, const char *path, const json_t *body, int64_t timeout_ms,
              json_t **ret, struct err *err);

/*
 * Says on standard error what went wrong, a line for each gate that refuses; with flag_json the API's error object goes
 * to standard output too. The exit code.
 */
int call_fail(const struct call *c, const struct err *err);
/* A remark on standard error. */
void call_note(const struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
