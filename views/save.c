#include "views/save.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "views/console.h"
#include "views/select.h"

enum { SAVE_PIECE = 1024 * 1024 };

static void done(struct console *c)
{
	free(c->saving.file);
	c->saving = (struct saving){ 0 };
}

static void ask(struct console *c, struct effects *effects)
{
	c->saving.request = ++c->last_request;
	effects_send(effects, c->saving.request, "GET",
	             mem_printf("/v1/deployments/%" PRId64 "/log?from=%" PRId64 "&limit=%d", c->saving.deployment,
	                        c->saving.at, SAVE_PIECE), NULL);
}

void save_begin(struct console *c, struct effects *effects)
{
	int64_t id = select_deployment_id(c);

	if (!id || !c->connected) {
		messages_refusal(&c->messages, c->wall_ms, "save: there is no log to save now");
		return;
	}
	done(c);
	c->saving.deployment = id;
	c->saving.file = mem_printf("slipway-%" PRId64 ".log", id);
	ask(c, effects);
}

bool save_answer(struct console *c, const struct console_event *e, struct effects *effects)
{
	const char *text = json_text(e->answer, "text"), *last;
	int64_t end;
	size_t len;
	bool is_first = c->saving.at == 0, more;

	if (!c->saving.request || e->request != c->saving.request)
		return false;
	c->saving.request = 0;
	if (e->err) {
		messages_error(&c->messages, c->wall_ms, "save: %s", e->err->text);
		done(c);
		return true;
	}
	end = json_int(e->answer, "next", c->saving.at + (int64_t)strlen(text));
	more = end < json_int(e->answer, "size", 0) && end > c->saving.at;
	/* A piece ends with a line, so that no escape sequence is cut in two and so gets past the filter. */
	last = more ? strrchr(text, '\n') : NULL;
	len = last ? (size_t)(last - text) + 1 : strlen(text);
	{
		AUTO(mem_auto_free) char *raw = mem_dupn(text, len);

		effects_save(effects, c->saving.file, clean_dup(raw, CLEAN_TEXT), !is_first);
	}
	c->saving.at = last ? end - (int64_t)strlen(last + 1) : end;
	if (more)
		ask(c, effects);
	else
		done(c);
	return true;
}
