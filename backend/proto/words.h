/*
 * words: the field's standard terms as both programs spell them, one table each (words.c). The names are stable: they
 * are in the journal, in the API and in --json.
 */
#ifndef PROTO_WORDS_H
#define PROTO_WORDS_H

#include <stdbool.h>

#define SLIPWAY_VERSION "0.1.0"
#define SLIPWAY_API_VERSION 1

/* The stages of a pipeline in their order; each driver names those it has. */
enum stage {
	STAGE_GATE, STAGE_FETCH, STAGE_STAGE, STAGE_MIGRATE, STAGE_START, STAGE_SMOKE, STAGE_ACCEPTANCE, STAGE_SWITCH,
	STAGE_VERIFY, STAGE_DRAIN, STAGE_COUNT
};

enum step_state { STEP_WAIT, STEP_RUN, STEP_OK, STEP_FAIL, STEP_SKIP, STEP_HELD, STEP_STATE_COUNT };

enum deployment_kind { KIND_DEPLOY, KIND_ROLLBACK, KIND_SCHEDULED, KIND_AUTOMATIC, KIND_COUNT };

enum deployment_state {
	DEPLOYMENT_QUEUED,      /* waits for its turn */
	DEPLOYMENT_RUNNING,
	DEPLOYMENT_UNDOING,     /* failed or stopped; being taken back */
	DEPLOYMENT_SUCCEEDED,   /* terminal from here on */
	DEPLOYMENT_FAILED,      /* failed, and proven undone */
	DEPLOYMENT_STOPPED,     /* stopped by a person or pre-empted, and proven undone */
	DEPLOYMENT_ATTENTION,   /* what happened is not known; traffic was left where it was */
	DEPLOYMENT_STATE_COUNT
};

/* What is known of a release's member besides its deployment and its rollback. */
enum member_note {
	MEMBER_PLAIN,
	MEMBER_UNCHANGED,       /* its version was live already when the release began */
	MEMBER_BACK,            /* it stood where it was before, when it was to be taken back */
	MEMBER_STAYS,           /* it cannot be taken back */
	MEMBER_NOTE_COUNT
};

enum colour { COLOUR_NONE, COLOUR_BLUE, COLOUR_GREEN, COLOUR_COUNT };

enum test_outcome { TEST_OK, TEST_FAIL, TEST_SKIP, TEST_TODO, TEST_OUTCOME_COUNT };

const char *stage_name(enum stage stage);                      /* "gate" */
const char *step_state_word(enum step_state state);            /* "OK": what a person reads */
const char *step_state_name(enum step_state state);            /* "ok": what the journal holds */
const char *kind_name(enum deployment_kind kind);
const char *deployment_state_name(enum deployment_state state);
const char *member_note_name(enum member_note note);            /* "" "unchanged" "back" "stays" */
const char *colour_name(enum colour colour);                   /* "none" "blue" "green" */
const char *test_outcome_name(enum test_outcome outcome);      /* "ok" "fail" "skip" "todo" */

/* false for a name that is not in the table */
bool stage_parse(const char *name, enum stage *ret);
bool step_state_parse(const char *name, enum step_state *ret);
bool kind_parse(const char *name, enum deployment_kind *ret);
bool deployment_state_parse(const char *name, enum deployment_state *ret);
bool member_note_parse(const char *name, enum member_note *ret);
bool colour_parse(const char *name, enum colour *ret);
bool test_outcome_parse(const char *name, enum test_outcome *ret);

bool deployment_state_is_over(enum deployment_state state);
/* "2nd of 3 in prod's queue"; "" for position 0: it is in none. Yours. */
char *queue_place(int position, int of, const char *environment);
/* "OVERRIDE by bob: hotfix" of what passed over windows and freezes; why "": "". Yours. */
char *override_words(const char *actor, const char *why);
enum colour colour_other(enum colour colour);                  /* blue for none */

#endif
