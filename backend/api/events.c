#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "backend/api/server_priv.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"

/*
 * A reader first gets the backlog, one page at a time and the next one when it has read most of the last, then what is
 * committed as it is committed. Its connection is taken over from evhttp: it watches a connection that is being
 * answered only while it writes, and ends the process when such a caller sends something.
 */
enum {
	BEAT_MS = 10000,
	PAGE = 500,
	LOW_WATER = 64 * 1024,         /* bytes still unread when the next page is fetched */
	UNREAD_MAX = 1024 * 1024,      /* a live reader that is further behind is cut off; it resumes from its last row */
	STALLED_BEATS = 3              /* a reader that took nothing for so long has gone */
};

struct reader {
	struct events *events;
	struct reader *next;
	struct evhttp_connection *connection;
	struct bufferevent *bev;
	int64_t last;                  /* sequence number of the last row in its buffer */
	bool behind;                   /* in the backlog: live rows reach it from the journal */
	bool waits;                    /* for the next page to be kept */
	size_t added;                  /* bytes put into its buffer so far */
	size_t taken;                  /* as of the last beat */
	int stalled;
};

struct events {
	struct loop *loop;
	struct engine *engine;
	struct reader *readers;
	struct reader *gone;           /* cut off; freed from the loop, because libevent may be calling them */
	struct loop_timer *bury;
	struct loop_timer *beat;
	int64_t beat_ms;
};

static void add(struct reader *r, const char *text, size_t len)
{
	if (bufferevent_write(r->bev, text, len) == 0)
		r->added += len;
}

static size_t unread(const struct reader *r)
{
	return evbuffer_get_length(bufferevent_get_output(r->bev));
}

static void cut_off(struct reader *r)
{
	for (struct reader **p = &r->events->readers; *p; p = &(*p)->next) {
		if (*p == r) {
			*p = r->next;
			break;
		}
	}
	if (r->waits)
		engine_forget_kept(r->events->engine, r);
	bufferevent_setcb(r->bev, NULL, NULL, NULL, NULL);
	bufferevent_disable(r->bev, EV_READ | EV_WRITE);
	r->next = r->events->gone;
	r->events->gone = r;
	loop_timer_set(r->events->bury, 0);
}

static void bury(void *arg)
{
	struct events *e = arg;

	while (e->gone) {
		struct reader *r = e->gone;

		e->gone = r->next;
		evhttp_connection_free(r->connection);
		free(r);
	}
}

static char *row_text(const json_t *row)
{
	AUTO(mem_auto_free) char *line = json_line(row);

	return mem_printf("id: %lld\nevent: journal\ndata: %s\n\n", (long long)json_int(row, "seq", 0), line);
}

static void add_row(struct reader *r, const json_t *row, const char *text)
{
	add(r, text, strlen(text));
	r->last = json_int(row, "seq", r->last);
}

/* One page of the backlog. */
static void add_page(struct reader *r)
{
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct err err = { 0 };
	const json_t *rows, *row;
	size_t i;

	if (!engine_journal(r->events->engine, r->last, PAGE, &answer, &err)) {
		log_line(LOG_LEVEL_ERROR, "event stream: %s", err.text);
		cut_off(r);
		return;
	}
	rows = json_object_get(answer, "rows");
	json_array_foreach(rows, i, row) {
		AUTO(mem_auto_free) char *text = row_text(row);

		add_row(r, row, text);
	}
	if (json_array_size(rows) < PAGE)
		r->behind = false;
}

static void page_kept(void *arg, const struct err *err)
{
	struct reader *r = arg;

	r->waits = false;
	if (!err)
		add_page(r);
	else
		cut_off(r);
}

static void reader_wrote(struct bufferevent *bev, void *arg)
{
	struct reader *r = arg;
	struct loop *loop = r->events->loop;
	struct loop_mark mark = loop_begin(loop);

	(void)bev;
	if (r->behind && !r->waits && engine_is_kept(r->events->engine)) {
		add_page(r);
	} else if (r->behind && !r->waits) {
		r->waits = true;
		engine_when_kept(r->events->engine, page_kept, r);
	}
	loop_account(loop, mark, "the event stream's backlog");
}

/* What a reader sends means nothing. */
static void reader_sent(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);

	(void)arg;
	evbuffer_drain(in, evbuffer_get_length(in));
}

static void reader_gone(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	cut_off(arg);
}

void events_add(struct events *e, struct evhttp_connection *connection, int64_t since)
{
	struct reader *r = mem_alloc(sizeof *r);
	AUTO(mem_auto_free) char *head = mem_printf("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
		"Cache-Control: no-store\r\nConnection: close\r\n\r\n: beat\nid: %lld\n\n", (long long)since);

	*r = (struct reader){ .events = e, .next = e->readers, .connection = connection, .last = since, .behind = true,
	                      .bev = evhttp_connection_get_bufferevent(connection) };
	e->readers = r;
	bufferevent_setcb(r->bev, reader_sent, reader_wrote, reader_gone, r);
	bufferevent_set_timeouts(r->bev, NULL, NULL);
	bufferevent_setwatermark(r->bev, EV_WRITE, LOW_WATER, 0);
	bufferevent_enable(r->bev, EV_READ | EV_WRITE);
	/* The first page comes from the write callback, when this has left. */
	add(r, head, strlen(head));
	if (!loop_timer_armed(e->beat))
		loop_timer_set(e->beat, e->beat_ms);
}

/* Adds for a reader that keeps up; cuts off one that does not. */
static void add_live(struct reader *r, const char *text)
{
	if (unread(r) + strlen(text) > UNREAD_MAX)
		cut_off(r);
	else
		add(r, text, strlen(text));
}

static void on_row(void *arg, const json_t *row)
{
	struct events *e = arg;
	int64_t seq = json_int(row, "seq", 0);
	AUTO(mem_auto_free) char *text = row_text(row);

	for (struct reader *r = e->readers, *next; r; r = next) {
		next = r->next;
		if (r->behind || seq <= r->last)
			continue;
		r->last = seq;
		add_live(r, text);
	}
}

static void on_event(void *arg, const char *event, const json_t *data)
{
	struct events *e = arg;
	AUTO(mem_auto_free) char *line = NULL;
	AUTO(mem_auto_free) char *text = NULL;

	if (!e->readers)
		return;
	line = json_line(data);
	text = mem_printf("event: %s\ndata: %s\n\n", event, line);
	for (struct reader *r = e->readers, *next; r; r = next) {
		next = r->next;
		if (!r->behind)
			add_live(r, text);
	}
}

/* false: the reader took nothing for too long and is gone. */
static bool still_reads(struct reader *r)
{
	size_t taken = r->added - unread(r);

	r->stalled = unread(r) > 0 && taken == r->taken ? r->stalled + 1 : 0;
	r->taken = taken;
	if (r->stalled < STALLED_BEATS)
		return true;
	cut_off(r);
	return false;
}

static void beat(void *arg)
{
	static const char text[] = ": beat\n\n";
	struct events *e = arg;

	for (struct reader *r = e->readers, *next; r; r = next) {
		next = r->next;
		/* Without a reader's progress more beats would only fill its buffer. */
		if (still_reads(r) && !r->stalled)
			add(r, text, sizeof text - 1);
	}
	if (e->readers)
		loop_timer_set(e->beat, e->beat_ms);
}

struct events *events_new(struct loop *loop, struct engine *engine)
{
	struct events *e = mem_alloc(sizeof *e);

	*e = (struct events){ .loop = loop, .engine = engine, .beat_ms = BEAT_MS };
	e->bury = loop_timer_new(loop, bury, e);
	e->beat = loop_timer_new(loop, beat, e);
	engine_listen(engine, on_event, on_row, e);
	return e;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	engine_listen(e->engine, NULL, NULL, NULL);
	while (e->readers)
		cut_off(e->readers);
	bury(e);
	loop_timer_free(e->bury);
	loop_timer_free(e->beat);
	free(e);
}

void events_set_beat(struct events *e, int64_t ms)
{
	e->beat_ms = ms;
	if (e->readers)
		loop_timer_set(e->beat, ms);
}

int events_count(const struct events *e)
{
	int n = 0;

	for (const struct reader *r = e->readers; r; r = r->next)
		n++;
	return n;
}
