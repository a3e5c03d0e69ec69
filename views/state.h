/*
 * state: how a state is said: a word first, then a colour. One place, so that every screen says the same.
 */
#ifndef VIEWS_STATE_H
#define VIEWS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "views/model.h"

struct canvas;

enum { STATE_TEXT_SIZE = 96 };

/* A word of product.md (OK FAIL RUN WAIT SKIP HELD), its style, and what follows it ("smoke", "undone", ""). */
struct state {
	const char *word;
	int style;
	char more[STATE_TEXT_SIZE];
};

void state_of_environment(const struct model_environment *e, struct state *ret);
void state_of_deployment(const struct model_deployment *d, struct state *ret);
void state_of_release(enum deployment_state state, struct state *ret);
/* Of an application in a release, by the API's word. */
void state_of_member(const char *word, struct state *ret);
void state_of_step(const struct model_step *step, struct state *ret);
/* "OK" "212/212"; the word is "-" when no test was reported. */
void state_of_tests(const struct model_totals *tests, struct state *ret);
void state_of_result(enum test_outcome outcome, struct state *ret);

/*
 * The word in its style, then the rest as plain text: `aligned`, the word takes five columns, so that figures stand
 * below each other. At most `width` columns; returns those used.
 */
int state_draw(const struct state *s, struct canvas *canvas, int row, int col, int width, bool aligned);

/*
 * Why it did not succeed, and what is true now: "41 of 60 requests failed; undone, 2.13.5 is live". "" when it did, or
 * when it still runs. Yours.
 */
char *state_why(const struct model_deployment *d);

int model_totals_sum(const struct model_totals *tests);
/* How long it takes or took, at the time `wall_ms`; 0 when it has not begun. */
int64_t state_deployment_ms(const struct model_deployment *d, int64_t wall_ms);
int64_t state_step_ms(const struct model_step *step, int64_t wall_ms);

#endif
