/*
 * tap_line: what one line of TAP says, whatever came before it. Pure.
 *
 * Sources: testanything.org, specifications of TAP 12, 13 and 14; for what programs print in truth: Test::More,
 * node:test, node-tap, bats, cmocka, pytest-tap.
 */
#ifndef REPORT_TAP_LINE_H
#define REPORT_TAP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAP_INDENT = 4 };               /* of a subtest, in spaces */

enum tap_line_kind {
	TAP_NOISE,                         /* no TAP: anything a program prints beside it */
	TAP_VERSION, TAP_PLAN, TAP_POINT, TAP_COMMENT,
	TAP_SUBTEST,                       /* "# Subtest: NAME" */
	TAP_BAIL
};

enum tap_directive { TAP_PLAIN, TAP_SKIP, TAP_TODO };

/* A piece of the line, borrowed from it. */
struct tap_slice { const char *at; size_t len; };

struct tap_line {
	enum tap_line_kind kind;
	size_t indent;                     /* leading spaces */
	bool ok;                           /* point */
	int number;                        /* point: -1 when it has none; plan: how many */
	enum tap_directive directive;      /* point, plan */
	struct tap_slice text;             /* description, escapes and all; comment; name; reason of a bail-out */
	struct tap_slice reason;           /* of the directive */
	int64_t ms;                        /* point: "# time=12.3ms"; -1 */
};

/* `line` is without its line end. */
struct tap_line tap_line_read(const char *line, size_t len);

#endif
