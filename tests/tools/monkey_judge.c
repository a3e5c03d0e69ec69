#include "tests/tools/monkey_judge.h"

#include <ctype.h>
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
	static const char *const titles[] = {
		"─ arm ", "─ deploy: ", "─ roll back: ", "─ stop: ", "─ feature: ", "─ schedule: ", "─ move: ", "─ approve: ",
		"─ reject: ", "─ lock: ", "─ unlock: ", "─ resume: ",
	};

	*name = '\0';
	if (!strstr(frame, "Type its name"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		const char *at = strstr(frame, titles[i]);

		if (at)
			snprintf(name, JUDGE_NAME_SIZE, "%.*s", (int)strcspn(at + strlen(titles[i]), " "), at + strlen(titles[i]));
	}
}

/* Whose environment the title speaks of, where it has room to say so: the word before the person's name. */
static void read_app(const char *frame, char app[static JUDGE_NAME_SIZE])
{
	const char *end = strstr(frame, "  alice  "), *line_end = strchr(frame, '\n'), *begin = end;

	*app = '\0';
	if (!end || !line_end || end > line_end)
		return;
	while (begin > frame && begin[-1] != ' ')
		begin--;
	snprintf(app, JUDGE_NAME_SIZE, "%.*s", (int)(end - begin), begin);
}

/* In the first line: messages and panels below have such words too. */
static bool title_has(const char *frame, const char *text)
{
	return memmem(frame, strcspn(frame, "\n"), text, strlen(text)) != NULL;
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
	read_app(j->frame, j->app);
	/* Somebody else's environment is in the title: what was armed for another is not any more. */
	if (j->named_ms >= 0 && (title_has(j->frame, " PROTECTED ") || title_has(j->frame, " OPEN "))) {
		AUTO(mem_auto_free) char *own = mem_printf(" %s  live", j->named);

		if (!title_has(j->frame, own))
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

static void take_letter(struct judge *j, uint32_t key)
{
	size_t len = strlen(j->line);

	/* The line is looked at when Enter has just sent it: it is forgotten with the key after that. */
	if (j->key == INPUT_ENTER || key == INPUT_ESC)
		len = 0;
	if (key > ' ' && key < 127 && len + 1 < sizeof j->line)
		j->line[len++] = (char)key;
	j->line[len] = '\0';
}

static void take_key(struct judge *j, const struct desk *d, uint32_t key)
{
	take_letter(j, key);
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
		memcpy(j->named_app, j->app, sizeof j->named_app);
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

/* What a request is about, told from the request and from what the console knew. */
struct about {
	char *app, *name;            /* the environment's */
	json_t *deployment;          /* that is there already; NULL */
	json_t *environment;         /* as the console was told of it last; NULL: there is none */
	const char *verb;            /* "approve", "lock" …: the end of the path; "" for a new deployment and a feature */
};

static void about_done(struct about *a)
{
	free(a->app);
	free(a->name);
	json_decref(a->deployment);
	json_decref(a->environment);
}

static json_t *environment_of(const struct desk *d, const char *app_name, const char *name)
{
	AUTO(json_auto_decref) json_t *status = scene_status(d->told);
	json_t *apps = json_object_get(status, "apps"), *app, *environment;
	size_t a, e;

	json_array_foreach(apps, a, app)
		json_array_foreach(json_object_get(app, "environments"), e, environment)
			if (strcmp(json_text(app, "name"), app_name) == 0 && strcmp(json_text(environment, "name"), name) == 0)
				return json_incref(environment);
	return NULL;
}

static struct about about_of(const struct desk *d, const struct effect *effect)
{
	static const char deployments[] = "/v1/deployments/", environments[] = "/v1/environments/";
	struct about a = { .verb = "" };
	const json_t *names = effect->body;

	if (strncmp(effect->path, deployments, strlen(deployments)) == 0) {
		names = a.deployment = scene_deployment(d->told, strtoll(effect->path + strlen(deployments), NULL, 10));
		a.verb = strrchr(effect->path, '/') + 1;
	}
	a.app = mem_dup(json_text(names, "app"));
	a.name = mem_dup(json_text(names, "environment"));
	if (strncmp(effect->path, environments, strlen(environments)) == 0) {
		free(a.name);
		a.name = mem_dupn(effect->path + strlen(environments), strcspn(effect->path + strlen(environments), "/"));
		a.verb = strrchr(effect->path, '/') + 1;
	}
	a.environment = environment_of(d, a.app, a.name);
	return a;
}

static void judge_protected(struct judge *j, const struct desk *d, const struct about *a, bool needs_name)
{
	const char *name = a->name;
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
	else if (*j->named_app && strcmp(j->named_app, a->app) != 0)
		broken(j, "%s of %s: that of %s was named", name, a->app, j->named_app);
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

static bool on_frame(const struct judge *j, const char *text)
{
	return j->frame && strstr(j->frame, text);
}

/* A command was spelled out by the person himself, or it was its answer that went on. A panel's Enter is no command. */
static bool was_spelled_out(const struct judge *j)
{
	const char *colon = strchr(j->line, ':');

	/* Whatever was typed before it may have colons of its own: a time has. */
	while (colon && !isalpha((unsigned char)colon[1]))
		colon = strchr(colon + 1, ':');
	return j->in_answer || (j->in_key && j->key == INPUT_ENTER && colon);
}

/* What must be on the terminal for it: footer, panel or countdown. Two ways to say it; yours. */
static void sentences(const struct effect *effect, const struct about *a, char *ret[static 2])
{
	const char *version = json_text(effect->body, "version"), *expect = json_text(effect->body, "expect");
	const char *feature = json_text(effect->body, "feature");
	long long id = (long long)json_int(a->deployment, "id", 0);

	if (*feature) {
		ret[0] = mem_printf(json_flag(effect->body, "on") ? "put %s into %s" : "pull %s from %s", feature, a->name);
		ret[1] = mem_dup(ret[0]);
	} else if (strcmp(a->verb, "resume") == 0) {
		ret[0] = mem_printf("resume the automation of %s", a->name);
		ret[1] = mem_dup(ret[0]);
	} else if (a->deployment) {
		ret[0] = mem_printf("%s #%lld", a->verb, id);
		ret[1] = mem_printf("%s %s", a->verb, json_text(a->deployment, "version"));
	} else if (*a->verb) {
		ret[0] = mem_printf("%s %s", a->verb, a->name);
		ret[1] = mem_dup(ret[0]);
	} else {
		ret[0] = strcmp(json_text(effect->body, "kind"), "deploy") == 0 ? mem_printf("deploy %s→%s", version, a->name)
		                                                               : mem_printf("back→%s", version);
		ret[1] = mem_printf("%s %s → %s", a->name, *expect ? expect : "(nothing)", version);
	}
}

/* What went out must have been read by somebody: it stands on the frame that is on the terminal. */
static void judge_seen(struct judge *j, const struct effect *effect, const struct about *a)
{
	char *said[2];

	sentences(effect, a, said);
	if (!was_spelled_out(j) && !on_frame(j, said[0]) && !on_frame(j, said[1]))
		broken(j, "%s: \"%s\" was not on the terminal", a->name, said[0]);
	free(said[0]);
	free(said[1]);
}

/* What it is bound to is what the console was told, and what needs a reason has one. */
static void judge_bound(struct judge *j, const struct effect *effect, const struct about *a)
{
	bool is_verdict = strcmp(a->verb, "approve") == 0 || strcmp(a->verb, "reject") == 0;
	const json_t *feature, *expect = json_object_get(effect->body, "expect");
	size_t i;

	if ((is_verdict || strcmp(a->verb, "lock") == 0) && !*json_text(effect->body, "reason"))
		broken(j, "%s %s: no reason was given", a->verb, a->name);
	if (is_verdict && strcmp(json_text(effect->body, "plan_hash"), json_text(a->deployment, "plan_hash")) != 0)
		broken(j, "%s %s: another plan was seen", a->verb, a->name);
	if (strcmp(a->verb, "approve") == 0 && json_int(a->deployment, "uid", 0) == 1000)
		broken(j, "%s: one's own was approved", a->name);
	json_array_foreach(json_object_get(a->environment, "features"), i, feature)
		if (strcmp(json_text(feature, "name"), json_text(effect->body, "feature")) == 0 &&
		    json_is_true(expect) != json_flag(feature, "on"))
			broken(j, "%s: the feature was %s", a->name, json_flag(feature, "on") ? "in" : "out");
	j->result.verdicts += is_verdict;
	j->result.features += *json_text(effect->body, "feature") != '\0';
	j->result.schedules += json_object_get(effect->body, "not_before") != NULL;
	j->result.holds += !a->deployment && *a->verb;
}

void judge_post(void *arg, const struct desk *d, const struct effect *effect)
{
	struct judge *j = arg;
	AUTO(about_done) struct about a = about_of(d, effect);
	bool is_rollback = strcmp(json_text(effect->body, "kind"), "rollback") == 0;

	j->result.requests++;
	if (j->read_only)
		broken(j, "%s: the console is read-only", a.name);
	if (d->console->lookback.at)
		broken(j, "%s: the console looks at what is over", a.name);
	if (!j->connected)
		broken(j, "%s: the engine is lost", a.name);
	if (!j->fits)
		broken(j, "%s: the screen is too small", a.name);
	judge_seen(j, effect, &a);
	if (!a.environment) {
		broken(j, "%s: there is no such environment", a.name);
		return;
	}
	judge_bound(j, effect, &a);
	if (json_is_true(json_object_get(a.environment, "protected")))
		judge_protected(j, d, &a, !is_rollback || json_is_true(json_object_get(a.environment, "arming")));
	else
		judge_open(j, d, a.name);
}
