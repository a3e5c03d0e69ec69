#include "views/plain_say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "views/console.h"
#include "views/select.h"
#include "views/state.h"

void plain_say_done(struct plain_say *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->said[i].key);
		free(p->said[i].text);
	}
	free(p->said);
	*p = (struct plain_say){ 0 };
}

void plain_say_line(struct plain_say *p, const struct console *c, const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL;
	AUTO(mem_auto_free) char *clean = NULL;
	char iso[CLOCK_ISO_SIZE];
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	clean = clean_dup(text, CLEAN_LINE);
	fprintf(p->out, "%.8s  %s\n", strchr(clock_iso(clock_wall_ms(), iso), 'T') + 1, clean);
	fflush(p->out);
	p->at_ms = c->now_ms;
}

/* Says it unless it is what was said under this key last. An empty text is only remembered. */
static void say_once(struct plain_say *p, const struct console *c, const char *key, const char *text)
{
	struct plain_said *said = NULL;

	for (size_t i = 0; i < p->n && !said; i++)
		if (strcmp(p->said[i].key, key) == 0)
			said = &p->said[i];
	if (!said) {
		p->said = mem_grow(p->said, p->n, &p->cap, sizeof *p->said);
		said = &p->said[p->n++];
		*said = (struct plain_said){ .key = mem_dup(key), .text = mem_dup("") };
	}
	if (strcmp(said->text, text) == 0)
		return;
	free(said->text);
	said->text = mem_dup(text);
	if (*text)
		plain_say_line(p, c, "%s", text);
}

static void say_environment(struct plain_say *p, const struct console *c, const struct model_environment *e)
{
	AUTO(mem_auto_free) char *text = NULL;
	struct state s;

	state_of_environment(e, &s);
	text = mem_printf("%s%s: live %s, %s%s%s%s%s%s%s", e->name, e->is_protected ? " (protected)" : "",
	                  *e->live_version ? e->live_version : "nothing", s.word, *s.more ? " " : "", s.more,
	                  *e->back_version ? ", back to " : "", e->back_version,
	                  *e->back_version && e->back_is_warm ? " warm" : "", *e->attention ? ", needs attention" : "");
	say_once(p, c, e->name, text);
}

/* The end of a deployment, with why; the way to it is said by the environment's state. */
static void say_deployment(struct plain_say *p, const struct console *c, const struct model_deployment *d)
{
	AUTO(mem_auto_free) char *key = mem_printf("%s deployment", d->environment);
	AUTO(mem_auto_free) char *why = state_why(d);
	AUTO(mem_auto_free) char *text = NULL;
	struct state s;

	if (!model_deployment_is_over(d))
		return;
	state_of_deployment(d, &s);
	text = mem_printf("%s: %s of %s %s%s%s%s%s", d->environment, kind_name(d->kind), d->version, s.word,
	                  *s.more ? " " : "", s.more, *why ? ": " : "", why);
	say_once(p, c, key, text);
}

void plain_say_changes(struct plain_say *p, const struct console *c)
{
	const struct model_app *app = select_app(c);

	say_once(p, c, "\n link", c->connected ? "connected to the engine" : c->ever
	         ? "the engine is lost; trying again; no action is possible" : "");
	for (size_t i = 0; app && i < app->nenvironments; i++) {
		const struct model_environment *e = select_environment_at(app, (int64_t)i);

		say_environment(p, c, e);
		if (e->deployment.id)
			say_deployment(p, c, &e->deployment);
	}
	say_once(p, c, "\n message", c->messages.text ? c->messages.text : "");
	say_once(p, c, "\n config", c->status.nmistakes ? c->status.mistakes[0] : "");
}

void plain_say_status(struct plain_say *p, const struct console *c)
{
	for (size_t i = 0; i < p->n; i++)
		*p->said[i].text = '\0';
	plain_say_changes(p, c);
}

void plain_say_heartbeat(struct plain_say *p, const struct console *c)
{
	char age[CLOCK_AGE_SIZE];

	plain_say_line(p, c, "still here; the data is %s old", clock_age(c->now_ms - c->beat_ms, age));
}
