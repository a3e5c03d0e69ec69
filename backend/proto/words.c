#include "backend/proto/words.h"

#include <stddef.h>
#include <string.h>

#include "backend/base/mem.h"

static const char *const stages[STAGE_COUNT] = {
	"gate", "fetch", "stage", "migrate", "start", "smoke", "acceptance", "switch", "verify", "drain"
};
static const char *const step_states[STEP_STATE_COUNT] = { "wait", "run", "ok", "fail", "skip", "held" };
static const char *const step_words[STEP_STATE_COUNT] = { "WAIT", "RUN", "OK", "FAIL", "SKIP", "HELD" };
static const char *const kinds[KIND_COUNT] = { "deploy", "rollback", "scheduled", "automatic" };
static const char *const deployment_states[DEPLOYMENT_STATE_COUNT] = {
	"queued", "running", "undoing", "succeeded", "failed", "stopped", "attention"
};
static const char *const member_notes[MEMBER_NOTE_COUNT] = { "", "unchanged", "back", "stays" };
static const char *const colours[COLOUR_COUNT] = { "none", "blue", "green" };
static const char *const outcomes[TEST_OUTCOME_COUNT] = { "ok", "fail", "skip", "todo" };

static int find(const char *const *names, int n, const char *name)
{
	for (int i = 0; name && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *stage_name(enum stage stage) { return stages[stage]; }
const char *step_state_word(enum step_state state) { return step_words[state]; }
const char *step_state_name(enum step_state state) { return step_states[state]; }
const char *kind_name(enum deployment_kind kind) { return kinds[kind]; }
const char *deployment_state_name(enum deployment_state state) { return deployment_states[state]; }
const char *member_note_name(enum member_note note) { return member_notes[note]; }
const char *colour_name(enum colour colour) { return colours[colour]; }
const char *test_outcome_name(enum test_outcome outcome) { return outcomes[outcome]; }

bool stage_parse(const char *name, enum stage *ret)
{
	int i = find(stages, STAGE_COUNT, name);

	if (i >= 0)
		*ret = (enum stage)i;
	return i >= 0;
}

bool step_state_parse(const char *name, enum step_state *ret)
{
	int i = find(step_states, STEP_STATE_COUNT, name);

	if (i >= 0)
		*ret = (enum step_state)i;
	return i >= 0;
}

bool kind_parse(const char *name, enum deployment_kind *ret)
{
	int i = find(kinds, KIND_COUNT, name);

	if (i >= 0)
		*ret = (enum deployment_kind)i;
	return i >= 0;
}

bool deployment_state_parse(const char *name, enum deployment_state *ret)
{
	int i = find(deployment_states, DEPLOYMENT_STATE_COUNT, name);

	if (i >= 0)
		*ret = (enum deployment_state)i;
	return i >= 0;
}

bool member_note_parse(const char *name, enum member_note *ret)
{
	int i = find(member_notes, MEMBER_NOTE_COUNT, name);

	if (i >= 0)
		*ret = (enum member_note)i;
	return i >= 0;
}

bool colour_parse(const char *name, enum colour *ret)
{
	int i = find(colours, COLOUR_COUNT, name);

	if (i >= 0)
		*ret = (enum colour)i;
	return i >= 0;
}

bool test_outcome_parse(const char *name, enum test_outcome *ret)
{
	int i = find(outcomes, TEST_OUTCOME_COUNT, name);

	if (i >= 0)
		*ret = (enum test_outcome)i;
	return i >= 0;
}

bool deployment_state_is_over(enum deployment_state state)
{
	return state >= DEPLOYMENT_SUCCEEDED;
}

enum colour colour_other(enum colour colour)
{
	return colour == COLOUR_BLUE ? COLOUR_GREEN : COLOUR_BLUE;
}

static const char *ordinal_end(int n)
{
	static const char *const ends[] = { "th", "st", "nd", "rd" };
	bool teens = n / 10 % 10 == 1;

	return teens || n % 10 > 3 ? ends[0] : ends[n % 10];
}

char *queue_place(int position, int of, const char *environment)
{
	return position > 0 ? mem_printf("%d%s of %d in %s's queue", position, ordinal_end(position), of, environment)
		: mem_dup("");
}

char *override_words(const char *actor, const char *why)
{
	return *why ? mem_printf("OVERRIDE by %s: %s", actor, why) : mem_dup("");
}
