#include "views/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/prompt.h"
#include "views/console.h"
#include "views/keypress.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/typed.h"
#include "views/view.h"


void line_open(struct console *c, bool is_search)
{
	line_close(c);
	c->line = prompt_new(PROMPT_LINE, is_search ? "/" : ":", NULL, c->now_ms);
	c->line_is_search = is_search;
	if (!is_search)
		prompt_complete_with(c->line, line_complete, c);
}

void line_close(struct console *c)
{
	prompt_free(c->line);
	c->line = NULL;
}

void line_take(struct console *c, const struct input_event *event, struct effects *effects)
{
	const struct view *view = select_screen(c)->view;
	AUTO(mem_auto_free) char *text = NULL;
	bool is_search = c->line_is_search;

	switch (prompt_take(c->line, event, c->now_ms)) {
	case PROMPT_EDITING:
		return;
	case PROMPT_CANCELLED:
		line_close(c);
		return;
	case PROMPT_DONE:
		text = mem_dup(prompt_text(c->line));
		line_close(c);
		if (!is_search)
			line_run(c, text, effects);
		else if (view->search)
			view->search(c, text, 0);
		return;
	}
}

static bool is_one_word(const char *text)
{
	text += strspn(text, " ");
	text += strcspn(text, " ");
	return !text[strspn(text, " ")];
}

void line_run(struct console *c, const char *text, struct effects *effects)
{
	AUTO(mem_auto_free) char *copy = mem_dup(text + strspn(text, " "));
	const struct keymap_row *row;
	const struct view *home;

	copy[strcspn(copy, " ")] = '\0';
	if (!*copy || typed_run(c, text, effects))
		return;
	home = view_find(copy);
	row = is_one_word(text) ? keymap_of_name(&keys_map, select_screen(c)->view->context, copy) : NULL;
	if (row)
		keypress_act(c, (enum action)row->action, effects);
	else if (is_one_word(text) && (home == &view_releases || home == &view_fleet))
		stack_home(c, home);
	else
		messages_refusal(&c->messages, c->wall_ms, "no command \"%s\" here; Tab completes, :help lists them", text);
}

/* The i-th first word: keys of this screen, commands with words, the home screens. */
static const char *nth_command(const struct console *c, const char *prefix, size_t i)
{
	static const char *const more[] = { "releases", "fleet" };
	unsigned context = select_screen(c)->view->context;
	size_t known = 0;

	for (; keymap_complete(&keys_map, context, prefix, known); known++)
		if (known == i)
			return keymap_complete(&keys_map, context, prefix, known);
	i -= known;
	for (size_t n = 0; n < typed_ncommands; n++) {
		const char *name = typed_commands[n].name;
		const struct keymap_row *row = keymap_of_name(&keys_map, context, name);

		/* One that is a key's too was named already. */
		if (strncmp(name, prefix, strlen(prefix)) == 0 && !(row && strcmp(row->name, name) == 0) && i-- == 0)
			return name;
	}
	for (size_t n = 0; n < ARRAY_LEN(more); n++)
		if (strncmp(more[n], prefix, strlen(prefix)) == 0 && i-- == 0)
			return more[n];
	return NULL;
}

const char *line_complete(void *arg, const char *typed, size_t i)
{
	struct console *c = arg;
	const char *last = strrchr(typed, ' '), *word = last ? last + 1 : typed;
	const char *found = last ? typed_complete(c, typed, i) : nth_command(c, word, i);

	if (!found)
		return NULL;
	snprintf(c->completion, sizeof c->completion, "%.*s%s", (int)(word - typed), typed, found);
	return c->completion;
}
