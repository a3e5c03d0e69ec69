#include "views/command/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/zone.h"
#include "backend/client/client.h"
#include "backend/config/mistake.h"
#include "backend/proto/refusal.h"
#include "views/command/out.h"

enum { ASK_AGAIN = 3 };      /* times, after the engine was lost */

void call_done(struct call *c)
{
	if (!c)
		return;
	client_free(c->client);
	loop_free(c->loop);
	workspace_done(&c->workspace);
	free(c->flags);
	free(c->operands);
	*c = (struct call){ 0 };
}

/* The flags of a command and of all, one after the other. */
static const struct flag *flag_at(const struct command *command, size_t i)
{
	size_t n = 0;

	while (n < COMMAND_FLAGS && command->flags[n])
		n++;
	if (i < n)
		return command->flags[i];
	return i - n < nflags_of_all ? flags_of_all[i - n] : NULL;
}

static const struct flag *find_flag(const struct command *command, const char *word, size_t len)
{
	const struct flag *flag;

	for (size_t i = 0; (flag = flag_at(command, i)); i++)
		if ((strncmp(flag->name, word, len) == 0 && !flag->name[len])
		    || (len == 2 && word[0] == '-' && flag->letter && word[1] == flag->letter))
			return flag;
	return NULL;
}

static bool unknown_flag(const struct command *command, const char *word, size_t len, struct err *err)
{
	const char *names[COMMAND_FLAGS + 8];
	AUTO(mem_auto_free) char *name = mem_dupn(word, len);
	const char *nearest;
	size_t n = 0;
	const struct flag *flag;

	while ((flag = flag_at(command, n)) && n < ARRAY_LEN(names))
		names[n++] = flag->name;
	nearest = word_nearest(name, names, n);
	return err_set(err, ERR_USAGE, "there is no flag %.80s%s%s%s", name, nearest ? "; did you mean " : "",
	               nearest ? nearest : "", nearest ? "?" : "");
}

static void add_flag(struct call *c, const struct flag *flag, const char *value)
{
	c->flags = mem_grow(c->flags, c->nflags, &c->flags_cap, sizeof *c->flags);
	c->flags[c->nflags++] = (struct call_flag){ flag, value };
}

/* Reads the flag at argv[*i] and its value; *i stays on the last word read. */
static bool parse_flag(struct call *c, int argc, char **argv, int *i, struct err *err)
{
	const char *word = argv[*i], *value = NULL;
	bool is_long = word[1] == '-';
	size_t len = is_long ? strcspn(word, "=") : 2;
	const struct flag *flag = find_flag(c->command, word, len);

	if (!flag)
		return unknown_flag(c->command, word, is_long ? len : strlen(word), err);
	if (word[len])
		value = word + len + (word[len] == '=');
	if (value && !flag->value)
		return err_set(err, ERR_USAGE, "%s takes no value", flag->name);
	if (call_has(c, flag) && !flag->repeats)
		return err_set(err, ERR_USAGE, "%s is there twice", flag->name);
	if (flag->value && !value) {
		if (++*i >= argc)
			return err_set(err, ERR_USAGE, "%s needs its %s", flag->name, flag->value);
		value = argv[*i];
	}
	add_flag(c, flag, value);
	while (flag->greedy && *i + 1 < argc && argv[*i + 1][0] != '-')
		add_flag(c, flag, argv[++*i]);
	return true;
}

static bool check_operands(const struct call *c, struct err *err)
{
	const struct command *command = c->command;
	size_t nwords = 0;

	while (nwords < COMMAND_WORDS && command->words[nwords])
		nwords++;
	for (size_t i = 0; c->noperands && i < nwords; i++)
		if (strcmp(command->words[i], c->operands[0]) == 0)
			nwords = 0;
	if (c->noperands && nwords) {
		AUTO(mem_auto_free) char *hint = word_hint(c->operands[0], command->words, nwords);

		return err_set(err, ERR_USAGE, "there is no \"%.80s\"%s", c->operands[0], hint);
	}
	if (c->noperands < (size_t)command->least)
		return err_set(err, ERR_USAGE, "something is missing: slipway %s", command->usage[0]);
	if (c->noperands > (size_t)command->most)
		return err_set(err, ERR_USAGE, "\"%.80s\" is too much: slipway %s", c->operands[command->most], command->usage[0]);
	return true;
}

bool call_parse(struct call *c, const struct command *command, int argc, char **argv, struct err *err)
{
	bool only_operands = false;

	c->command = command;
	for (int i = 0; i < argc; i++) {
		if (!only_operands && strcmp(argv[i], "--") == 0) {
			only_operands = true;
		} else if (!only_operands && argv[i][0] == '-' && argv[i][1]) {
			if (!parse_flag(c, argc, argv, &i, err))
				return false;
		} else {
			c->operands = mem_grow(c->operands, c->noperands, &c->operands_cap, sizeof *c->operands);
			c->operands[c->noperands++] = argv[i];
		}
	}
	return call_has(c, &flag_help) || check_operands(c, err);
}

const char *call_next_value(const struct call *c, const struct flag *flag, size_t *at)
{
	for (size_t i = *at; i < c->nflags; i++) {
		if (c->flags[i].flag == flag) {
			*at = i + 1;
			return c->flags[i].value;
		}
	}
	return NULL;
}

bool call_has(const struct call *c, const struct flag *flag)
{
	for (size_t i = 0; i < c->nflags; i++)
		if (c->flags[i].flag == flag)
			return true;
	return false;
}

const char *call_value(const struct call *c, const struct flag *flag)
{
	const char *value = NULL;

	for (size_t i = 0; i < c->nflags; i++)
		if (c->flags[i].flag == flag)
			value = c->flags[i].value;
	return value;
}

bool call_number(const struct call *c, const struct flag *flag, int64_t least, int64_t most, int64_t otherwise,
                 int64_t *ret, struct err *err)
{
	const char *text = call_value(c, flag);
	char *end;
	long long value;

	if (!text) {
		*ret = otherwise;
		return true;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most)
		return err_set(err, ERR_USAGE, "%s must be a whole number from %lld to %lld, not \"%.40s\"", flag->name,
		               (long long)least, (long long)most, text);
	*ret = value;
	return true;
}

const char *call_operand(const struct call *c, size_t i)
{
	return i < c->noperands ? c->operands[i] : NULL;
}

bool call_find_workspace(struct call *c, struct err *err)
{
	return c->workspace.dir || workspace_find(call_value(c, &flag_dir), &c->workspace, err);
}

static bool read_then(struct call *c, struct err *err)
{
	const char *text = call_value(c, &flag_then);

	if (!text)
		return true;
	if (!zone_parse(text, &c->at, err))
		return err_wrap(err, "--at");
	return c->at <= clock_wall_ms() || err_set(err, ERR_USAGE, "--at %.60s is still to come", text);
}

int64_t call_now(const struct call *c)
{
	return c->at ? c->at : clock_wall_ms();
}

bool call_connect(struct call *c, struct err *err)
{
	if (!read_then(c, err) || !call_find_workspace(c, err) || !workspace_start_engine(&c->workspace, err))
		return false;
	c->loop = loop_new();
	c->client = client_new(c->loop, c->workspace.socket);
	return true;
}

bool call_ask(struct call *c, const char *method, const char *path, const json_t *body, int64_t timeout_ms,
              json_t **ret, struct err *err)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;
	AUTO(mem_auto_free) char *then = c->at
		? mem_printf("%s%sat=%lld", path, strchr(path, '?') ? "&" : "?", (long long)c->at) : mem_dup(path);
	struct err lost = { 0 };

	for (int again = 0;; again++) {
		int64_t left = deadline - clock_mono_ms();

		if (client_ask(c->client, method, then, body ? json_deep_copy(body) : NULL, left, ret, &lost))
			return true;
		if (lost.kind != ERR_UNREACHABLE || again == ASK_AGAIN || clock_mono_ms() >= deadline
		    || !workspace_start_engine(&c->workspace, &lost))
			return err_copy(err, &lost);
	}
}

int call_fail(const struct call *c, const struct err *err)
{
	char *line;

	if (call_has(c, &flag_json)) {
		AUTO(json_auto_decref) json_t *object = json_pack("{s:o}", "error", refusal_object(err));

		out_json(object);
	}
	for (size_t i = 0; (line = refusal_line(err, i)); i++) {
		call_note(c, "%s", line);
		free(line);
	}
	return err_exit_code(err->kind);
}

void call_note(const struct call *c, const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL, *clean = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	clean = clean_dup(text, CLEAN_LINE);
	fflush(stdout);
	fprintf(stderr, "slipway%s%s: %s\n", c->command ? " " : "", c->command ? c->command->name : "", clean);
}
