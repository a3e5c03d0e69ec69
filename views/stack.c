#include "views/stack.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "views/console.h"
#include "views/view.h"

static void entered(struct console *c)
{
	const struct view *view = c->stack[c->depth - 1].view;

	c->scroll.top = 0;
	if (view->enter)
		view->enter(c);
	c->dirty = true;
}

static bool is_same(const struct screen *s, const struct view *view, int64_t deployment, const char *build)
{
	return s->view == view && s->deployment == deployment && !s->build == !build &&
	       (!build || strcmp(s->build, build) == 0);
}

void stack_push(struct console *c, const struct view *view, int64_t deployment, const char *build)
{
	struct screen *top = &c->stack[c->depth - 1];

	if (is_same(top, view, deployment, build))
		return;
	/* Walking around between the screens of a deployment does not dig ever deeper. */
	for (size_t i = 1; i < c->depth; i++)
		if (is_same(&c->stack[i], view, deployment, build)) {
			while (c->depth > i + 1)
				free(c->stack[--c->depth].build);
			entered(c);
			return;
		}
	if (c->depth == CONSOLE_DEPTH) {
		free(c->stack[1].build);
		memmove(&c->stack[1], &c->stack[2], (CONSOLE_DEPTH - 2) * sizeof c->stack[0]);
		c->depth--;
	}
	c->stack[c->depth++] = (struct screen){ .view = view, .deployment = deployment, .build = mem_dup(build) };
	entered(c);
}

bool stack_pop(struct console *c)
{
	if (c->depth <= 1)
		return false;
	free(c->stack[--c->depth].build);
	c->stack[c->depth].build = NULL;
	entered(c);
	return true;
}

void stack_home(struct console *c, const struct view *view)
{
	stack_done(c);
	c->stack[0] = (struct screen){ .view = view };
	c->depth = 1;
	entered(c);
}

void stack_done(struct console *c)
{
	while (c->depth)
		free(c->stack[--c->depth].build);
}
