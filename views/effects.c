#include "views/effects.h"

#include <stdlib.h>

#include "backend/base/mem.h"

void effects_done(struct effects *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->items[i].path);
		json_decref(e->items[i].body);
		free(e->items[i].text);
		free(e->items[i].file);
	}
	free(e->items);
	*e = (struct effects){ 0 };
}

static struct effect *add(struct effects *e, enum effect_kind kind)
{
	e->items = mem_grow(e->items, e->n, &e->cap, sizeof *e->items);
	e->items[e->n] = (struct effect){ .kind = kind };
	return &e->items[e->n++];
}

void effects_send(struct effects *e, unsigned request, const char *method, char *take_path, json_t *take_body)
{
	struct effect *effect = add(e, EFFECT_SEND);

	effect->request = request;
	effect->method = method;
	effect->path = take_path;
	effect->body = take_body;
}

void effects_quit(struct effects *e, int code)
{
	add(e, EFFECT_QUIT)->code = code;
}

void effects_copy(struct effects *e, char *take_text)
{
	add(e, EFFECT_COPY)->text = take_text;
}

void effects_save(struct effects *e, const char *file, char *take_text, bool append)
{
	struct effect *effect = add(e, EFFECT_SAVE);

	effect->file = mem_dup(file);
	effect->text = take_text;
	effect->append = append;
}

void effects_simple(struct effects *e, enum effect_kind kind)
{
	add(e, kind);
}
