/*
 * fetch: what the console asks the engine for, coalesced: of each resource at most one request is under way, and one
 * more follows when it was dirtied meanwhile. A slow link thus carries no queue of answers that nobody wants any more.
 */
#ifndef VIEWS_FETCH_H
#define VIEWS_FETCH_H

#include <stdbool.h>

enum fetch_id {
	FETCH_STATUS, FETCH_BUILDS, FETCH_DEPLOYMENT, FETCH_RESULTS, FETCH_LOG, FETCH_HISTORY, FETCH_METRICS, FETCH_MATURITY,
	FETCH_CONSISTENCY, FETCH_GROUPS, FETCH_COUNT
};

struct fetch {
	unsigned request;        /* under way; 0: none */
	bool dirty;              /* wanted, or wanted again */
	bool outdated;           /* what is under way answers a question that is no longer asked */
	bool hurried;            /* a key, or the beginning, asked for it: its answer is drawn at once */
};

struct console;
struct console_event;
struct effects;

void fetch_want(struct console *c, enum fetch_id id);
void fetch_want_all(struct console *c);
/* The question itself changed (another deployment, another search): the answer under way is of no use. */
void fetch_renew(struct console *c, enum fetch_id id);
/* Every request under way is lost with the connection. */
void fetch_forget(struct console *c);
/* true when the event was the answer to one of these, and has been taken in. */
bool fetch_answer(struct console *c, const struct console_event *e);
/* Sends what the screen needs and is dirty. */
void fetch_pump(struct console *c, bool hurry, struct effects *effects);
char *fetch_build_path(const struct console *c, const char *version);     /* yours; the application must be known */
/* A journal row was committed: dirties what it concerns. */
void fetch_row(struct console *c, const char *type);

#endif
