/*
 * theme: how a meaning looks on this terminal. Screens name a meaning (STYLE_FAIL), never a colour.
 *
 * Pure: the facts about the terminal are passed in. The default background stays; the colours are middle tones that
 * are readable on dark and on light. A state is a word first, so that nothing is lost with 8 colours or none
 * (NO_COLOR, one-colour terminals: bold and reverse only).
 */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>

/* What a canvas cell means. A style may carry STYLE_SELECTED: the same meaning in the selected row. */
enum style {
	STYLE_TEXT,             /* plain text */
	STYLE_STRONG,           /* what matters in a line: a version, a name */
	STYLE_DIM,              /* what is there but not needed now: ages, commits, units */
	STYLE_OK,               /* the states of product.md; the word itself is drawn too */
	STYLE_FAIL,
	STYLE_RUN,
	STYLE_WAIT,
	STYLE_SKIP,
	STYLE_HELD,
	STYLE_TITLE,            /* the title line of an open environment */
	STYLE_TITLE_PROTECTED,  /* … of a protected one, SAFE */
	STYLE_TITLE_ARMED,      /* … of an armed one: reverse everywhere, also in the footer */
	STYLE_HEADING,          /* column headings, section titles */
	STYLE_KEY,              /* a key in the footer or in the help */
	STYLE_HINT,             /* what the key does */
	STYLE_BORDER,           /* lines and boxes */
	STYLE_BANNER,           /* connection lost, data is old: a whole line, reverse */
	STYLE_ERROR,            /* the message line, when it is an error */
	STYLE_NOTE,             /* the message line otherwise */
	STYLE_INPUT,            /* text that is being typed */
	STYLE_MATCH,            /* what a search found */
	STYLE_BAR,              /* the done part of a progress bar without a state of its own */
	STYLE_COUNT,
	STYLE_SELECTED = 0x100  /* a flag, added to one of the above */
};

enum glyph {
	GLYPH_HLINE, GLYPH_VLINE,
	GLYPH_TOP_LEFT, GLYPH_TOP_RIGHT, GLYPH_BOTTOM_LEFT, GLYPH_BOTTOM_RIGHT,
	GLYPH_TEE_LEFT, GLYPH_TEE_RIGHT, GLYPH_TEE_TOP, GLYPH_TEE_BOTTOM, GLYPH_CROSS,
	GLYPH_ELLIPSIS,         /* where text was cut: … or ~ */
	GLYPH_ARROW,            /* from → to, or > */
	GLYPH_UP, GLYPH_DOWN,   /* more above, more below: ↑ ^, ↓ v */
	GLYPH_POINTER,          /* before the selected row: ▸ or > */
	GLYPH_DOT,              /* something that lives: ● or * */
	GLYPH_RING,             /* something that is idle: ○ or o */
	GLYPH_BULLET,           /* between two facts: · or - */
	GLYPH_BAR_DONE, GLYPH_BAR_LEFT, GLYPH_THUMB,
	GLYPH_COUNT
};

enum theme_depth { THEME_MONO, THEME_8, THEME_256 };

/* How a style is drawn. Colours are palette numbers, -1 is the terminal's own. */
struct theme_look {
	short fg;
	short bg;
	bool bold;
	bool dim;
	bool reverse;
	bool underline;
};

struct theme {
	enum theme_depth depth;
	bool ascii;             /* every byte that goes out is ASCII */
};

/* What decides. `colors` as terminfo says (-1: unknown); empty or NULL texts count as absent. */
struct theme_facts {
	const char *term;       /* TERM */
	const char *codeset;    /* nl_langinfo(CODESET) */
	const char *no_color;   /* NO_COLOR: any content but empty switches colours off */
	int colors;
	bool ascii;             /* --ascii */
};

struct theme theme_choose(const struct theme_facts *facts);
/* `style` is an enum style, with STYLE_SELECTED or without. */
struct theme_look theme_look(const struct theme *theme, int style);
/* UTF-8, always one column wide. */
const char *theme_glyph(const struct theme *theme, enum glyph glyph);
const char *theme_style_name(int style);       /* "fail", without the flag; for tests and dumps */

#endif
