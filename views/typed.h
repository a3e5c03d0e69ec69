/*
 * typed: the commands after `:` that take words. One const table makes what they do, their completion, the help screen
 * and the man page. What a key does too goes the same way as by the key: arming, countdown, refusals.
 */
#ifndef VIEWS_TYPED_H
#define VIEWS_TYPED_H

#include <stdbool.h>
#include <stddef.h>

struct console;
struct effects;

enum { TYPED_WORDS = 5 };

enum typed_word {
	TYPED_NONE, TYPED_VERSION, TYPED_ENVIRONMENT, TYPED_APP, TYPED_FEATURE, TYPED_ON_OFF, TYPED_WAITING, TYPED_AT,
	TYPED_TEXT
};

/* The words as they were typed: word 0 is the command's name. */
struct typed {
	char *copy;
	char *words[TYPED_WORDS];
	const char *rest[TYPED_WORDS + 1];   /* the text from that word on; "" when there is none */
	size_t n;
};

struct typed_command {
	const char *name, *usage;
	const char *help;
	size_t least;                        /* words behind the name */
	enum typed_word words[TYPED_WORDS - 1];
	void (*run)(struct console *c, const struct typed *t, struct effects *effects);
};

extern const struct typed_command typed_commands[];
extern const size_t typed_ncommands;

/* Runs it; false: it is none of these. Too few words are an error message with the usage. */
bool typed_run(struct console *c, const char *text, struct effects *effects);
/* The i-th completion of the last word; NULL after the last. Borrowed until the next call. */
const char *typed_complete(struct console *c, const char *typed, size_t i);

#endif
