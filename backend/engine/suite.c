#include "backend/engine/suite.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/output.h"
#include "backend/engine/words_list.h"
#include "backend/http/http.h"
#include "backend/process/child.h"

enum { TAIL_MAX = 4000, FAILURE_MAX = 1000, SAID_MAX = 1000, BODY_SHOWN = 200, REPORT_LINE_MAX = 64 * 1024 };

struct suite {
	struct suite_spec spec;
	driver_done_fn fn;
	void *arg;
	const struct config_test *tests;
	size_t ntests, at;
	struct report_totals totals;
	int suite_failures;                /* of the test under way */
	int code;                          /* its command's exit code */
	struct http_call *call;
	struct child *child;
	struct tap *tap;
	struct buf said;                   /* the last of what the command under way printed */
	struct buf lines;                  /* of the report reader's output */
	struct buf complaint;              /* the report reader's */
	char *reports_dir;
	struct loop_timer *next;
	struct buf failures;               /* one line each; the first of them are in the message */
	struct buf tail;                   /* the same, with the last lines of commands that failed */
	bool stopped;
};

static void add_totals(struct suite *s, enum test_outcome outcome)
{
	int *counts[] = { [TEST_OK] = &s->totals.ok, [TEST_FAIL] = &s->totals.fail, [TEST_SKIP] = &s->totals.skip,
	                  [TEST_TODO] = &s->totals.todo };

	++*counts[outcome];
}

/* The stage's own name says nothing: whoever reads the failure reads the stage's name in front of it. */
static void keep_failure(struct suite *s, const struct report_result *r)
{
	bool has_suite = *r->suite && strcmp(r->suite, stage_name(s->spec.stage)) != 0;
	AUTO(mem_auto_free) char *line = mem_printf("%s%s%s%s%.*s\n", has_suite ? r->suite : "", has_suite ? ": " : "", r->name,
	                                            *r->message ? ": " : "", FAILURE_MAX, r->message);

	buf_add_text(&s->failures, line);
	buf_add_text(&s->tail, line);
}

static void add_result(void *arg, const struct report_result *r)
{
	struct suite *s = arg;
	struct store_result row = { .suite = r->suite, .name = r->name, .message = r->message, .outcome = r->outcome,
	                            .ms = r->ms };
	struct err err = { 0 };
	int n = 0;

	add_totals(s, r->outcome);
	if (r->outcome == TEST_FAIL) {
		s->suite_failures++;
		keep_failure(s, r);
	}
	if (!store_add_result(s->spec.env->e->store, s->spec.deployment, s->spec.step, &row, &n, &err))
		log_line(LOG_LEVEL_ERROR, "keep a test result: %s", err.text);
	output_result(s->spec.output, n, s->spec.step, r);
	output_totals(s->spec.output, &s->totals);
}

static void keep_said(struct suite *s, const char *data, size_t len)
{
	if (len > SAID_MAX) {
		data += len - SAID_MAX;
		len = SAID_MAX;
	}
	if (s->said.len + len > SAID_MAX)
		buf_drop(&s->said, s->said.len + len - SAID_MAX);
	buf_add(&s->said, data, len);
}

/* What a command said last mostly is why it failed. Where its beginning was cut, so is the line that it was cut in. */
static void add_last_lines(struct suite *s)
{
	const char *from = s->said.data, *line = s->said.len == SAID_MAX ? strchr(from, '\n') : NULL;

	if (line && line[1])
		from = line + 1;
	if (*from)
		buf_printf(&s->tail, "%s%s", from, s->said.data[s->said.len - 1] == '\n' ? "" : "\n");
	buf_clear(&s->said);
}

static void fail_test(struct suite *s, const char *message)
{
	const struct config_test *t = &s->tests[s->at];

	output_line(s->spec.output, "FAIL %s: %s", t->name, message);
	add_result(s, &(struct report_result){ .suite = stage_name(s->spec.stage), .name = t->name, .message = message,
	                                       .outcome = TEST_FAIL, .ms = -1 });
	add_last_lines(s);
}

static void finish(struct suite *s)
{
	struct driver_outcome outcome = { .ok = s->totals.fail == 0 && !s->stopped,
	                                  .layer = stage_name(s->spec.stage) };

	if (s->stopped)
		err_set(&outcome.err, ERR_REFUSED, "stopped");
	else if (!outcome.ok)
		err_set(&outcome.err, ERR_FAILED, "%d of %d tests failed: %.300s", s->totals.fail,
		        s->totals.fail + s->totals.ok + s->totals.skip + s->totals.todo, s->failures.data);
	for (char *p = outcome.err.text + strlen(outcome.err.text); p > outcome.err.text && p[-1] == '\n';)
		*--p = '\0';
	outcome.tail = s->tail.len ? s->tail.data : NULL;
	s->fn(s->arg, &outcome);
}

static void test_over(struct suite *s)
{
	s->at++;
	loop_timer_set(s->next, 0);
}

/* What an answer says, a page without its markup: a message has one line. Yours. */
static char *body_text(const char *body)
{
	AUTO(buf_done) struct buf text = { 0 };
	bool in_tag = false, blank = false;

	if (body[strspn(body, " \t\r\n")] != '<')
		return mem_dupn(body, BODY_SHOWN);
	buf_init(&text, BODY_SHOWN);
	for (; *body && text.len < BODY_SHOWN - 1; body++) {
		bool is_blank = strchr(" \t\r\n", *body);

		if (in_tag || *body == '<' || is_blank) {
			in_tag = *body != '>' && (in_tag || *body == '<');
			blank = true;
			continue;
		}
		if (blank && text.len)
			buf_add(&text, " ", 1);
		buf_add(&text, body, 1);
		blank = false;
	}
	return mem_dup(text.data);
}

static void answered(void *arg, const struct http_answer *answer)
{
	struct suite *s = arg;
	const struct config_test *t = &s->tests[s->at];

	s->call = NULL;
	if (!answer->ok) {
		fail_test(s, answer->err.text);
	} else if (answer->status != t->status) {
		AUTO(mem_auto_free) char *said = body_text(answer->body);
		AUTO(mem_auto_free) char *why = mem_printf("%s %s answered %d, expected %d: %s", t->method, t->path,
		                                           answer->status, t->status, said);

		fail_test(s, why);
	} else if (t->body && !strstr(answer->body, t->body)) {
		AUTO(mem_auto_free) char *said = body_text(answer->body);
		AUTO(mem_auto_free) char *why = mem_printf("%s %s answered without \"%s\": %s", t->method, t->path, t->body,
		                                           said);

		fail_test(s, why);
	} else {
		output_line(s->spec.output, "ok %s: %s %s answered %d in %.1f ms", t->name, t->method, t->path, answer->status,
		            (double)answer->took_us / 1000);
		add_result(s, &(struct report_result){ .suite = stage_name(s->spec.stage), .name = t->name, .message = "",
		                                       .outcome = TEST_OK, .ms = answer->took_us / 1000 });
	}
	test_over(s);
}

static void ask(struct suite *s, const struct config_test *t)
{
	struct environment *env = s->spec.env;
	AUTO(mem_auto_free) char *base = env->driver->url(env->denv, t->component, env->driver->has_preview);
	AUTO(mem_auto_free) char *url = base ? mem_printf("%s%s", base, t->path) : NULL;
	struct http_request request = { .method = t->method, .url = url, .timeout_ms = t->timeout_ms };

	if (!url) {
		AUTO(mem_auto_free) char *why = mem_printf("component %s has no address to ask", t->component);

		fail_test(s, why);
		test_over(s);
		return;
	}
	s->call = http_send(env->e->http, &request, answered, s);
}

static void read_report_line(struct suite *s, const char *line, size_t len)
{
	json_t *value = json_read(line, len, NULL);
	struct report_result r = { .suite = json_text(value, "suite"), .name = json_text(value, "name"),
	                           .message = json_text(value, "message"), .ms = json_int(value, "ms", -1) };

	if (test_outcome_parse(json_text(value, "outcome"), &r.outcome)) {
		if (r.outcome == TEST_FAIL)
			output_line(s->spec.output, "FAIL %s%s%s: %s", r.suite, *r.suite ? ": " : "", r.name, r.message);
		add_result(s, &r);
	}
	json_decref(value);
}

static void report_output(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct suite *s = arg;
	char *end;

	if (is_stderr) {
		buf_add(&s->complaint, data, len);
		return;
	}
	buf_add(&s->lines, data, len);
	while ((end = memchr(s->lines.data, '\n', s->lines.len))) {
		read_report_line(s, s->lines.data, (size_t)(end - s->lines.data));
		buf_drop(&s->lines, (size_t)(end - s->lines.data) + 1);
	}
}

/* Its files say which tests failed; the exit code only counts when they do not. */
static void judge_report(struct suite *s, const struct child_end *end)
{
	AUTO(mem_auto_free) char *why = NULL;
	size_t len = strcspn(s->complaint.data, "\n");

	if (end->err)
		why = mem_printf("its report could not be read: %s", end->err->text);
	else if (end->timed_out)
		why = mem_printf("its report could not be read within %g s", (double)s->tests[s->at].timeout_ms / 1000);
	else if (end->code != 0)
		why = mem_printf("its report could not be read: %.*s", (int)len, len ? s->complaint.data : "its reader died");
	else if (s->code != 0 && s->suite_failures == 0)
		why = mem_printf("it exited with %d", s->code);
	if (why)
		fail_test(s, why);
}

static void report_ended(void *arg, const struct child_end *end)
{
	struct suite *s = arg;

	s->child = NULL;
	if (!s->stopped)
		judge_report(s, end);
	buf_clear(&s->lines);
	buf_clear(&s->complaint);
	test_over(s);
}

/* Names in the folder of reports: what is said of one begins with its name, and not with where the engine keeps it. */
static char **reader_argv(const struct suite *s, char *program, const glob_t *found)
{
	char **argv = mem_array(found->gl_pathc + 3, sizeof *argv);

	argv[0] = program;
	argv[1] = (char *)"report-read";
	for (size_t i = 0; i < found->gl_pathc; i++) {
		char *name = found->gl_pathv[i] + strlen(s->reports_dir);

		argv[2 + i] = name + strspn(name, "/");
	}
	argv[2 + found->gl_pathc] = NULL;
	return argv;
}

/* Files can be large and hostile: a child reads them and prints one JSON line a result. */
static void read_reports(struct suite *s, const struct config_test *t)
{
	AUTO(mem_auto_free) char *pattern = file_join(s->reports_dir, t->report_files);
	AUTO(mem_auto_free) char *program = engine_program();
	char **argv;
	struct child_spec spec = { .dir = s->reports_dir, .split_stderr = true, .timeout_ms = t->timeout_ms,
	                           .output = report_output, .end = report_ended, .arg = s,
	                           .env = (const char *const[]){ NULL } };
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0) {
		AUTO(mem_auto_free) char *why = mem_printf("it wrote no report that matches %s in SLIPWAY_REPORTS",
		                                           t->report_files);

		fail_test(s, why);
		test_over(s);
		return;
	}
	argv = reader_argv(s, program, &found);
	spec.argv = (const char *const *)argv;
	s->child = child_start(s->spec.env->e->launcher, &spec);
	free(argv);
	globfree(&found);
}

static void command_output(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct suite *s = arg;

	output_add(s->spec.output, data, len);
	keep_said(s, data, len);
	if (s->tap && !is_stderr)
		tap_feed(s->tap, data, len);
}

/* A failed result says more than "1 test failed": the whole is only told when no result says what is wrong. */
static void judge_tap(struct suite *s, const struct child_end *end)
{
	struct err err = { 0 };

	if (!tap_finish(s->tap, end->code, &err) && s->suite_failures == 0 && !end->timed_out && !end->err)
		fail_test(s, err.text);
	tap_free(s->tap);
	s->tap = NULL;
}

/* The way it ended; NULL when it ended well, or when its report is to be asked. Yours. */
static char *end_text(const struct config_test *t, const struct child_end *end)
{
	if (end->err)
		return mem_dup(end->err->text);
	if (end->timed_out)
		return mem_printf("it did not end within %g s", (double)t->timeout_ms / 1000);
	if (end->signo)
		return mem_printf("it was ended by signal %d (%s)", end->signo, strsignal(end->signo));
	return end->code != 0 && t->report == REPORT_NONE ? mem_printf("it exited with %d", end->code) : NULL;
}

static void command_ended(void *arg, const struct child_end *end)
{
	struct suite *s = arg;
	const struct config_test *t = &s->tests[s->at];
	AUTO(mem_auto_free) char *why = end_text(t, end);

	s->child = NULL;
	s->code = end->code;
	if (s->stopped || end->stopped) {
		tap_free(s->tap);
		s->tap = NULL;
		finish(s);
		return;
	}
	if (s->tap)
		judge_tap(s, end);
	if (t->report == REPORT_JUNIT && !why) {
		read_reports(s, t);
		return;
	}
	/* What was not run to its end is told even when there are failures: there may have been more. */
	if (why && (end->timed_out || s->suite_failures == 0)) {
		fail_test(s, why);
	} else if (!why && t->report == REPORT_NONE) {
		output_line(s->spec.output, "ok %s", t->name);
		add_result(s, &(struct report_result){ .suite = stage_name(s->spec.stage), .name = t->name, .message = "",
		                                       .outcome = TEST_OK, .ms = -1 });
	}
	test_over(s);
}

static void test_words(struct suite *s, struct words_list *words)
{
	struct environment *env = s->spec.env;
	const struct driver_job *job = s->spec.job;

	words_add_environment(words);
	words_printf(words, "SLIPWAY_APP=%s", env->app);
	words_printf(words, "SLIPWAY_ENVIRONMENT=%s", env->name);
	words_printf(words, "SLIPWAY_VERSION=%s", job->version);
	words_printf(words, "SLIPWAY_DIGEST=%s", job->digest);
	words_printf(words, "SLIPWAY_DEPLOYMENT=%s", job->deployment);
	words_printf(words, "SLIPWAY_REPORTS=%s", s->reports_dir);
	for (size_t i = 0; i < env->cenv->nvars; i++)
		words_printf(words, "%s=%s", env->cenv->vars[i].name, env->cenv->vars[i].value);
	for (size_t i = 0; i < env->capp->ncomponents; i++) {
		AUTO(mem_auto_free) char *name = words_variable(env->capp->components[i].name);
		AUTO(mem_auto_free) char *url = env->driver->url(env->denv, env->capp->components[i].name,
		                                                 env->driver->has_preview);

		if (url)
			words_printf(words, "SLIPWAY_URL_%s=%s", name, url);
	}
}

static void run_command(struct suite *s, const struct config_test *t)
{
	struct environment *env = s->spec.env;
	AUTO(words_done) struct words_list words = { 0 };
	struct child_spec spec = { .argv = (const char *const *)t->command, .dir = env->capp->dir, .split_stderr = true,
	                           .timeout_ms = t->timeout_ms, .output = command_output, .end = command_ended, .arg = s };
	struct err err = { 0 };

	output_line(s->spec.output, "-- %s", t->name);
	test_words(s, &words);
	spec.env = words_env(&words);
	if (!file_remove_tree(s->reports_dir, &err) || !file_make_dirs(s->reports_dir, 0700, &err)) {
		fail_test(s, err.text);
		test_over(s);
		return;
	}
	s->child = child_start(env->e->launcher, &spec);
	if (t->report == REPORT_TAP)
		s->tap = tap_new(add_result, s);
}

static void start_next(void *arg)
{
	struct suite *s = arg;
	const struct config_test *t;

	if (s->stopped || s->at == s->ntests) {
		finish(s);
		return;
	}
	t = &s->tests[s->at];
	s->suite_failures = 0;
	buf_clear(&s->said);
	if (t->kind == TEST_HTTP)
		ask(s, t);
	else
		run_command(s, t);
}

struct suite *suite_start(const struct suite_spec *spec, driver_done_fn fn, void *arg)
{
	struct suite *s = mem_alloc(sizeof *s);
	const struct config_app *app = spec->env->capp;
	bool smoke = spec->stage == STAGE_SMOKE;

	*s = (struct suite){ .spec = *spec, .fn = fn, .arg = arg, .tests = smoke ? app->smoke : app->acceptance,
	                     .ntests = smoke ? app->nsmoke : app->nacceptance, .totals = { .planned = -1 } };
	buf_init(&s->failures, TAIL_MAX);
	buf_init(&s->tail, TAIL_MAX);
	buf_init(&s->said, SAID_MAX);
	buf_init(&s->lines, REPORT_LINE_MAX);
	buf_init(&s->complaint, REPORT_TEXT_MAX);
	s->reports_dir = file_join(spec->env->state_dir, "reports");
	s->next = loop_timer_new(spec->env->e->loop, start_next, s);
	loop_timer_set(s->next, 0);
	return s;
}

void suite_stop(struct suite *s)
{
	s->stopped = true;
	if (s->child) {
		child_stop(s->child);
		return;
	}
	http_cancel(s->call);
	s->call = NULL;
	loop_timer_set(s->next, 0);
}

void suite_free(struct suite *s)
{
	if (!s)
		return;
	http_cancel(s->call);
	child_free(s->child);
	tap_free(s->tap);
	loop_timer_free(s->next);
	buf_done(&s->failures);
	buf_done(&s->tail);
	buf_done(&s->said);
	buf_done(&s->lines);
	buf_done(&s->complaint);
	free(s->reports_dir);
	free(s);
}

const struct report_totals *suite_totals(const struct suite *s)
{
	return &s->totals;
}
