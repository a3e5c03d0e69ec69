/* period: which past a command looks at (--since), and how long something took, in words. */
#ifndef COMMAND_PERIOD_H
#define COMMAND_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "views/command/command.h"

struct call;

enum { PERIOD_TEXT_SIZE = 32, PERIOD_CHART_MOST = 62 };

/* --since 12h, 30d, 8w: 30 days when it is not given. */
extern const struct flag flag_since_period;
/* The beginning of the period, in wall milliseconds. */
bool period_since(const struct call *c, int64_t *ret, struct err *err);

/* "42s" "4m 10s" "5h 03m" "3d 4h"; "-" for less than 0, which is unknown. Returns `text`. */
const char *period_text(int64_t ms, char text[static PERIOD_TEXT_SIZE]);
/*
 * One sign a value, the last PERIOD_CHART_MOST of them: '.' for none, the figure itself up to 9, '+' for more. Returns
 * `text`.
 */
const char *period_chart(const int *values, size_t n, char text[static PERIOD_CHART_MOST + 1]);

#endif
