/*
 * console: the pure core: console_step(state, event) changes the state and says what is to be done in the world. No
 * terminal, no socket, no clock: the time comes with each event. Screens (view.h) draw from a const console.
 *
 * The shell tells with EVENT_SHOWN that a frame has reached the terminal. Only what was on that frame can be acted on:
 * a key that was pressed for 2.14.0 on prod never does anything to what replaced it a moment before.
 */
#ifndef VIEWS_CONSOLE_H
#define VIEWS_CONSOLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "views/compare.h"
#include "views/effects.h"
#include "views/fetch.h"
#include "views/fleetrows.h"
#include "views/intent.h"
#include "views/logtext.h"
#include "views/lookback.h"
#include "views/message.h"
#include "views/model.h"
#include "views/model_delivery.h"
#include "views/model_release.h"
#include "views/panel.h"
#include "views/restart.h"
#include "views/results.h"
#include "views/safety.h"

struct canvas;
struct input_event;
struct list;
struct prompt;
struct theme;
struct view;

enum { CONSOLE_ROWS_MIN = 15, CONSOLE_COLS_MIN = 60, CONSOLE_DEPTH = 8, CONSOLE_HISTORY_PAGE = 100 };

enum event_kind {
	EVENT_INPUT,         /* `input` */
	EVENT_TICK,          /* the time that console_next_ms named has come */
	EVENT_RESIZE,        /* `rows`, `cols` */
	EVENT_SHOWN,         /* the frame drawn last is on the terminal */
	EVENT_ANSWER,        /* to `request`: `answer`, or `err` (and the engine's whole error as `answer`) */
	EVENT_ROW,           /* a journal row: `answer` */
	EVENT_STREAM,        /* `name` "live" or "health": `answer` */
	EVENT_UP, EVENT_DOWN /* `err` */, EVENT_BEAT,
	EVENT_RESUMED,       /* the process was stopped and goes on */
	EVENT_STARTED,       /* EFFECT_START: `err` says why not */
	EVENT_SAVED,         /* EFFECT_SAVE and EFFECT_COPY: `name` says what was done, `err` why not */
	EVENT_HANGUP         /* the terminal is gone */
};

struct console_event {
	enum event_kind kind;
	int64_t now_ms;              /* monotonic */
	int64_t wall_ms;
	const struct input_event *input;
	int rows, cols;
	unsigned request;
	int status;
	const json_t *answer;
	const struct err *err;       /* NULL: it went well */
	const char *name;
};

struct console_options {
	const char *app;             /* --app; NULL: the only one, or the fleet */
	const char *seed;            /* 128 random bits in hex: makes the idempotency keys */
	const struct theme *theme;   /* of the terminal; copied; NULL: no colours, UTF-8 */
	bool read_only;
	bool may_start;              /* the engine, when it dies */
	bool slow;
	int rows, cols;
};

/* One level of the way that Enter goes in and Esc goes back. */
struct screen {
	const struct view *view;
	int64_t deployment;          /* whose; 0: the one that the home screen shows */
	char *build;                 /* Tests of a build; NULL */
};

/* Where a text is read: shared by the screens that scroll text instead of selecting rows. */
struct scroll { int top; };

struct log_view {
	bool follow, wrap, times;
	int64_t top;                 /* offset of the first line shown */
	int left;                    /* columns cut off on the left */
	char *find;                  /* NULL: no search */
	int64_t found;               /* offset of the line found; -1 none */
};

/* The fleet as it is looked at; `rows` as of the last layout. */
struct fleet_view { char *filter; enum fleet_order order; int left; struct fleetrows rows; };

/* A log that is being written to a file, piece by piece. */
struct saving { int64_t deployment; int64_t at; unsigned request; char *file; };

/* `:deploy VERSION ENVIRONMENT [at TIME]` asks the engine for the build's digest first. */
struct lookup { unsigned request; char *version, *environment; int64_t at; };

struct console {
	char *wanted_app, *seed;
	bool slow;
	int rows, cols;
	int64_t now_ms, wall_ms;     /* wall_ms: of what is looked at, see lookback.h */
	int64_t clock_ms;            /* the wall clock's own */
	struct lookback lookback;
	struct canvas *ruler;        /* never drawn on: tells how wide a text is on this terminal */

	bool connected;              /* the event stream is up */
	bool ever;                   /* it was up once */
	int64_t beat_ms;             /* when anything came last; monotonic */
	int64_t beat_wall_ms;
	char *down_why;
	struct restart restart;
	int64_t behind_ms;           /* since when a row is known that the status does not tell yet; 0: it tells all */
	bool was_stale;              /* when the last step ended */

	struct model_status status;
	struct model_builds builds;
	int64_t builds_asked;        /* the place in the list that was asked for last; -1 none */
	struct model_deployment deployment;      /* one that is not in status: … */
	int64_t deployment_wanted;               /* … this one */
	struct model_history history;
	bool history_end;            /* no older ones exist */
	bool history_older;          /* the request under way asks for older ones */
	struct model_delivery delivery;
	struct compare compare;
	struct model_releases releases;          /* of several applications together */
	struct results results;
	char *results_build;         /* results are a build's; NULL: a deployment's */
	struct logtext log;
	int64_t log_wanted;          /* offset to ask for; -1: the end */
	struct fetch fetches[FETCH_COUNT];

	char *app;                   /* the application looked at; NULL: none yet */
	struct list *apps, *environments, *build_list, *feature_list, *waiting_list, *history_list, *result_list;
	bool builds_focused;
	char *query;                 /* the builds' filter; NULL none */
	char *filter;                /* of tests and history; NULL none */
	enum results_order order;
	size_t *sorted;              /* indexes into results, as the Tests screen shows them */
	size_t nsorted;

	struct screen stack[CONSOLE_DEPTH];
	size_t depth;
	struct log_view log_view;
	struct scroll scroll;
	struct fleet_view fleet;

	struct safety safety;
	struct intent offered[INTENT_KIND_COUNT];        /* what the frame being drawn offers */
	struct intent shown[INTENT_KIND_COUNT];          /* what the frame on the terminal offers */
	struct panel panel;
	char *why;                   /* the reason that goes with the next action; NULL */
	struct prompt *line;         /* `:` or `/`; NULL */
	char completion[PROMPT_MAX]; /* the one that was offered last */
	bool line_is_search;
	struct messages messages;
	bool frozen;

	struct { unsigned request; struct intent intent; } act;     /* the last one sent; request 0: answered */
	unsigned acts;               /* sent in this session: makes the keys differ */
	struct lookup lookup;
	struct saving saving;
	unsigned last_request;
	char id_text[24];            /* of a list's item that has a number for a name (select.c) */

	bool dirty;                  /* something that is on the screen changed */
	bool urgent;                 /* … by a key: draw now */
};

struct console *console_new(const struct console_options *options);
void console_free(struct console *c);

void console_step(struct console *c, const struct console_event *e, struct effects *ret);
/* Milliseconds until the next EVENT_TICK is due; -1: none, sleep until something happens. */
int64_t console_next_ms(const struct console *c);

/* Draws the whole screen into a cleared canvas of rows × cols. */
void console_draw(const struct console *c, struct canvas *canvas);
bool console_fits(const struct console *c);      /* large enough to show what would happen */
bool console_is_wide(const struct console *c);   /* three columns over a live log */
bool console_is_stale(const struct console *c);  /* the data is older than SAFETY_STALE_MS */
/* Up to when it is known that what runs still runs: now, or when the engine was heard last. */
int64_t console_known_ms(const struct console *c);

#endif
