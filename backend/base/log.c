#include "backend/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char when[CLOCK_ISO_SIZE];
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	/* One write a line, so that lines of two processes on one file never mix. */
	dprintf(STDERR_FILENO, "%s %s %s\n", clock_iso(clock_wall_ms(), when), names[level], text);
	free(text);
}
