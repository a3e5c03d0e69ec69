#include "views/columns.h"

#include "tui/canvas.h"

static int used(const struct columns *c)
{
	int sum = -c->gap;

	for (size_t i = 0; i < c->n; i++)
		if (c->w[i])
			sum += c->w[i] + c->gap;
	return sum;
}

static bool drop_one(struct columns *c)
{
	size_t worst = c->n;

	for (size_t i = 0; i < c->n; i++)
		if (c->w[i] && c->list[i].drop && (worst == c->n || c->list[i].drop > c->list[worst].drop))
			worst = i;
	if (worst == c->n)
		return false;
	c->w[worst] = 0;
	return true;
}

void columns_init(struct columns *c, const struct column *list, size_t n, int gap, int width)
{
	int shares = 0, spare, x = 1;

	*c = (struct columns){ .list = list, .n = n, .gap = gap };
	for (size_t i = 0; i < n; i++)
		c->w[i] = list[i].width;
	while (used(c) > width && drop_one(c))
		;
	for (size_t i = 0; i < n; i++)
		shares += c->w[i] ? list[i].grow : 0;
	spare = width - used(c);
	for (size_t i = 0; i < n; i++) {
		int share = c->w[i] && shares && spare > 0 ? spare * list[i].grow / shares : 0;

		c->w[i] += share;
		c->x[i] = x;
		if (c->w[i])
			x += c->w[i] + c->gap;
	}
}

int columns_text(const struct columns *c, struct canvas *canvas, int row, size_t column, int style, const char *text)
{
	if (!c->w[column])
		return 0;
	return c->list[column].right ? canvas_text_right(canvas, row, c->x[column], c->w[column], style, text)
	                             : canvas_text(canvas, row, c->x[column], c->w[column], style, text);
}

void columns_head(const struct columns *c, struct canvas *canvas, int row)
{
	for (size_t i = 0; i < c->n; i++)
		columns_text(c, canvas, row, i, STYLE_HEADING, c->list[i].title);
}
