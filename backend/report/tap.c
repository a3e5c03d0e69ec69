#include "backend/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/mem.h"
#include "backend/report/diagnosis.h"
#include "backend/report/tap_line.h"
#include "backend/report/text.h"

enum { LINE_KEPT = 64 * 1024, DEPTH = 16, PLAN_MAX = 999999999 };

/* The tests of one indentation: level 0 is the program's own, each other one a subtest that is under way. */
struct level {
	char *name;
	int planned;                       /* -1: no plan yet */
	int ran;
	int counted;                       /* tests it stands for, as far as known; 1 at first */
	bool failed;
};

struct tap {
	report_fn fn;
	void *arg;
	struct report_totals totals;
	struct buf line;                   /* what came of a line that has not ended; the rest of a long one is dropped */
	struct level levels[DEPTH];
	int depth;                         /* the deepest level that is under way */
	int64_t extra;                     /* tests of subtests, less the one of its parent that each takes the place of */
	char *next_name;                   /* "# Subtest: NAME" was seen; its lines come next */
	size_t point_indent;               /* of the last test; its YAML block is deeper */
	bool after_point;                  /* so a YAML block may come */
	bool held;                         /* a failure waits in the fields below for what is said about it */
	char *suite;
	struct report_text name;
	struct diagnosis diagnosis;
	int64_t ms;
	int told;
	bool too_many;
	char *bail;                        /* not NULL: bailed out */
	char *first_failure;
	struct err trouble;                /* the first thing that is wrong beside failed tests */
};

struct tap *tap_new(report_fn fn, void *arg)
{
	struct tap *t = mem_alloc(sizeof *t);

	*t = (struct tap){ .fn = fn, .arg = arg, .totals = { .planned = -1 } };
	t->levels[0].planned = -1;
	buf_init(&t->line, LINE_KEPT);
	report_text_init(&t->name);
	diagnosis_init(&t->diagnosis);
	return t;
}

void tap_free(struct tap *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < ARRAY_LEN(t->levels); i++)
		free(t->levels[i].name);
	buf_done(&t->line);
	report_text_done(&t->name);
	diagnosis_done(&t->diagnosis);
	free(t->next_name);
	free(t->suite);
	free(t->bail);
	free(t->first_failure);
	free(t);
}

const struct report_totals *tap_totals(const struct tap *t)
{
	return &t->totals;
}

static void tell(struct tap *t, const char *suite, enum test_outcome outcome, const char *message, int64_t ms)
{
	const char *name = report_text_string(&t->name);
	struct report_result result = {
		.suite = suite, .name = name, .message = message, .outcome = outcome, .ms = ms
	};

	if (t->told == REPORT_RESULTS_MAX) {
		t->too_many = true;
		return;
	}
	t->told++;
	t->totals.ok += outcome == TEST_OK;
	t->totals.fail += outcome == TEST_FAIL;
	t->totals.skip += outcome == TEST_SKIP;
	t->totals.todo += outcome == TEST_TODO;
	if (outcome == TEST_FAIL && !t->first_failure)
		t->first_failure = mem_printf("%s%s%s", suite, *suite ? ": " : "", name);
	t->fn(t->arg, &result);
}

void tap_flush(struct tap *t)
{
	if (!t->held || t->diagnosis.in_yaml)
		return;
	t->held = false;
	tell(t, t->suite, TEST_FAIL, diagnosis_message(&t->diagnosis), t->ms >= 0 ? t->ms : t->diagnosis.ms);
}

/* The next thing begins: nothing more will be said about the last. */
static void end_point(struct tap *t)
{
	t->diagnosis.in_yaml = false;
	tap_flush(t);
	t->after_point = false;
}

/* Brings `extra` and the planned total up to what the level's plan and count say now. */
static void count(struct tap *t, int level)
{
	struct level *l = &t->levels[level];
	int counted = l->planned > l->ran ? l->planned : l->ran;
	int64_t planned;

	if (level > 0 && counted > 0) {
		t->extra += counted - l->counted;
		l->counted = counted;
	}
	planned = t->levels[0].planned + t->extra;
	t->totals.planned = t->levels[0].planned < 0 ? -1 : planned < PLAN_MAX ? (int)planned : PLAN_MAX;
}

static void check_plan(struct tap *t, const struct level *l)
{
	if (l->planned < 0 || l->planned == l->ran || t->trouble.kind)
		return;
	err_set(&t->trouble, ERR_FAILED, "subtest %s: planned %d, ran %d", l->name ? l->name : "without a name", l->planned,
	        l->ran);
}

static void close_below(struct tap *t, int level)
{
	for (; t->depth > level; t->depth--)
		check_plan(t, &t->levels[t->depth]);
}

static char *slice_text(struct tap_slice slice)
{
	struct report_text text;
	char *copy;

	report_text_init(&text);
	report_text_add(&text, slice.at, slice.len);
	copy = buf_detach(&text.buf);
	report_text_done(&text);
	return copy;
}

static void open_level(struct tap *t, int level, char *take_name)
{
	struct level *l = &t->levels[level];

	free(l->name);
	*l = (struct level){ .name = take_name, .planned = -1, .counted = 1 };
	t->depth = level;
}

/* The nearest name above: a subtest without a "# Subtest:" line is told its name only after its tests. */
static const char *suite_of(const struct tap *t, int level)
{
	for (; level > 0; level--)
		if (t->levels[level].name && *t->levels[level].name)
			return t->levels[level].name;
	return "";
}

/* Takes the escapes of '#' and '\' out of a description. */
static void set_name(struct tap *t, struct tap_slice s, int number)
{
	AUTO(mem_auto_free) char *numbered = NULL;

	report_text_clear(&t->name);
	if (s.len == 0) {
		numbered = mem_printf("test %d", number);
		report_text_add_string(&t->name, numbered);
		return;
	}
	for (size_t i = 0; i < s.len;) {
		size_t from = i;

		while (i < s.len && !(s.at[i] == '\\' && i + 1 < s.len && (s.at[i + 1] == '#' || s.at[i + 1] == '\\')))
			i++;
		report_text_add(&t->name, s.at + from, i - from);
		if (i < s.len) {
			report_text_add(&t->name, s.at + i + 1, 1);
			i += 2;
		}
	}
}

static enum test_outcome outcome_of(const struct tap_line *line)
{
	if (line->directive == TAP_TODO)
		return TEST_TODO;
	if (!line->ok)
		return TEST_FAIL;              /* "not ok # SKIP" too: nobody would be told otherwise */
	return line->directive == TAP_SKIP ? TEST_SKIP : TEST_OK;
}

static void hold(struct tap *t, const struct tap_line *line, int level)
{
	diagnosis_clear(&t->diagnosis);
	if (line->reason.len > 0)
		diagnosis_comment(&t->diagnosis, line->reason.at, line->reason.len);
	free(t->suite);
	t->suite = mem_dup(suite_of(t, level));
	t->ms = line->ms;
	t->held = true;
}

static void tell_or_hold(struct tap *t, const struct tap_line *line, int level, enum test_outcome outcome)
{
	AUTO(mem_auto_free) char *reason = NULL;

	set_name(t, line->text, t->levels[level].ran);
	if (outcome == TEST_FAIL) {
		hold(t, line, level);
		return;
	}
	reason = slice_text(line->reason);
	tell(t, suite_of(t, level), outcome, reason, line->ms);
}

/*
 * A test that sums up the subtest before it is told only when it says more than the subtest's own tests did: it failed
 * though none of them had, or there were none.
 */
static void take_point(struct tap *t, const struct tap_line *line, int level)
{
	const struct level *sub = t->depth > level ? &t->levels[level + 1] : NULL;
	bool sub_failed = sub && sub->failed, sub_ran = sub && sub->ran > 0;
	enum test_outcome outcome = outcome_of(line);
	struct level *l = &t->levels[level];

	close_below(t, level);
	l->ran++;
	l->failed |= sub_failed || outcome == TEST_FAIL;
	if (line->number >= 0 && line->number != l->ran && !t->trouble.kind)
		err_set(&t->trouble, ERR_FAILED, "test %d came where test %d was due", line->number, l->ran);
	if (!sub_ran || (outcome == TEST_FAIL && !sub_failed)) {
		t->extra += sub_ran ? 1 : 0;
		tell_or_hold(t, line, level, outcome);
	}
	count(t, level);
	t->point_indent = line->indent;
	t->after_point = true;
}

static void take_plan(struct tap *t, const struct tap_line *line, int level)
{
	AUTO(mem_auto_free) char *reason = NULL;
	struct level *l = &t->levels[level];

	close_below(t, level);
	if (l->planned >= 0) {
		if (!t->trouble.kind)
			err_set(&t->trouble, ERR_FAILED, "two plans: 1..%d and then 1..%d", l->planned, line->number);
		return;
	}
	l->planned = line->number;
	if (level == 0 && line->number == 0 && l->ran == 0) {
		/* The whole program is skipped: that must be seen, for it tested nothing. */
		report_text_clear(&t->name);
		report_text_add_string(&t->name, "all tests");
		reason = slice_text(line->reason);
		tell(t, "", TEST_SKIP, reason, -1);
		t->extra++;
	}
	count(t, level);
}

/* The name may stand before the subtest's lines, at the parent's indent, or be the first of them. */
static void take_subtest(struct tap *t, const struct tap_line *line, int level)
{
	close_below(t, level);
	free(t->next_name);
	t->next_name = slice_text(line->text);
}

static void take_bail(struct tap *t, const struct tap_line *line)
{
	t->bail = slice_text(line->text);
}

/* A line that counts: opens the subtest that it is the first line of. false: too deep to be TAP, so it is noise. */
static bool enter(struct tap *t, const struct tap_line *line, int *ret_level)
{
	int level = line->indent / TAP_INDENT < DEPTH ? (int)(line->indent / TAP_INDENT) : DEPTH;
	char *name;

	if (line->indent % TAP_INDENT != 0 || level >= DEPTH || level > t->depth + 1)
		return false;
	if (level == t->depth + 1) {
		name = t->next_name;
		t->next_name = NULL;
		if (!name && line->kind == TAP_SUBTEST) {
			open_level(t, level, slice_text(line->text));
			return false;              /* it named its own level; nothing more is in it */
		}
		open_level(t, level, name);
	}
	*ret_level = level;
	return true;
}

/* Inside or at the begin of a YAML block? Then it is taken. */
static bool take_yaml(struct tap *t, const char *line, size_t len)
{
	size_t indent = 0;
	bool taken;

	if (t->diagnosis.in_yaml) {
		diagnosis_yaml_line(&t->diagnosis, line, len, &taken);
		return taken;
	}
	while (indent < len && line[indent] == ' ')
		indent++;
	if (!t->after_point || indent <= t->point_indent || len - indent != 3 || memcmp(line + indent, "---", 3) != 0)
		return false;
	diagnosis_yaml_begin(&t->diagnosis, indent);
	return true;
}

static void take_line(struct tap *t, const char *text, size_t len)
{
	struct tap_line line;
	int level;

	if (t->bail || t->too_many)
		return;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (take_yaml(t, text, len))
		return;
	line = tap_line_read(text, len);
	if (line.kind == TAP_COMMENT && t->held)
		diagnosis_comment(&t->diagnosis, line.text.at, line.text.len);
	if (line.kind == TAP_NOISE || line.kind == TAP_COMMENT)
		return;
	end_point(t);
	if (line.kind == TAP_BAIL)
		take_bail(t, &line);
	else if (line.kind == TAP_VERSION || !enter(t, &line, &level))
		return;
	else if (line.kind == TAP_POINT)
		take_point(t, &line, level);
	else if (line.kind == TAP_PLAN)
		take_plan(t, &line, level);
	else
		take_subtest(t, &line, level);
}

/* Of a line that is too long the begin counts. */
static void keep(struct tap *t, const char *data, size_t len)
{
	size_t room = LINE_KEPT - t->line.len;

	buf_add(&t->line, data, len < room ? len : room);
}

void tap_feed(struct tap *t, const char *data, size_t len)
{
	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		keep(t, data, n);
		if (!end)
			return;
		take_line(t, t->line.data, t->line.len);
		buf_clear(&t->line);
		data += n + 1;
		len -= n + 1;
	}
}

static bool judge_run(const struct tap *t, int code, struct err *err)
{
	const struct level *top = &t->levels[0];

	if (top->planned >= 0 && top->planned != top->ran)
		return code == 0 ? err_set(err, ERR_FAILED, "planned %d, ran %d", top->planned, top->ran)
			: code > 0 ? err_set(err, ERR_FAILED, "planned %d, ran %d, exit code %d", top->planned, top->ran, code)
			: err_set(err, ERR_FAILED, "planned %d, ran %d, ended by a signal", top->planned, top->ran);
	if (code > 0)
		return err_set(err, ERR_FAILED, "exit code %d", code);
	if (code < 0)
		return err_set(err, ERR_FAILED, "ended by a signal");
	if (top->planned < 0 && top->ran == 0)
		return err_set(err, ERR_USAGE, "no test and no plan in its output; is it TAP?");
	if (top->planned < 0)
		return err_set(err, ERR_FAILED, "ran %d, but no plan (1..%d) says that this was all", top->ran, top->ran);
	return true;
}

bool tap_finish(struct tap *t, int code, struct err *err)
{
	if (t->line.len > 0)
		take_line(t, t->line.data, t->line.len);
	buf_clear(&t->line);
	end_point(t);
	close_below(t, 0);
	if (t->too_many)
		return err_set(err, ERR_TOO_BIG, "more than %d test results", REPORT_RESULTS_MAX);
	if (t->bail)
		return err_set(err, ERR_FAILED, "bailed out%s%s", *t->bail ? ": " : "", t->bail);
	if (t->totals.fail > 0)
		return err_set(err, ERR_FAILED, "%d of %d failed: %s%s", t->totals.fail, t->told, t->first_failure,
		               t->totals.fail > 1 ? ", …" : "");
	if (!judge_run(t, code, err))
		return false;
	return t->trouble.kind ? err_copy(err, &t->trouble) : true;
}
