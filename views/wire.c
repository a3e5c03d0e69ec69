#include "views/wire.h"

#include <stdlib.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "backend/client/client.h"

/* A request under way: its number finds the way back into the core. */
struct pending { struct wire *wire; unsigned request; struct pending *next; };

struct wire {
	struct client *client;
	struct client_stream *stream;
	struct pending *pending;
	wire_fn fn;
	void *arg;
};

static void tell(struct wire *w, struct console_event e)
{
	e.now_ms = clock_mono_ms();
	e.wall_ms = clock_wall_ms();
	w->fn(w->arg, &e);
}

static void stream_row(void *arg, const json_t *row)
{
	tell(arg, (struct console_event){ .kind = EVENT_ROW, .answer = row });
}

static void stream_event(void *arg, const char *event, const json_t *data)
{
	tell(arg, (struct console_event){ .kind = EVENT_STREAM, .name = event, .answer = data });
}

static void stream_up(void *arg)
{
	tell(arg, (struct console_event){ .kind = EVENT_UP });
}

static void stream_down(void *arg, const struct err *why)
{
	tell(arg, (struct console_event){ .kind = EVENT_DOWN, .err = why });
}

static void stream_beat(void *arg)
{
	tell(arg, (struct console_event){ .kind = EVENT_BEAT });
}

struct wire *wire_new(struct loop *loop, const char *socket, wire_fn fn, void *arg)
{
	static const struct client_stream_fns fns = {
		.row = stream_row, .event = stream_event, .up = stream_up, .down = stream_down, .beat = stream_beat,
	};
	struct wire *w = mem_alloc(sizeof *w);

	*w = (struct wire){ .client = client_new(loop, socket), .fn = fn, .arg = arg };
	w->stream = client_stream_new(w->client, -1, &fns, w);
	return w;
}

void wire_free(struct wire *w)
{
	if (!w)
		return;
	client_stream_free(w->stream);
	client_free(w->client);
	while (w->pending) {
		struct pending *next = w->pending->next;

		free(w->pending);
		w->pending = next;
	}
	free(w);
}

void wire_retry(struct wire *w)
{
	client_stream_retry(w->stream);
}

static void answered(void *arg, int status, const json_t *answer, const struct err *err)
{
	struct pending *p = arg, **at = &p->wire->pending;
	struct wire *w = p->wire;
	unsigned request = p->request;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p);
	tell(w, (struct console_event){ .kind = EVENT_ANSWER, .request = request, .status = status, .answer = answer,
	                                .err = err });
}

void wire_send(struct wire *w, struct effect *effect)
{
	struct pending *p = mem_alloc(sizeof *p);
	json_t *body = effect->body;

	effect->body = NULL;
	*p = (struct pending){ .wire = w, .request = effect->request, .next = w->pending };
	w->pending = p;
	client_send(w->client, effect->method, effect->path, body, answered, p);
}
