/*
 * picture: a screen as PNG (twice the usual size, for sharp displays) and as SVG, with a fixed palette and font
 * (DejaVu Sans Mono, package fonts-dejavu-core). The same cells always give the same bytes.
 */
#ifndef TESTS_TOOLS_PICTURE_H
#define TESTS_TOOLS_PICTURE_H

#include <stdbool.h>

#include "backend/base/err.h"

struct screen;

bool picture_png(const struct screen *s, const char *path, struct err *err);
/* `title` is what a reader who cannot see the picture is told. */
bool picture_svg(const struct screen *s, const char *title, const char *path, struct err *err);

#endif
