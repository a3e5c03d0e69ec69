#include "tests/tools/monkey_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/tools/desk.h"
#include "tests/tools/scene.h"
#include "tui/canvas.h"
#include "tui/input.h"

/* As console.md has them, not as the console does. */
enum {
	ARMED_MS = 5 * 60 * 1000, QUIET_MS = 60 * 1000, COUNTDOWN_MS = 3000, LATE_MS = 2000, STALE_MS = 15000, DEAF_MS = 400,
	ROWS_MIN = 15, COLS_MIN = 60
};

void judge_init(struct judge *j, bool read_only)
{
	*j = (struct judge){ .read_only = read_only, .fits = true, .named_ms = -1 };
}

void judge_done(struct judge *j)
{
	free(j->frame);
}

static void broken(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void broken(struct judge *j, const char *fmt, ...)
{
	va_list ap;

	if (*j->result.broken)
		return;
	va_start(ap, fmt);
	vsnprintf(j->result.broken, sizeof j->result.broken, fmt, ap);
	va_end(ap);
}

/* Which environment a panel on the frame asks for the name of; "" when there is none. */
static void read_asked(const char *frame, char name[static JUDGE_NAME_SIZE])
{
	static const char *const titles[] = { "─ arm ", "─ deploy: ", "─ roll back: ", "─ stop: " };

	*name = '\0';
	if (!strstr(frame, "Type its name"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		const char *at = strstr(frame, titles[i]);

		if (at)
			snprintf(name, JUDGE_NAME_SIZE, "%.*s", (int)strcspn(at + strlen(titles[i]), " "), at + strlen(titles[i]));
	}
}

/* A frame is on the terminal now. */
static void look(struct judge *j, const struct desk *d)
{
	char asked[JUDGE_NAME_SIZE];

	free(j->frame);
	j->frame = canvas_dump(d->canvas);
	read_asked(j->frame, asked);
	if (strcmp(asked, j->asked) != 0) {
		memcpy(j->asked, asked, sizeof asked);
		j->asked_ms = d->now_ms;
		memset(j->typed, 0, sizeof j->typed);
	}
	/* Somebody else's environment is in the title: what was armed for another is not any more. */
	if (j->named_ms >= 0 && (strstr(j->frame, " PROTECTED ") || strstr(j->frame, " OPEN "))) {
		const char *title = strchr(j->frame, ' ');
		AUTO(mem_auto_free) char *own = mem_printf(" %s  live", j->named);

		if (title && !memmem(j->frame, strcspn(j->frame, "\n"), own, strlen(own)))
			j->named_ms = -1;
	}
}

static bool spells(const struct judge *j)
{
	unsigned left[128];

	memcpy(left, j->typed, sizeof left);
	for (const char *p = j->asked; *p; p++)
		if (*p < 0 || left[(int)*p]-- == 0)
			return false;
	return true;
}

static void take_key(struct judge *j, const struct desk *d, uint32_t key)
{
	j->in_key = true;
	j->key = key;
	j->key_before_ms = j->key_ms;
	j->key_ms = d->now_ms;
	if (d->now_ms - j->key_before_ms > j->quiet_since_named_ms)
		j->quiet_since_named_ms = d->now_ms - j->key_before_ms;
	if (key == INPUT_ESC || key == INPUT_CTRL('C'))
		j->cancel_ms = d->now_ms;
	if (!*j->asked || d->now_ms - j->asked_ms < DEAF_MS)
		return;
	if (key < 128)
		j->typed[key]++;
	if (key == INPUT_ENTER && spells(j)) {
		memcpy(j->named, j->asked, sizeof j->named);
		j->named_ms = d->now_ms;
		j->quiet_since_named_ms = 0;
	}
}

void judge_event(void *arg, const struct desk *d, const struct console_event *e)
{
	struct judge *j = arg;

	j->in_key = j->in_answer = false;
	switch (e->kind) {
	case EVENT_INPUT:
		if (e->input->kind == INPUT_KEY)
			take_key(j, d, e->input->key);
		break;
	case EVENT_SHOWN: look(j, d); break;
	case EVENT_RESIZE: j->fits = e->rows >= ROWS_MIN && e->cols >= COLS_MIN; break;
	case EVENT_UP: j->connected = true; j->beat_ms = d->now_ms; j->upset_ms = d->now_ms; break;
	case EVENT_DOWN: j->connected = false; j->upset_ms = d->now_ms; break;
	case EVENT_RESUMED: case EVENT_HANGUP: j->upset_ms = d->now_ms; break;
	case EVENT_BEAT: j->beat_ms = d->now_ms; break;
	case EVENT_ANSWER: j->in_answer = true; break;
	default: break;
	}
}

/* The name of the environment that a request is for; yours. A stop names it only by the deployment. */
static char *name_of(const struct desk *d, const struct effect *effect)
{
	AUTO(json_auto_decref) json_t *stopped = NULL;

	if (!strstr(effect->path, "/stop"))
		return mem_dup(json_text(effect->body, "environment"));
	stopped = scene_deployment(d->told, strtoll(effect->path + strlen("/v1/deployments/"), NULL, 10));
	return mem_dup(json_text(stopped, "environment"));
}

/* The environment as the console was told of it last. */
static json_t *environment_of(const struct desk *d, const char *name)
{
	AUTO(json_auto_decref) json_t *status = scene_status(d->told);
	json_t *apps = json_object_get(status, "apps"), *app, *environment;
	size_t a, e;

	json_array_foreach(apps, a, app)
		json_array_foreach(json_object_get(app, "environments"), e, environment)
			if (strcmp(json_text(app, "name"), "shop") == 0 && strcmp(json_text(environment, "name"), name) == 0)
				return json_incref(environment);
	return NULL;
}

static void judge_protected(struct judge *j, const struct desk *d, const char *name, bool needs_name)
{
	int64_t now = d->now_ms, began = j->named_ms;

	j->result.protected_ones++;
	if (!j->frame || !strstr(j->frame, "Esc cancels; other keys do nothing"))
		broken(j, "%s: no countdown was on the terminal", name);
	if (now - j->key_ms < 0 || now - j->upset_ms < COUNTDOWN_MS || now - j->cancel_ms < COUNTDOWN_MS)
		broken(j, "%s: cancelled or upset %lld ms before", name, (long long)(now - j->upset_ms));
	if (!needs_name)
		return;
	if (began < 0 || strcmp(j->named, name) != 0)
		broken(j, "%s: its name was not typed, \"%s\" was", name, j->named);
	else if (now - began > ARMED_MS + COUNTDOWN_MS + LATE_MS)
		broken(j, "%s: named %lld ms ago", name, (long long)(now - began));
	else if (j->upset_ms > began)
		broken(j, "%s: upset since it was named", name);
	else if (j->quiet_since_named_ms >= QUIET_MS)
		broken(j, "%s: %lld ms without a key since it was named", name, (long long)j->quiet_since_named_ms);
	else if (now - began < COUNTDOWN_MS)
		broken(j, "%s: only %lld ms after it was named", name, (long long)(now - began));
}

static void judge_open(struct judge *j, const struct desk *d, const char *name)
{
	bool by_name = j->named_ms == d->now_ms && strcmp(j->named, name) == 0;

	if (!j->in_key && !j->in_answer)
		broken(j, "%s: acted without a key", name);
	if (d->now_ms - j->beat_ms > STALE_MS && !by_name)
		broken(j, "%s: the data was %lld ms old", name, (long long)(d->now_ms - j->beat_ms));
}

/* What went out must have been read by somebody: it stands on the frame that is on the terminal. */
static void judge_seen(struct judge *j, const struct effect *effect, const char *name)
{
	const char *version = json_text(effect->body, "version"), *kind = json_text(effect->body, "kind");
	AUTO(mem_auto_free) char *deploy = mem_printf("deploy %s→%s", version, name);
	AUTO(mem_auto_free) char *back = mem_printf("back→%s", version);
	AUTO(mem_auto_free) char *sentence = mem_printf("%s %s → %s", name, *json_text(effect->body, "expect")
	                                                ? json_text(effect->body, "expect") : "(nothing)", version);

	/* A stop names no version in its request; a command was spelled out by the person himself. */
	if (!*kind || j->in_answer || (j->in_key && j->key == INPUT_ENTER))
		return;
	if (!j->frame || (!strstr(j->frame, sentence) && !strstr(j->frame, strcmp(kind, "deploy") == 0 ? deploy : back)))
		broken(j, "%s: %s was not on the terminal", name, sentence);
}

void judge_post(void *arg, const struct desk *d, const struct effect *effect)
{
	struct judge *j = arg;
	AUTO(mem_auto_free) char *name = name_of(d, effect);
	AUTO(json_auto_decref) json_t *environment = environment_of(d, name);
	bool is_rollback = strcmp(json_text(effect->body, "kind"), "rollback") == 0;

	j->result.requests++;
	if (j->read_only)
		broken(j, "%s: the console is read-only", name);
	if (!j->connected)
		broken(j, "%s: the engine is lost", name);
	if (!j->fits)
		broken(j, "%s: the screen is too small", name);
	judge_seen(j, effect, name);
	if (!environment) {
		broken(j, "%s: there is no such environment", name);
		return;
	}
	if (json_is_true(json_object_get(environment, "protected")))
		judge_protected(j, d, name, !is_rollback || json_is_true(json_object_get(environment, "arming")));
	else
		judge_open(j, d, name);
}
