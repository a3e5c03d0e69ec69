#include "tui/theme.h"

#include <stddef.h>
#include <strings.h>
#include <string.h>

#include "backend/base/mem.h"

/* Colour numbers of the xterm palette: middle tones, at least 2.7:1 against black and against white. */
enum {
	DEEP_GREEN = 71, DEEP_RED = 167, DEEP_BLUE = 68, DEEP_AMBER = 136, DEEP_GREY = 245, DEEP_LINE = 240,
	/* In the selected row both colours are ours, so these are tuned to each other. */
	BAR_GROUND = 237, BAR_TEXT = 254, BAR_GREEN = 114, BAR_RED = 210, BAR_BLUE = 111, BAR_AMBER = 179, BAR_GREY = 247,
	MATCH_TEXT = 232, MATCH_GROUND = 179,
	/* The eight colours that every colour terminal has. */
	RED = 1, GREEN = 2, YELLOW = 3, CYAN = 6
};

struct row {
	const char *name;
	struct theme_look deep;         /* 256 colours */
	short selected_fg;              /* 256 colours, on BAR_GROUND */
	struct theme_look eight;        /* selected: reverse is added */
	struct theme_look mono;         /* selected: reverse is turned round */
};

#define LOOK(colour, ...) { .fg = (colour), .bg = -1, __VA_ARGS__ }
#define INK(colour) { .fg = (colour), .bg = -1 }
#define PLAIN INK(-1)

static const struct row rows[STYLE_COUNT] = {
	[STYLE_TEXT] = { "text", PLAIN, BAR_TEXT, PLAIN, PLAIN },
	[STYLE_STRONG] = { "strong", LOOK(-1, .bold = true), BAR_TEXT, LOOK(-1, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_DIM] = { "dim", INK(DEEP_GREY), BAR_GREY, LOOK(-1, .dim = true), PLAIN },
	[STYLE_OK] = { "ok", INK(DEEP_GREEN), BAR_GREEN, INK(GREEN), PLAIN },
	[STYLE_FAIL] = { "fail", LOOK(DEEP_RED, .bold = true), BAR_RED, LOOK(RED, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_RUN] = { "run", LOOK(DEEP_BLUE, .bold = true), BAR_BLUE, LOOK(CYAN, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_WAIT] = { "wait", INK(DEEP_GREY), BAR_GREY, LOOK(-1, .dim = true), PLAIN },
	[STYLE_SKIP] = { "skip", INK(DEEP_GREY), BAR_GREY, LOOK(-1, .dim = true), PLAIN },
	[STYLE_HELD] = { "held", LOOK(DEEP_AMBER, .bold = true), BAR_AMBER, INK(YELLOW), LOOK(-1, .bold = true) },
	[STYLE_TITLE] = { "title", LOOK(-1, .bold = true), BAR_TEXT, LOOK(-1, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_TITLE_PROTECTED] = { "title-protected", LOOK(DEEP_AMBER, .bold = true), BAR_AMBER,
		LOOK(YELLOW, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_TITLE_ARMED] = { "title-armed", LOOK(DEEP_RED, .bold = true, .reverse = true), BAR_RED,
		LOOK(RED, .bold = true, .reverse = true), LOOK(-1, .bold = true, .reverse = true) },
	[STYLE_HEADING] = { "heading", INK(DEEP_GREY), BAR_GREY, LOOK(-1, .dim = true), LOOK(-1, .bold = true) },
	[STYLE_KEY] = { "key", LOOK(DEEP_BLUE, .bold = true), BAR_BLUE, LOOK(CYAN, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_HINT] = { "hint", PLAIN, BAR_TEXT, PLAIN, PLAIN },
	[STYLE_BORDER] = { "border", INK(DEEP_LINE), BAR_GREY, LOOK(-1, .dim = true), PLAIN },
	[STYLE_BANNER] = { "banner", LOOK(DEEP_AMBER, .bold = true, .reverse = true), BAR_AMBER,
		LOOK(YELLOW, .reverse = true), LOOK(-1, .reverse = true) },
	[STYLE_ERROR] = { "error", LOOK(DEEP_RED, .bold = true), BAR_RED, LOOK(RED, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_NOTE] = { "note", PLAIN, BAR_TEXT, PLAIN, PLAIN },
	[STYLE_INPUT] = { "input", LOOK(-1, .bold = true), BAR_TEXT, LOOK(-1, .bold = true), LOOK(-1, .bold = true) },
	[STYLE_MATCH] = { "match", { .fg = MATCH_TEXT, .bg = MATCH_GROUND }, BAR_AMBER,
		LOOK(YELLOW, .reverse = true), LOOK(-1, .reverse = true) },
	[STYLE_BAR] = { "bar", INK(DEEP_BLUE), BAR_BLUE, INK(CYAN), LOOK(-1, .bold = true) },
};

static const struct { const char *utf8, *ascii; } glyphs[GLYPH_COUNT] = {
	[GLYPH_HLINE] = { "─", "-" }, [GLYPH_VLINE] = { "│", "|" },
	[GLYPH_TOP_LEFT] = { "┌", "+" }, [GLYPH_TOP_RIGHT] = { "┐", "+" },
	[GLYPH_BOTTOM_LEFT] = { "└", "+" }, [GLYPH_BOTTOM_RIGHT] = { "┘", "+" },
	[GLYPH_TEE_LEFT] = { "├", "+" }, [GLYPH_TEE_RIGHT] = { "┤", "+" },
	[GLYPH_TEE_TOP] = { "┬", "+" }, [GLYPH_TEE_BOTTOM] = { "┴", "+" }, [GLYPH_CROSS] = { "┼", "+" },
	[GLYPH_ELLIPSIS] = { "…", "~" }, [GLYPH_ARROW] = { "→", ">" },
	[GLYPH_UP] = { "↑", "^" }, [GLYPH_DOWN] = { "↓", "v" }, [GLYPH_POINTER] = { "▸", ">" },
	[GLYPH_DOT] = { "●", "*" }, [GLYPH_RING] = { "○", "o" }, [GLYPH_BULLET] = { "·", "-" },
	[GLYPH_BAR_DONE] = { "━", "#" }, [GLYPH_BAR_LEFT] = { "─", "." }, [GLYPH_THUMB] = { "┃", "#" },
};

static bool has(const char *text)
{
	return text && *text;
}

/* The console of Linux and the vt100 have no box lines in UTF-8 that can be relied on. */
static bool is_plain_term(const char *term)
{
	return has(term) && (strcmp(term, "linux") == 0 || strncmp(term, "linux-", 6) == 0 || strcmp(term, "vt100") == 0);
}

struct theme theme_choose(const struct theme_facts *facts)
{
	bool utf8 = has(facts->codeset) && strcasecmp(facts->codeset, "UTF-8") == 0;
	struct theme theme = { .ascii = facts->ascii || !utf8 || is_plain_term(facts->term) };

	if (has(facts->no_color) || facts->colors < 8)
		theme.depth = THEME_MONO;
	else
		theme.depth = facts->colors < 256 ? THEME_8 : THEME_256;
	return theme;
}

struct theme_look theme_look(const struct theme *theme, int style)
{
	bool selected = style & STYLE_SELECTED;
	const struct row *row = &rows[style & (STYLE_SELECTED - 1)];
	struct theme_look look = theme->depth == THEME_256 ? row->deep : theme->depth == THEME_8 ? row->eight : row->mono;

	if (!selected)
		return look;
	if (theme->depth == THEME_256)
		return (struct theme_look){ .fg = row->selected_fg, .bg = BAR_GROUND, .bold = look.bold };
	look.reverse = theme->depth == THEME_8 || !look.reverse;
	look.dim = false;
	return look;
}

const char *theme_glyph(const struct theme *theme, enum glyph glyph)
{
	return theme->ascii ? glyphs[glyph].ascii : glyphs[glyph].utf8;
}

const char *theme_style_name(int style)
{
	return rows[style & (STYLE_SELECTED - 1)].name;
}
