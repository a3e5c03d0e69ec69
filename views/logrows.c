#include "views/logrows.h"

#include "backend/base/mem.h"
#include "tui/canvas.h"
#include "views/console.h"

enum { TIME_COLS = 9 };

size_t logrows_bottom(const struct console *c, int rows, int cols)
{
	int width = cols - 2 - (c->log_view.times ? TIME_COLS : 0), used = 0;
	size_t line = c->log.nlines;

	if (!c->log_view.wrap)
		return line > (size_t)rows ? line - (size_t)rows : 0;
	while (line > 0) {
		AUTO(mem_auto_free) char *text = logtext_line(&c->log, line - 1);

		used += canvas_wrap_rows(c->ruler, width, *text ? text : " ");
		if (used > rows)
			break;
		line--;
	}
	return line < c->log.nlines ? line : line ? line - 1 : 0;
}

size_t logrows_top(const struct console *c, int rows, int cols)
{
	return c->log_view.follow ? logrows_bottom(c, rows, cols) : logtext_line_at(&c->log, c->log_view.top);
}
