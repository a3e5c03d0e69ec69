/*
 * report: test results out of what test programs print and write. Pure readers: bytes in, results out.
 *
 * TAP 12, 13 and 14 is read line by line as it is printed: plan first or last, subtests (indented by four), TODO, SKIP,
 * bail-out, YAML diagnostics (message: is kept), comments after a failure. JUnit XML (Ant, Surefire, pytest, gtest
 * dialects) is read by expat as it comes, nested suites too, no entity is ever expanded.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"

enum { REPORT_TEXT_MAX = 4096 };       /* of a name or a message; the rest is cut and marked "…" */
enum { REPORT_RESULTS_MAX = 200000 };  /* of one reader; more is an error */

struct report_result {
	const char *suite;                 /* "" when there is none; of subtests the name in "# Subtest: NAME" */
	const char *name;
	const char *message;               /* "" when there is none; a failure's location is in it: "file.c:12: …" */
	enum test_outcome outcome;
	int64_t ms;                        /* -1 unknown */
};
/* Borrowed during the call. */
typedef void (*report_fn)(void *arg, const struct report_result *result);

struct report_totals { int ok, fail, skip, todo; int planned; /* -1 unknown */ };

struct tap;
struct tap *tap_new(report_fn fn, void *arg);
void tap_free(struct tap *tap);
/*
 * A result is told when its line has come; a failure when the next thing begins, for what is said about it comes after.
 * A test that only sums up its subtest is not told, the subtest's own are, and the totals count those.
 */
void tap_feed(struct tap *tap, const char *data, size_t len);
/* Tells a failure that still waits: for when the program is silent for a while. Later comments on it are lost. */
void tap_flush(struct tap *tap);
const struct report_totals *tap_totals(const struct tap *tap);
/*
 * The output ended and the program exited with `code`. Flushes the last result, then judges the whole: false, saying
 * why, for a failed test, a bail-out, a plan mismatch ("planned 20, ran 17"), no plan, no test, a code other than 0
 * (-1: a signal). ERR_FAILED; ERR_USAGE when nothing in it was TAP; ERR_TOO_BIG when a limit was passed.
 */
bool tap_finish(struct tap *tap, int code, struct err *err);

struct junit;
struct junit *junit_new(const char *file, report_fn fn, void *arg);
void junit_free(struct junit *junit);
/* false: broken XML ("reports/a.xml:12:3: …") or a limit passed; results that came before stand. */
bool junit_feed(struct junit *junit, const char *data, size_t len, struct err *err);
bool junit_finish(struct junit *junit, struct err *err);       /* false too when it held no <testsuite> */
const struct report_totals *junit_totals(const struct junit *junit);

/*
 * A whole file of either format, told apart by its first byte that is no space ('<' is XML). At most 256 MB. Failed
 * tests are no error; a TAP file that is not whole (bail-out, plan mismatch) has one failed test more that says so.
 */
bool report_read_file(const char *path, report_fn fn, void *arg, struct report_totals *ret, struct err *err);

#endif
