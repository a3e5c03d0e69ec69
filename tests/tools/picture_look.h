/* picture_look: what PNG and SVG share: colours, sizes, and box lines, which are drawn and not taken from a font. */
#ifndef TESTS_TOOLS_PICTURE_LOOK_H
#define TESTS_TOOLS_PICTURE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

struct screen;
struct screen_cell;

/* In pixels of the SVG; the PNG has PICTURE_SCALE times as many. */
enum {
	PICTURE_SCALE = 2, PICTURE_CELL_WIDTH = 9, PICTURE_CELL_HEIGHT = 19, PICTURE_FONT = 15, PICTURE_BASELINE = 14,
	PICTURE_MARGIN = 18, PICTURE_CORNER = 8
};

enum { PICTURE_GROUND = 0x15181e, PICTURE_TEXT = 0xced3db, PICTURE_STRONG = 0xf1f3f7 };

/* How one cell is painted: 0xrrggbb each. */
struct picture_cell {
	char text[32];
	int width;
	uint32_t fg, bg;
	bool bold, underline;
};
struct picture_cell picture_cell(const struct screen *s, int row, int col);
bool picture_same(const struct picture_cell *a, const struct picture_cell *b);         /* all but the text */

/* Arms of a box line from the middle of its cell; each 0, 1 (light) or 3 (heavy). False: not a box line. */
struct picture_arms { int left, right, up, down; };
bool picture_arms(const char *text, struct picture_arms *ret);

#endif
