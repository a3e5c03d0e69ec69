#include "views/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tui/list.h"
#include "tui/prompt.h"
#include "views/act.h"
#include "views/console.h"
#include "views/home.h"
#include "views/keypress.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/view.h"

enum { WORDS_MAX = 4 };

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

static void run_deploy(struct console *c, char **words, size_t n, struct effects *effects)
{
	const struct model_environment *e = select_environment(c);

	if (n > 3)
		messages_error(&c->messages, c->wall_ms, "deploy VERSION [ENVIRONMENT]: too many words");
	else if (n == 3)
		act_deploy_by_name(c, words[1], words[2], effects);
	else if (e)
		act_deploy_by_name(c, words[1], e->name, effects);
	else
		messages_error(&c->messages, c->wall_ms, "deploy VERSION ENVIRONMENT: no environment is selected");
}

static void run_environment(struct console *c, const char *name)
{
	if (!model_environment(select_app(c), name)) {
		messages_error(&c->messages, c->wall_ms, "env: there is no environment %s", name);
		return;
	}
	stack_home(c, &view_releases);
	list_select(c->environments, name, select_environment_id, c);
}

static void run_app(struct console *c, const char *name)
{
	if (!model_app(&c->status, name))
		messages_error(&c->messages, c->wall_ms, "app: there is no application %s", name);
	else
		home_choose_app(c, name);
}

void line_run(struct console *c, const char *text, struct effects *effects)
{
	AUTO(mem_auto_free) char *copy = mem_dup(text);
	char *words[WORDS_MAX] = { 0 }, *rest = NULL;
	const struct keymap_row *row;
	const struct view *home;
	size_t n = 0;

	for (char *word = strtok_r(copy, " ", &rest); word && n < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	if (n == 0)
		return;
	if (n > 1 && strcmp(words[0], "deploy") == 0) {
		run_deploy(c, words, n, effects);
		return;
	}
	if (n == 2 && strcmp(words[0], "env") == 0) {
		run_environment(c, words[1]);
		return;
	}
	if (n == 2 && strcmp(words[0], "app") == 0) {
		run_app(c, words[1]);
		return;
	}
	home = view_find(words[0]);
	row = n == 1 ? keymap_of_name(&keys_map, select_screen(c)->view->context, words[0]) : NULL;
	if (row)
		keypress_act(c, (enum action)row->action, effects);
	else if (n == 1 && (home == &view_releases || home == &view_fleet))
		stack_home(c, home);
	else
		messages_error(&c->messages, c->wall_ms, "no command \"%s\" here; Tab completes, :help lists them", text);
}

/* The i-th of a kind of name that begins with `prefix`. */
static const char *nth_environment(const struct console *c, const char *prefix, size_t i)
{
	const struct model_app *app = select_app(c);

	for (size_t n = 0; app && n < app->nenvironments; n++)
		if (strncmp(app->environments[n].name, prefix, strlen(prefix)) == 0 && i-- == 0)
			return app->environments[n].name;
	return NULL;
}

static const char *nth_app(const struct console *c, const char *prefix, size_t i)
{
	for (size_t n = 0; n < c->status.napps; n++)
		if (strncmp(c->status.apps[n].name, prefix, strlen(prefix)) == 0 && i-- == 0)
			return c->status.apps[n].name;
	return NULL;
}

static const char *nth_build(const struct console *c, const char *prefix, size_t i)
{
	for (size_t n = 0; n < c->builds.n; n++)
		if (strncmp(c->builds.items[n].version, prefix, strlen(prefix)) == 0 && i-- == 0)
			return c->builds.items[n].version;
	return NULL;
}

static const char *nth_command(const struct console *c, const char *prefix, size_t i)
{
	static const char *const more[] = { "env", "app", "releases", "fleet" };
	unsigned context = select_screen(c)->view->context;
	size_t known = 0;

	for (; keymap_complete(&keys_map, context, prefix, known); known++)
		if (known == i)
			return keymap_complete(&keys_map, context, prefix, known);
	i -= known;
	for (size_t n = 0; n < ARRAY_LEN(more); n++)
		if (strncmp(more[n], prefix, strlen(prefix)) == 0 && i-- == 0)
			return more[n];
	return NULL;
}

const char *line_complete(void *arg, const char *typed, size_t i)
{
	struct console *c = arg;
	const char *last = strrchr(typed, ' '), *word = last ? last + 1 : typed, *found = NULL;
	size_t words = 0;

	for (const char *p = typed; *p; p++)
		words += *p == ' ';
	if (words == 0)
		found = nth_command(c, word, i);
	else if (words == 1 && strncmp(typed, "env ", 4) == 0)
		found = nth_environment(c, word, i);
	else if (words == 1 && strncmp(typed, "app ", 4) == 0)
		found = nth_app(c, word, i);
	else if (words == 1 && strncmp(typed, "deploy ", 7) == 0)
		found = nth_build(c, word, i);
	else if (words == 2 && strncmp(typed, "deploy ", 7) == 0)
		found = nth_environment(c, word, i);
	if (!found)
		return NULL;
	snprintf(c->completion, sizeof c->completion, "%.*s%s", (int)(word - typed), typed, found);
	return c->completion;
}
