/*
 * out: what commands print: one record a line, cells padded with spaces so that columns line up, "-" for an empty
 * cell, the same in a terminal and in a pipe but for colour (only in a terminal, and not with NO_COLOR or TERM=dumb).
 * Every cell and every text passes the filter for what came from outside (base/clean.h).
 */
#ifndef COMMAND_OUT_H
#define COMMAND_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum out_style { OUT_PLAIN, OUT_GOOD, OUT_BAD, OUT_BUSY };

enum { OUT_COLUMNS = 10 };

struct out_cell { char *text; enum out_style style; };
struct out_row { struct out_cell cells[OUT_COLUMNS]; };

/* Rows are kept until out_table_print, because a column is as wide as its widest cell. */
struct out_table {
	struct out_row *rows;
	size_t n, cap;
	size_t column;       /* next cell of the last row */
};

void out_row(struct out_table *t);
/* Adds a cell to the last row; NULL or "" prints as "-". */
void out_cell(struct out_table *t, enum out_style style, const char *text);
void out_cellf(struct out_table *t, enum out_style style, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void out_table_print(struct out_table *t);     /* prints and empties it */
void out_table_done(struct out_table *t);

/* One line; the filter is applied to the whole. Flushed, so that a reader sees it now. */
void out_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A piece of a line, filtered by itself; out_end_line ends and flushes it. */
void out_piece(enum out_style style, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void out_end_line(void);
/* Lines of text from outside; a newline is added when the last line lacks it. */
void out_text(const char *text);
/* One JSON line in ASCII: what is beyond it, and DEL, is escaped. */
void out_json(const json_t *value);

enum out_style out_style_of(const char *state);    /* of a state's name: "succeeded" is good, "fail" bad, "running" busy */
/* Columns a terminal needs for clean UTF-8. */
size_t out_width(const char *text);

/* False when standard output could not take everything (a full disk): says so. */
bool out_finish(void);

#endif
