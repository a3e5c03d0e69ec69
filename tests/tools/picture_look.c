#include "tests/tools/picture_look.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "backend/base/mem.h"
#include "tests/tools/screen.h"

static uint32_t palette(int colour)
{
	static const uint32_t basic[16] = {
		0x20242c, 0xd9626b, 0x7fb86f, 0xd3a555, 0x6c95d8, 0xb283cf, 0x5fb3bd, 0xc3c8d1,
		0x5c6370, 0xea7d85, 0x98cd88, 0xe5bd73, 0x8aaeea, 0xc79de0, 0x7bcad3, 0xeef0f4,
	};
	static const uint32_t levels[6] = { 0, 0x5f, 0x87, 0xaf, 0xd7, 0xff };

	if (colour >= SCREEN_RGB)
		return (uint32_t)(colour - SCREEN_RGB);
	if (colour < 16)
		return basic[colour];
	if (colour >= 232)
		return (uint32_t)(8 + 10 * (colour - 232)) * 0x10101;
	colour -= 16;
	return levels[colour / 36] << 16 | levels[colour / 6 % 6] << 8 | levels[colour % 6];
}

struct picture_cell picture_cell(const struct screen *s, int row, int col)
{
	struct screen_cell from = screen_cell(s, row, col);
	struct picture_cell cell = { .width = from.width, .bold = from.bold, .underline = from.underline };
	uint32_t fg = from.fg >= 0 ? palette(from.fg) : from.bold && !from.reverse ? PICTURE_STRONG : PICTURE_TEXT;
	uint32_t bg = from.bg >= 0 ? palette(from.bg) : PICTURE_GROUND;
	int cursor_row, cursor_col;
	bool turned = from.reverse;

	if (screen_cursor(s, &cursor_row, &cursor_col) && cursor_row == row && cursor_col == col)
		turned = !turned;
	snprintf(cell.text, sizeof cell.text, "%s", from.text);
	cell.fg = turned ? bg : fg;
	cell.bg = turned ? fg : bg;
	return cell;
}

bool picture_same(const struct picture_cell *a, const struct picture_cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->bold == b->bold && a->underline == b->underline;
}

bool picture_arms(const char *text, struct picture_arms *ret)
{
	static const struct { const char *text; struct picture_arms arms; } rows[] = {
		{ "─", { 1, 1, 0, 0 } }, { "│", { 0, 0, 1, 1 } }, { "┌", { 0, 1, 0, 1 } }, { "┐", { 1, 0, 0, 1 } },
		{ "└", { 0, 1, 1, 0 } }, { "┘", { 1, 0, 1, 0 } }, { "├", { 0, 1, 1, 1 } }, { "┤", { 1, 0, 1, 1 } },
		{ "┬", { 1, 1, 0, 1 } }, { "┴", { 1, 1, 1, 0 } }, { "┼", { 1, 1, 1, 1 } }, { "━", { 3, 3, 0, 0 } },
		{ "┃", { 0, 0, 3, 3 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].text, text) == 0) {
			*ret = rows[i].arms;
			return true;
		}
	return false;
}
