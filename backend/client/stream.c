#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"
#include "backend/client/client_priv.h"
#include "backend/client/link.h"
#include "backend/proto/api.h"

enum {
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MOST_MS = 5000,
	SILENCE_MS = 25000,      /* two beats and a half: the other side is stuck or gone */
	EVENT_NAME_SIZE = 32
};

struct client_stream {
	struct client *client;
	struct client_stream *next;
	struct client_stream_fns fns;
	void *arg;
	int64_t last;            /* sequence number of the last row handed over; -1: none yet, start at the end */
	struct link *link;
	struct loop_timer *retry;
	struct loop_timer *silence;
	int64_t backoff_ms;
	int status;
	struct buf line;         /* of an event stream; of an error answer: its body */
	struct buf data;
	char event[EVENT_NAME_SIZE];
	int64_t id;              /* of the event being read, -1 none */
	bool busy, freed;
};

static void connect_now(void *arg);

static void destroy(struct client_stream *s)
{
	link_free(s->link);
	loop_timer_free(s->retry);
	loop_timer_free(s->silence);
	buf_done(&s->line);
	buf_done(&s->data);
	free(s);
}

void client_stream_free(struct client_stream *s)
{
	if (!s || s->freed)
		return;
	for (struct client_stream **p = client_streams(s->client); *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			break;
		}
	}
	s->freed = true;
	if (!s->busy)
		destroy(s);
}

static void wait_and_retry(struct client_stream *s)
{
	link_free(s->link);
	s->link = NULL;
	loop_timer_stop(s->silence);
	loop_timer_set(s->retry, s->backoff_ms);
	s->backoff_ms = s->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : s->backoff_ms * 2;
}

static void lost(struct client_stream *s, const struct err *err)
{
	wait_and_retry(s);
	if (s->fns.down)
		s->fns.down(s->arg, err);
}

static void hand_over(struct client_stream *s, const json_t *data)
{
	if (strcmp(s->event, "journal") != 0) {
		if (s->fns.event)
			s->fns.event(s->arg, s->event, data);
		return;
	}
	/* After a reconnect nothing comes twice, whatever the other side sends. */
	if (s->id <= s->last)
		return;
	s->last = s->id;
	if (s->fns.row)
		s->fns.row(s->arg, data);
}

static void event_ended(struct client_stream *s)
{
	if (s->data.len && s->event[0]) {
		AUTO(json_auto_decref) json_t *data = json_read(s->data.data, s->data.len, NULL);

		if (data)
			hand_over(s, data);
	} else if (s->id > s->last) {
		s->last = s->id;     /* an id alone: where the stream stands */
	}
	if (s->freed)
		return;
	buf_clear(&s->data);
	s->event[0] = '\0';
	s->id = -1;
}

/* One line of an event stream (WHATWG, server-sent events); data lines are joined by a newline. */
static bool line_ended(struct client_stream *s)
{
	char *line = s->line.data, *colon = strchr(line, ':');
	const char *value = "";

	if (s->line.len == 0) {
		event_ended(s);
		return true;
	}
	if (colon == line)
		return true;         /* a comment: the beat */
	if (colon) {
		*colon = '\0';
		value = colon + 1 + (colon[1] == ' ');
	}
	if (strcmp(line, "id") == 0) {
		s->id = strtoll(value, NULL, 10);
	} else if (strcmp(line, "event") == 0) {
		size_t n = strnlen(value, EVENT_NAME_SIZE - 1);

		memcpy(s->event, value, n);
		s->event[n] = '\0';
	} else if (strcmp(line, "data") == 0) {
		return (s->data.len == 0 || buf_add(&s->data, "\n", 1)) && buf_add_text(&s->data, value);
	}
	return true;
}

static bool stream_lines(struct client_stream *s, const char *data, size_t len)
{
	while (len > 0 && !s->freed) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;

		if (!buf_add(&s->line, data, n))
			return false;
		data += n;
		len -= n;
		if (!newline)
			break;
		data++;
		len--;
		if (!line_ended(s))
			return false;
		if (!s->freed)
			buf_clear(&s->line);
	}
	return true;
}

/* Every callback of the link comes between these two, so that ours may free the stream. */
static void enter(struct client_stream *s)
{
	s->busy = true;
}

static void leave(struct client_stream *s)
{
	s->busy = false;
	if (s->freed)
		destroy(s);
}

static void stream_head(void *arg, int status)
{
	struct client_stream *s = arg;

	s->status = status;
	loop_timer_set(s->silence, SILENCE_MS);
	if (status != 200)
		return;
	s->backoff_ms = BACKOFF_FIRST_MS;
	enter(s);
	if (s->fns.up)
		s->fns.up(s->arg);
	leave(s);
}

static bool stream_body(void *arg, const char *data, size_t len, struct err *err)
{
	struct client_stream *s = arg;
	bool fits;

	if (s->status != 200)
		return buf_add(&s->line, data, len) || err_set(err, ERR_TOO_BIG, "the engine's answer is too large");
	enter(s);
	loop_timer_set(s->silence, SILENCE_MS);
	if (s->fns.beat)
		s->fns.beat(s->arg);
	fits = s->freed || stream_lines(s, data, len);
	leave(s);
	return fits || err_set(err, ERR_TOO_BIG, "an event is larger than %u bytes", API_BODY_MAX);
}

static void stream_end(void *arg, const struct err *err)
{
	struct client_stream *s = arg;
	struct err why = { 0 };

	if (err)
		why = *err;
	else if (s->status != 200)
		client_error_of(s->status, s->line.data, s->line.len, &why);
	else
		err_set(&why, ERR_UNREACHABLE, "the engine ended the event stream");
	/* A journal that ends before our last row is another one (the workspace was begun anew): follow that. */
	if (why.kind == ERR_STALE)
		s->last = -1;
	enter(s);
	lost(s, &why);
	leave(s);
}

static void fell_silent(void *arg)
{
	struct client_stream *s = arg;
	struct err why = { 0 };

	err_set(&why, ERR_UNREACHABLE, "nothing came from the engine for %d s", SILENCE_MS / 1000);
	enter(s);
	lost(s, &why);
	leave(s);
}

static const struct link_fns stream_link_fns = { stream_head, stream_body, stream_end };

static void connect_now(void *arg)
{
	struct client_stream *s = arg;
	AUTO(mem_auto_free) char *path = mem_printf("/v1/events?since=%lld", (long long)s->last);
	char *request = client_request("GET", path, "text/event-stream", NULL);

	loop_timer_stop(s->retry);
	link_free(s->link);
	buf_clear(&s->line);
	buf_clear(&s->data);
	s->event[0] = '\0';
	s->id = -1;
	s->status = 0;
	loop_timer_set(s->silence, SILENCE_MS);
	s->link = link_new(client_loop(s->client), client_path(s->client), request, strlen(request), &stream_link_fns, s);
}

struct client_stream *client_stream_new(struct client *c, int64_t since, const struct client_stream_fns *fns, void *arg)
{
	struct client_stream *s = mem_alloc(sizeof *s);
	struct client_stream **list = client_streams(c);

	*s = (struct client_stream){ .client = c, .next = *list, .fns = *fns, .arg = arg, .last = since,
	                             .backoff_ms = BACKOFF_FIRST_MS, .id = -1 };
	*list = s;
	buf_init(&s->line, API_BODY_MAX);
	buf_init(&s->data, API_BODY_MAX);
	s->retry = loop_timer_new(client_loop(c), connect_now, s);
	s->silence = loop_timer_new(client_loop(c), fell_silent, s);
	connect_now(s);
	return s;
}

void client_stream_retry(struct client_stream *s)
{
	if (s->link)
		return;
	s->backoff_ms = BACKOFF_FIRST_MS;
	connect_now(s);
}
