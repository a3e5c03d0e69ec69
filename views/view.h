/*
 * view: one screen, one file, one row in the registry. Adding one is one file, one row, one bit in keys.h, one test.
 */
#ifndef VIEWS_VIEW_H
#define VIEWS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "views/keys.h"

struct canvas;
struct console;
struct effects;

struct view {
	const char *name;            /* as typed after `:`; the screen tests call their golden files so */
	unsigned context;            /* its bit in the key table */
	bool of_deployment;          /* it belongs to one deployment, whose environment is the one acted on */
	int64_t (*selected)(const struct console *c);    /* the deployment that keys act on here; 0 none. NULL */
	/* What it shows, as bits 1 << FETCH_…; status is always fetched. */
	unsigned (*needs)(const struct console *c);
	void (*enter)(struct console *c);                /* came up, also by Esc from a deeper one; NULL */
	/* The canvas is what is between the title and the message line. */
	void (*draw)(const struct console *c, struct canvas *canvas);
	/* Sets list heights and the like to a canvas of that size, before draw, whenever anything changed; NULL. */
	void (*layout)(struct console *c, int rows, int cols);
	/* An action that is the screen's own; false: not one of its own. NULL */
	bool (*act)(struct console *c, enum action action, struct effects *effects);
	/* A key that is in no table (moving); false: unknown. NULL */
	bool (*key)(struct console *c, uint32_t key);
	/* A search was typed ("" ends it), or the next match is wanted: dir 1 or -1, 0 for a new text. NULL */
	void (*search)(struct console *c, const char *text, int dir);
};

extern const struct view *const view_registry[];       /* NULL-terminated, in the order of the help */
extern const struct view view_fleet, view_releases, view_deployment, view_log, view_tests, view_history, view_delivery,
	view_consistency, view_groups, view_features, view_waiting, view_errors, view_help;

const struct view *view_find(const char *name);          /* NULL: none of that name */

#endif
