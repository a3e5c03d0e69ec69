/*
 * golden: what a screen must look like, as a text file that a person can read and a diff shows well: size, cursor, the
 * rows, and the same rows again with a letter for each way a cell is drawn ('.': plain), explained below.
 *
 * UPDATE=1 in the environment writes the file anew instead of comparing.
 */
#ifndef TESTS_TOOLS_GOLDEN_H
#define TESTS_TOOLS_GOLDEN_H

#include <stdbool.h>

#include "backend/base/err.h"

struct screen;

char *golden_of(const struct screen *s);       /* yours */
/* False: it differs, the first difference is named and what was seen is in PATH.seen; or there is no such file. */
bool golden_check(const struct screen *s, const char *path, struct err *err);

#endif
