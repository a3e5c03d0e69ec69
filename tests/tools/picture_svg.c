#include "tests/tools/picture.h"

#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/tools/picture_look.h"
#include "tests/tools/screen.h"

enum { W = PICTURE_CELL_WIDTH, H = PICTURE_CELL_HEIGHT, SVG_MAX = 16 << 20 };

static void add_escaped(struct buf *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			buf_add_text(to, "&lt;");
		else if (*text == '&')
			buf_add_text(to, "&amp;");
		else if (*text == '>')
			buf_add_text(to, "&gt;");
		else
			buf_add(to, text, 1);
	}
}

/* How many cells from `col` are painted alike, the first one's text apart. */
static int alike(const struct screen *s, int row, int col, int cols, const struct picture_cell *first)
{
	int n = 1;

	for (; col + n < cols; n++) {
		struct picture_cell cell = picture_cell(s, row, col + n);

		if (!picture_same(first, &cell))
			break;
	}
	return n;
}

static void add_grounds(struct buf *to, const struct screen *s, int row, int cols)
{
	for (int col = 0, n; col < cols; col += n) {
		struct picture_cell first = picture_cell(s, row, col);

		n = alike(s, row, col, cols, &first);
		if (first.bg != PICTURE_GROUND)
			buf_printf(to, "<rect x='%d' y='%d' width='%d' height='%d' fill='#%06x'/>\n", PICTURE_MARGIN + col * W,
			           PICTURE_MARGIN + row * H, n * W, H, first.bg);
	}
}

/* `n` cells with the same box line; more than one only when it is horizontal. */
static void add_arms(struct buf *to, int row, int col, int n, const struct picture_arms *arms, uint32_t colour)
{
	double x = PICTURE_MARGIN + col * W, y = PICTURE_MARGIN + row * H, middle_x = x + W / 2.0, middle_y = y + H / 2.0;
	int heavy = arms->left == 3 || arms->up == 3;

	buf_printf(to, "<path stroke='#%06x' stroke-width='%d' d='", colour, heavy ? 3 : 1);
	if (arms->left || arms->right)
		buf_printf(to, "M%g %gH%g", arms->left ? x : middle_x - 0.5, middle_y, arms->right ? x + n * W : middle_x + 0.5);
	if (arms->up || arms->down)
		buf_printf(to, "M%g %gV%g", middle_x, arms->up ? y : middle_y - 0.5, arms->down ? y + H : middle_y + 0.5);
	buf_add_text(to, "'/>\n");
}

static int add_line(struct buf *to, const struct screen *s, int row, int col, int cols, const struct picture_arms *arms)
{
	struct picture_cell first = picture_cell(s, row, col);
	int most = arms->up || arms->down ? 1 : alike(s, row, col, cols, &first), n = 1;

	while (n < most) {
		struct picture_cell cell = picture_cell(s, row, col + n);

		if (strcmp(cell.text, first.text) != 0)
			break;
		n++;
	}
	add_arms(to, row, col, n, arms, first.fg);
	return n;
}

/* One <text> a word or more: two blanks end it, so that columns stay where they are whatever the font does. */
static int add_words(struct buf *to, const struct screen *s, int row, int col, int cols)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct picture_cell first = picture_cell(s, row, col);
	struct picture_arms arms;
	int end = col, kept = col, blanks = 0;
	size_t kept_bytes = 0;

	buf_init(&text, SVG_MAX);
	for (; end < cols && blanks < 2; end++) {
		struct picture_cell cell = picture_cell(s, row, end);

		if (!picture_same(&first, &cell) || picture_arms(cell.text, &arms))
			break;
		add_escaped(&text, cell.text);
		blanks = strcmp(cell.text, " ") == 0 ? blanks + 1 : 0;
		if (blanks == 0) {
			kept = end + 1;
			kept_bytes = text.len;
		}
	}
	if (kept > col)
		buf_printf(to, "<text x='%d' y='%d' textLength='%d' fill='#%06x'%s%s>%.*s</text>\n", PICTURE_MARGIN + col * W,
		           PICTURE_MARGIN + row * H + PICTURE_BASELINE, (kept - col) * W, first.fg,
		           first.bold ? " font-weight='bold'" : "", first.underline ? " text-decoration='underline'" : "",
		           (int)kept_bytes, text.data);
	return end - col;
}

static void add_row(struct buf *to, const struct screen *s, int row, int cols)
{
	add_grounds(to, s, row, cols);
	for (int col = 0; col < cols;) {
		struct picture_cell cell = picture_cell(s, row, col);
		struct picture_arms arms;

		if (picture_arms(cell.text, &arms)) {
			col += add_line(to, s, row, col, cols, &arms);
		} else if (strcmp(cell.text, " ") == 0 || cell.width == 0) {
			col++;
		} else {
			col += add_words(to, s, row, col, cols);
		}
	}
}

bool picture_svg(const struct screen *s, const char *title, const char *path, struct err *err)
{
	AUTO(buf_done) struct buf svg = { 0 };
	int rows, cols, width, height;

	buf_init(&svg, SVG_MAX);
	screen_size(s, &rows, &cols);
	width = cols * W + 2 * PICTURE_MARGIN;
	height = rows * H + 2 * PICTURE_MARGIN;
	buf_printf(&svg, "<svg xmlns='http://www.w3.org/2000/svg' role='img' viewBox='0 0 %d %d' width='%d' height='%d'>\n"
	           "<title>", width, height, width, height);
	add_escaped(&svg, title);
	buf_printf(&svg, "</title>\n<rect width='%d' height='%d' rx='%d' fill='#%06x'/>\n", width, height, PICTURE_CORNER,
	           PICTURE_GROUND);
	buf_printf(&svg, "<g font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size='%d' "
	           "style='white-space:pre' fill='none'>\n", PICTURE_FONT);
	for (int row = 0; row < rows; row++)
		add_row(&svg, s, row, cols);
	if (!buf_add_text(&svg, "</g>\n</svg>\n"))
		return err_set(err, ERR_TOO_BIG, "%s would be larger than %d bytes", path, SVG_MAX);
	return file_write_atomic(path, svg.data, svg.len, 0644, err);
}
