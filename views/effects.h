/*
 * effects: what the console's core wants done in the world. The core only says so; the shell (shell.c) does it, a test
 * looks at it.
 */
#ifndef VIEWS_EFFECTS_H
#define VIEWS_EFFECTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum effect_kind {
	EFFECT_SEND,         /* a request; its answer comes back as EVENT_ANSWER with the same number */
	EFFECT_QUIT,         /* leave with `code` */
	EFFECT_SUSPEND,      /* leave the screen and stop the process; EVENT_RESUMED afterwards */
	EFFECT_COPY,         /* `text` to the terminal's clipboard */
	EFFECT_SAVE,         /* `text` to `file`, in the current folder; `append`: behind what is there */
	EFFECT_REPAINT,      /* the whole screen anew */
	EFFECT_FLUSH,        /* forget keys that wait: a panel came up */
	EFFECT_START         /* the engine that died; EVENT_STARTED tells what came of it */
};

struct effect {
	enum effect_kind kind;
	unsigned request;
	const char *method;  /* static */
	char *path;
	json_t *body;        /* NULL: none */
	int code;
	char *text, *file;
	bool append;
};

struct effects {
	struct effect *items;
	size_t n, cap;
};

void effects_done(struct effects *e);
void effects_send(struct effects *e, unsigned request, const char *method, char *take_path, json_t *take_body);
void effects_quit(struct effects *e, int code);
void effects_copy(struct effects *e, char *take_text);
void effects_save(struct effects *e, const char *file, char *take_text, bool append);
void effects_simple(struct effects *e, enum effect_kind kind);

#endif
