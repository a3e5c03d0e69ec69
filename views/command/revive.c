#include "views/command/revive.h"

#include "backend/base/loop.h"
#include "backend/client/client.h"
#include "backend/client/workspace.h"
#include "views/command/call.h"

enum { TRIES = 5, PAUSE_MS = 100 };      /* 0.1 s, 0.2 s … 1.6 s, and what each start takes */

static void try_again(void *arg)
{
	struct revive *r = arg;

	if (workspace_start_engine(&r->call->workspace, &r->err)) {
		client_stream_retry(r->stream);
		return;
	}
	if (r->tries < TRIES) {
		loop_timer_set(r->timer, (int64_t)PAUSE_MS << r->tries++);
		return;
	}
	r->gave_up = true;
	loop_stop(r->call->loop);
}

void revive_init(struct revive *r, struct call *call)
{
	*r = (struct revive){ .call = call };
	r->timer = loop_timer_new(call->loop, try_again, r);
}

void revive_done(struct revive *r)
{
	loop_timer_free(r->timer);
	*r = (struct revive){ 0 };
}

void revive_up(struct revive *r)
{
	if (r->lost)
		call_note(r->call, "the engine is back");
	r->lost = false;
	r->tries = 0;
	loop_timer_stop(r->timer);
}

void revive_down(struct revive *r, const struct err *why)
{
	if (!r->lost)
		call_note(r->call, "the engine is lost (%s); what it began goes on or is undone when it is back", why->text);
	r->lost = true;
	if (!loop_timer_armed(r->timer))
		loop_timer_set(r->timer, (int64_t)PAUSE_MS << (r->tries < TRIES ? r->tries : TRIES));
}
