/*
 * keys: the console's one table of keys. It makes the behaviour, the footer, the help screen, the names after `:`, the
 * man page and the completions.
 */
#ifndef VIEWS_KEYS_H
#define VIEWS_KEYS_H

#include "tui/keymap.h"

/* One bit for each screen. */
enum {
	ON_FLEET = 1 << 0,
	ON_RELEASES = 1 << 1,
	ON_DEPLOYMENT = 1 << 2,
	ON_LOG = 1 << 3,
	ON_TESTS = 1 << 4,
	ON_HISTORY = 1 << 5,
	ON_ERRORS = 1 << 6,
	ON_HELP = 1 << 7,
	ON_DELIVERY = 1 << 8,
	ON_CONSISTENCY = 1 << 9,
	ON_GROUPS = 1 << 10,
	ON_FEATURES = 1 << 11,
	ON_WAITING = 1 << 12,
	ON_ALL = (1 << 13) - 1,
	ON_RUN = ON_DEPLOYMENT | ON_LOG | ON_TESTS,     /* screens of one deployment */
	ON_ACTING = ON_RELEASES | ON_RUN | ON_FEATURES | ON_WAITING
};

/* The first group changes something or readies it: none of it works where the console looks back. */
enum action {
	ACTION_NONE,
	ACTION_DEPLOY, ACTION_ROLLBACK, ACTION_STOP, ACTION_ARM, ACTION_FEATURE, ACTION_APPROVE, ACTION_REJECT,
	ACTION_SCHEDULE, ACTION_MOVE, ACTION_WHY,
	ACTION_LAST_ACTING = ACTION_WHY,
	ACTION_OPEN, ACTION_CLOSE, ACTION_PANE, ACTION_LEFT, ACTION_RIGHT,
	ACTION_LOG, ACTION_TESTS, ACTION_HISTORY, ACTION_DELIVERY, ACTION_CONSISTENCY, ACTION_GROUPS, ACTION_FEATURES,
	ACTION_WAITING, ACTION_ENVIRONMENT, ACTION_ERRORS, ACTION_HELP,
	ACTION_SEARCH, ACTION_NEXT, ACTION_PREVIOUS, ACTION_COMMAND, ACTION_SORT,
	ACTION_FOLLOW, ACTION_WRAP, ACTION_TIMES, ACTION_COPY, ACTION_SAVE,
	ACTION_FREEZE, ACTION_REPAINT, ACTION_SUSPEND, ACTION_QUIT, ACTION_INTERRUPT,
	ACTION_COUNT
};

extern const struct keymap keys_map;

#endif
