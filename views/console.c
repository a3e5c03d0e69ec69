#include "views/console.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "tui/input.h"
#include "tui/list.h"
#include "views/act.h"
#include "views/surround.h"
#include "views/home.h"
#include "views/keypress.h"
#include "views/line.h"
#include "views/save.h"
#include "views/select.h"
#include "views/stack.h"
#include "views/view.h"

enum { WIDE_ROWS = 40, WIDE_COLS = 150 };

struct console *console_new(const struct console_options *options)
{
	static const struct theme plain = { .depth = THEME_MONO };
	struct console *c = mem_alloc(sizeof *c);

	c->ruler = canvas_new(options->theme ? options->theme : &plain, 1, 1);
	c->wanted_app = mem_dup(options->app);
	c->seed = mem_dup(options->seed ? options->seed : "");
	c->slow = options->slow;
	c->rows = options->rows;
	c->cols = options->cols;
	c->apps = list_new();
	c->environments = list_new();
	c->build_list = list_new();
	c->feature_list = list_new();
	c->waiting_list = list_new();
	c->history_list = list_new();
	c->result_list = list_new();
	c->log_wanted = -1;
	c->builds_asked = -1;
	c->log_view = (struct log_view){ .follow = true, .found = -1 };
	safety_init(&c->safety, options->read_only);
	c->restart.allowed = options->may_start && !options->read_only;
	fetch_want_all(c);
	stack_home(c, &view_releases);
	c->dirty = true;
	return c;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	stack_done(c);
	panel_close(c);
	line_close(c);
	act_forget_lookup(c);
	for (int kind = 0; kind < INTENT_KIND_COUNT; kind++) {
		intent_done(&c->offered[kind]);
		intent_done(&c->shown[kind]);
	}
	intent_done(&c->act.intent);
	safety_done(&c->safety);
	messages_done(&c->messages);
	model_status_done(&c->status);
	model_builds_done(&c->builds);
	model_deployment_done(&c->deployment);
	model_history_done(&c->history);
	model_delivery_done(&c->delivery);
	compare_done(&c->compare);
	model_releases_done(&c->releases);
	results_done(&c->results);
	logtext_done(&c->log);
	canvas_free(c->ruler);
	list_free(c->apps);
	free(c->fleet.filter);
	fleetrows_done(&c->fleet.rows);
	list_free(c->environments);
	list_free(c->build_list);
	list_free(c->feature_list);
	list_free(c->waiting_list);
	list_free(c->history_list);
	list_free(c->result_list);
	free(c->why);
	free(c->wanted_app);
	free(c->seed);
	free(c->down_why);
	free(c->results_build);
	free(c->app);
	free(c->query);
	free(c->filter);
	free(c->sorted);
	free(c->log_view.find);
	free(c->saving.file);
	free(c);
}

bool console_fits(const struct console *c)
{
	return c->rows >= CONSOLE_ROWS_MIN && c->cols >= CONSOLE_COLS_MIN;
}

bool console_is_wide(const struct console *c)
{
	return c->rows >= WIDE_ROWS && c->cols >= WIDE_COLS;
}

bool console_is_stale(const struct console *c)
{
	int64_t oldest = c->behind_ms && c->behind_ms < c->beat_ms ? c->behind_ms : c->beat_ms;

	return c->now_ms - oldest > SAFETY_STALE_MS;
}

int64_t console_known_ms(const struct console *c)
{
	return c->ever && !c->connected && !lookback_is_past(c) ? c->beat_wall_ms : c->wall_ms;
}

static void started(struct console *c, const struct err *err)
{
	restart_ended(&c->restart, c->now_ms, err);
	if (err && !c->connected) {
		messages_error(&c->messages, c->wall_ms, "%s", err->text);
		c->restart.said = true;
	}
	c->dirty = true;
}

static void connection(struct console *c, const struct console_event *e)
{
	c->connected = e->kind == EVENT_UP;
	/* Whatever was armed was armed for what was seen then. */
	act_disarm(c, SAFETY_BY_LINK);
	act_lost(c);
	fetch_forget(c);
	c->saving.request = 0;
	if (c->connected) {
		c->ever = true;
		c->beat_ms = c->now_ms;
		c->beat_wall_ms = c->wall_ms;
		c->behind_ms = 0;
		if (c->restart.said)
			messages_clear(&c->messages);
		if (restart_up(&c->restart, c->now_ms))
			messages_note(&c->messages, "the engine had died; this console started it again");
	} else {
		restart_down(&c->restart, c->now_ms);
		free(c->down_why);
		c->down_why = mem_dup(e->err ? e->err->text : "");
	}
	c->dirty = true;
}

/* Facts that are not in the journal are taken in as they come: no request for each. */
static void live(struct console *c, const json_t *data)
{
	int64_t id = json_int(data, "deployment", 0), size = json_int(data, "log_size", 0);

	for (size_t a = 0; a < c->status.napps; a++)
		for (size_t i = 0; i < c->status.apps[a].nenvironments; i++) {
			struct model_deployment *d = &c->status.apps[a].environments[i].deployment;

			if (d->id != id)
				continue;
			model_totals_read(json_object_get(data, "tests"), &d->tests);
			d->log_size = size > d->log_size ? size : d->log_size;
		}
	if (c->deployment.id == id)
		model_totals_read(json_object_get(data, "tests"), &c->deployment.tests);
	if (!c->results_build && c->results.deployment == id) {
		results_add(&c->results, json_object_get(data, "results"));
		if (results_lack(&c->results))
			fetch_want(c, FETCH_RESULTS);
	}
	if (c->log.deployment == id && size > c->log.size) {
		c->log.size = size;
		if (c->log_view.follow)
			fetch_want(c, FETCH_LOG);
	}
}

static void stream(struct console *c, const struct console_event *e)
{
	if (c->frozen || c->lookback.at)
		return;
	if (strcmp(e->name, "live") == 0)
		live(c, e->answer);
	else if (strcmp(e->name, "health") == 0)
		model_health_read(e->answer, &c->status);
	c->dirty = true;
}

static void answered(struct console *c, const struct console_event *e, struct effects *effects)
{
	bool is_status = c->fetches[FETCH_STATUS].request == e->request;

	if (act_answer(c, e, effects) || save_answer(c, e, effects))
		return;
	if (fetch_answer(c, e) && is_status && !c->fetches[FETCH_STATUS].dirty)
		c->behind_ms = 0;
}

static void saved(struct console *c, const struct console_event *e)
{
	if (e->err)
		messages_error(&c->messages, c->wall_ms, "%s", e->err->text);
	else
		messages_note(&c->messages, "%s", e->name);
	c->dirty = c->urgent = true;
}

static void resized(struct console *c, const struct console_event *e)
{
	c->rows = e->rows;
	c->cols = e->cols;
	c->dirty = c->urgent = true;
}

static void shown(struct console *c)
{
	for (int kind = 0; kind < INTENT_KIND_COUNT; kind++)
		intent_copy(&c->shown[kind], &c->offered[kind]);
	safety_seen(&c->safety, c->now_ms);
	panel_seen(c);
	c->dirty = c->urgent = false;
}

static void resumed(struct console *c)
{
	act_disarm(c, SAFETY_BY_SUSPEND);
	fetch_want_all(c);
	c->dirty = c->urgent = true;
}

static void take(struct console *c, const struct console_event *e, struct effects *effects)
{
	switch (e->kind) {
	case EVENT_INPUT: keypress_take(c, e->input, effects); break;
	case EVENT_TICK: c->dirty = true; break;
	case EVENT_RESIZE: resized(c, e); break;
	case EVENT_SHOWN: shown(c); break;
	case EVENT_ANSWER: answered(c, e, effects); break;
	case EVENT_ROW:
		/* What happens now is no news of then. */
		if (c->lookback.at)
			break;
		if (!c->behind_ms)
			c->behind_ms = c->now_ms;
		fetch_row(c, json_text(e->answer, "type"));
		break;
	case EVENT_STREAM: stream(c, e); break;
	case EVENT_UP: case EVENT_DOWN: connection(c, e); break;
	case EVENT_BEAT:
		c->beat_ms = c->now_ms;
		c->beat_wall_ms = c->wall_ms;
		break;
	case EVENT_RESUMED: resumed(c); break;
	case EVENT_SAVED: saved(c, e); break;
	case EVENT_STARTED: started(c, e->err); break;
	case EVENT_HANGUP:
		act_disarm(c, SAFETY_BY_HANGUP);
		effects_quit(effects, 129);
		break;
	}
}

/* What takes the ground from under a countdown wins over the countdown's end at the same moment. */
static bool comes_before_the_clock(const struct console_event *e)
{
	switch (e->kind) {
	case EVENT_INPUT:
		return e->input->kind == INPUT_KEY && (e->input->key == INPUT_ESC || e->input->key == INPUT_CTRL('C'));
	case EVENT_DOWN: case EVENT_RESUMED: case EVENT_HANGUP: case EVENT_RESIZE: case EVENT_ANSWER:
		return true;
	default:
		return false;
	}
}

/* What the screens look at follows the selection. */
static void follow_selection(struct console *c)
{
	const struct screen *screen = select_screen(c);
	int64_t id = select_deployment_id(c);

	if (screen->build ? !c->results_build || strcmp(c->results_build, screen->build) != 0
	                  : c->results_build || c->results.deployment != id) {
		results_done(&c->results);
		free(c->results_build);
		c->results_build = mem_dup(screen->build);
		c->results.deployment = screen->build ? 0 : id;
		fetch_renew(c, FETCH_RESULTS);
	}
	if (c->log.deployment != id) {
		logtext_begin(&c->log, id);
		c->log_wanted = -1;
		c->log_view.follow = true;
		c->log_view.found = -1;
		fetch_renew(c, FETCH_LOG);
	}
	if (screen->deployment && c->deployment_wanted != screen->deployment) {
		c->deployment_wanted = screen->deployment;
		model_deployment_done(&c->deployment);
		fetch_renew(c, FETCH_DEPLOYMENT);
	}
}

static void settle(struct console *c, bool hurry, struct effects *effects)
{
	const struct view *view;
	int64_t first, n;

	home_settle(c);
	act_settle(c);
	follow_selection(c);
	view = select_screen(c)->view;
	if (view->layout)
		view->layout(c, surround_body_rows(c), c->cols);
	/* Once for each place: an engine that does not have what its total promises is not asked for ever. */
	if (!list_wants(c->build_list, &first, &n))
		c->builds_asked = -1;
	else if (first != c->builds_asked) {
		c->builds_asked = first;
		fetch_want(c, FETCH_BUILDS);
	}
	fetch_pump(c, hurry, effects);
	for (int kind = INTENT_DEPLOY; kind < INTENT_KIND_COUNT; kind++)
		select_intent(c, (enum intent_kind)kind, &c->offered[kind]);
	for (int kind = INTENT_DEPLOY; kind < INTENT_KIND_COUNT; kind++)
		if (!surround_offers(c, (enum intent_kind)kind))
			intent_done(&c->offered[kind]);
	if (c->connected && console_is_stale(c) != c->was_stale)
		c->dirty = true;
	c->was_stale = c->connected && console_is_stale(c);
}

void console_step(struct console *c, const struct console_event *e, struct effects *ret)
{
	bool first = comes_before_the_clock(e), hurry = e->kind == EVENT_INPUT || e->kind == EVENT_UP;

	c->now_ms = e->now_ms;
	c->clock_ms = e->wall_ms;
	c->wall_ms = lookback_wall_ms(c, e->wall_ms);
	/* An answer that was hurried for may need others for its screen. */
	for (int i = 0; e->kind == EVENT_ANSWER && i < FETCH_COUNT; i++)
		hurry = hurry || (c->fetches[i].request == e->request && c->fetches[i].hurried);
	if (first && safety_is_counting(&c->safety)) {
		take(c, e, ret);
		act_settle(c);
		act_tick(c, ret);
	} else {
		act_tick(c, ret);
		take(c, e, ret);
	}
	if (restart_due(&c->restart, c->now_ms))
		effects_simple(ret, EFFECT_START);
	settle(c, hurry, ret);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t console_next_ms(const struct console *c)
{
	const struct model_deployment *d = select_deployment(c);
	int64_t next = safety_next_ms(&c->safety, c->now_ms);

	if (c->connected && !c->was_stale)
		next = sooner(next, c->beat_ms + SAFETY_STALE_MS + 1 - c->now_ms);
	/* A lost engine's banner tells the data's age, a running deployment its time: each changes once a second. */
	if (c->ever && !c->connected)
		next = sooner(next, c->slow ? 5000 : 1000);
	next = sooner(next, restart_next_ms(&c->restart, c->now_ms));
	if (c->connected && d && d->state != DEPLOYMENT_QUEUED && !model_deployment_is_over(d) && d->started && !c->frozen &&
	    !c->lookback.at && surround_shows_time(c))
		next = sooner(next, 1000 - (c->wall_ms - d->started) % 1000);
	return next < -1 ? 0 : next;
}
