#include "backend/report/report.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/report/text.h"

#define BLANKS " \t\r\n"

enum {
	DEPTH_MAX = 100,
	SUITES_MAX = 32,                   /* nested ones */
	TOKEN_MAX = 4 * 1024 * 1024,       /* one tag with its attributes, one comment: expat holds it in memory */
	SLICE = 64 * 1024
};

enum element {
	ELEMENT_OTHER, ELEMENT_SUITE, ELEMENT_CASE,
	ELEMENT_VERDICT,                   /* <failure>, <error>, <skipped> of a case */
	ELEMENT_SUITE_VERDICT              /* <failure>, <error> of a suite that could not be run at all */
};

struct suite {
	char *name;
	long stated;                       /* failures and errors as its attributes say; -1: they say nothing */
	long failed;                       /* <failure> and <error> seen in it and below it */
};

struct junit {
	char *file;
	report_fn fn;
	void *arg;
	XML_Parser parser;
	struct report_totals totals;
	enum element open[DEPTH_MAX];      /* the elements around the place where we are */
	int depth;
	struct suite suites[SUITES_MAX];
	int nsuites;
	bool in_case, in_verdict;
	bool saw_suite;
	int64_t fed, parsed;               /* bytes */
	int told;
	/* The case that is open. */
	char *suite;
	struct report_text name, place, message, stated, text;
	enum test_outcome outcome;
	int64_t ms;
	struct err err;                    /* set: broken, for good */
};

/* The first complaint counts; expat is told to stop. */
static void give_up(struct junit *j, enum err_kind kind, const char *why)
{
	if (!j->err.kind)
		err_set(&j->err, kind, "%s:%lu:%lu: %s", j->file, (unsigned long)XML_GetCurrentLineNumber(j->parser),
		        (unsigned long)XML_GetCurrentColumnNumber(j->parser) + 1, why);
	XML_StopParser(j->parser, XML_FALSE);
}

static const char *attribute(const char **attributes, const char *name)
{
	for (; attributes[0]; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return "";
}

/* "0.012", "1,234.5"; seconds. */
static int64_t read_seconds(const char *text)
{
	char plain[32];
	size_t n = 0;
	char *end;
	double s;

	for (; *text && n < sizeof plain - 1; text++)
		if (*text != ',')
			plain[n++] = *text;
	plain[n] = '\0';
	s = strtod(plain, &end);
	return end == plain || !(s >= 0 && s < 1e12) ? -1 : (int64_t)(s * 1000 + 0.5);
}

static long read_count(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return end == text || n < 0 || n > 1000000000 ? -1 : n;
}

static void tell(struct junit *j, const char *message)
{
	struct report_result result = {
		.suite = j->suite, .name = report_text_string(&j->name), .message = message, .outcome = j->outcome, .ms = j->ms
	};

	if (j->told == REPORT_RESULTS_MAX) {
		give_up(j, ERR_TOO_BIG, "more test results than are read (200000)");
		return;
	}
	j->told++;
	j->totals.ok += j->outcome == TEST_OK;
	j->totals.fail += j->outcome == TEST_FAIL;
	j->totals.skip += j->outcome == TEST_SKIP;
	j->totals.todo += j->outcome == TEST_TODO;
	j->fn(j->arg, &result);
}

static void set_text(struct report_text *to, const char *text)
{
	report_text_clear(to);
	report_text_add_string(to, text);
}

static const char *suite_name(const struct junit *j)
{
	for (int i = j->nsuites - 1; i >= 0; i--)
		if (*j->suites[i].name)
			return j->suites[i].name;
	return "";
}

static void set_place(struct junit *j, const char **attributes)
{
	const char *file = attribute(attributes, "file"), *line = attribute(attributes, "line");

	if (!*file)
		return;
	set_text(&j->place, file);
	if (*line) {
		report_text_add(&j->place, ":", 1);
		report_text_add_string(&j->place, line);
	}
}

static void begin_suite(struct junit *j, const char **attributes)
{
	long failures = read_count(attribute(attributes, "failures")), errors = read_count(attribute(attributes, "errors"));

	if (j->nsuites == SUITES_MAX) {
		give_up(j, ERR_TOO_BIG, "suites are nested too deeply");
		return;
	}
	j->suites[j->nsuites++] = (struct suite){
		.name = mem_dupn(attribute(attributes, "name"), REPORT_TEXT_MAX),
		.stated = failures < 0 && errors < 0 ? -1 : (failures > 0 ? failures : 0) + (errors > 0 ? errors : 0),
	};
}

static void begin_case(struct junit *j, const char *suite, const char *name)
{
	j->in_case = true;
	free(j->suite);
	j->suite = mem_dupn(suite, REPORT_TEXT_MAX);
	set_text(&j->name, name);
	report_text_clear(&j->place);
	report_text_clear(&j->message);
	j->outcome = TEST_OK;
	j->ms = -1;
}

/* A class that is called as the test is tells nothing (CTest): the suite's name does. */
static void begin_testcase(struct junit *j, const char **attributes)
{
	const char *name = attribute(attributes, "name"), *class_name = attribute(attributes, "classname");
	const char *status = attribute(attributes, "status");

	begin_case(j, *class_name && strcmp(class_name, name) != 0 ? class_name : suite_name(j),
	           *name ? name : "test without a name");
	set_place(j, attributes);
	j->ms = read_seconds(attribute(attributes, "time"));
	if (strcmp(status, "notrun") == 0 || strcmp(status, "disabled") == 0)
		j->outcome = TEST_SKIP;            /* GoogleTest, CTest */
}

static bool is_failure(const char *name)
{
	return strcmp(name, "failure") == 0 || strcmp(name, "error") == 0;
}

static void begin_verdict(struct junit *j, const char *name, const char **attributes)
{
	if (is_failure(name)) {
		j->outcome = TEST_FAIL;
		set_place(j, attributes);
		for (int i = 0; i < j->nsuites; i++)
			j->suites[i].failed++;
	} else if (j->outcome == TEST_OK) {
		/* pytest writes an expected failure as skipped. */
		j->outcome = strcmp(attribute(attributes, "type"), "pytest.xfail") == 0 ? TEST_TODO : TEST_SKIP;
	}
	j->in_verdict = true;
	report_text_clear(&j->text);
	set_text(&j->stated, attribute(attributes, "message"));
}

static enum element element_of(const struct junit *j, const char *name)
{
	enum element around = j->depth > 0 ? j->open[j->depth - 1] : ELEMENT_OTHER;

	if (strcmp(name, "testcase") == 0)
		return j->in_case ? ELEMENT_OTHER : ELEMENT_CASE;
	if (strcmp(name, "testsuite") == 0 || (strcmp(name, "testsuites") == 0 && j->depth == 0))
		return j->in_case ? ELEMENT_OTHER : ELEMENT_SUITE;
	if (around == ELEMENT_CASE && (is_failure(name) || strcmp(name, "skipped") == 0))
		return ELEMENT_VERDICT;
	return around == ELEMENT_SUITE && is_failure(name) ? ELEMENT_SUITE_VERDICT : ELEMENT_OTHER;
}

static void began(void *arg, const char *name, const char **attributes)
{
	struct junit *j = arg;
	enum element element = element_of(j, name);

	if (j->err.kind)
		return;
	if (j->depth == DEPTH_MAX) {
		give_up(j, ERR_TOO_BIG, "elements are nested too deeply");
		return;
	}
	j->open[j->depth++] = element;
	if (element == ELEMENT_SUITE) {
		j->saw_suite |= strcmp(name, "testsuite") == 0;
		begin_suite(j, attributes);
	} else if (element == ELEMENT_CASE) {
		begin_testcase(j, attributes);
	} else if (element == ELEMENT_VERDICT) {
		begin_verdict(j, name, attributes);
	} else if (element == ELEMENT_SUITE_VERDICT) {
		begin_case(j, suite_name(j), "the suite itself");
		begin_verdict(j, name, attributes);
	}
}

static void text_came(void *arg, const char *text, int len)
{
	struct junit *j = arg;

	if (j->in_verdict && !j->err.kind)
		report_text_add(&j->text, text, (size_t)len);
}

/* The message attribute and the element's text; often the text begins with the message. */
static void end_verdict(struct junit *j)
{
	const char *stated = report_text_string(&j->stated), *text = report_text_string(&j->text);
	size_t len;

	text += strspn(text, BLANKS);
	for (len = strlen(text); len > 0 && strchr(BLANKS, text[len - 1]);)
		len--;
	if (*stated && strncmp(text, stated, strlen(stated)) != 0)
		report_text_add_line(&j->message, stated, strlen(stated));
	if (len > 0)
		report_text_add_line(&j->message, text, len);
	j->in_verdict = false;
}

static void end_case(struct junit *j)
{
	bool placed = j->outcome == TEST_FAIL && !report_text_is_empty(&j->place);

	if (placed && !report_text_is_empty(&j->message))
		report_text_add(&j->place, ": ", 2);
	if (placed)
		report_text_add_string(&j->place, report_text_string(&j->message));
	j->in_case = false;
	tell(j, report_text_string(placed ? &j->place : &j->message));
}

/* A suite that says it had more failures than it shows is not taken for one that passed. */
static void end_suite(struct junit *j)
{
	struct suite *s = &j->suites[j->nsuites - 1];
	AUTO(mem_auto_free) char *message = NULL;
	long hidden = s->stated - s->failed;

	if (hidden > 0) {
		message = mem_printf("the report states %ld failed, and shows %ld", s->stated, s->failed);
		begin_case(j, suite_name(j), "the suite itself");
		j->in_case = false;
		j->outcome = TEST_FAIL;
		tell(j, message);
		/* Those around it count the same ones. */
		for (int i = 0; i < j->nsuites; i++)
			j->suites[i].failed += hidden;
	}
	free(s->name);
	j->nsuites--;
}

static void ended(void *arg, const char *name)
{
	struct junit *j = arg;

	(void)name;
	if (j->err.kind)
		return;
	switch (j->open[--j->depth]) {
	case ELEMENT_SUITE:
		end_suite(j);
		break;
	case ELEMENT_SUITE_VERDICT:
		end_verdict(j);
		end_case(j);
		break;
	case ELEMENT_VERDICT:
		end_verdict(j);
		break;
	case ELEMENT_CASE:
		end_case(j);
		break;
	case ELEMENT_OTHER:
		break;
	}
}

/* Nothing declared here is wanted in a report, and expanding it is how a small file becomes a huge one. */
static void entity_declared(void *arg, const char *name, int is_parameter, const char *value, int value_len,
                            const char *base, const char *system_id, const char *public_id, const char *notation)
{
	AUTO(mem_auto_free) char *why = mem_printf("it declares the entity \"%.80s\"; reports with entities are refused",
	                                           name);

	(void)is_parameter;
	(void)value;
	(void)value_len;
	(void)base;
	(void)system_id;
	(void)public_id;
	(void)notation;
	give_up(arg, ERR_USAGE, why);
}

struct junit *junit_new(const char *file, report_fn fn, void *arg)
{
	struct junit *j = mem_alloc(sizeof *j);

	*j = (struct junit){ .file = mem_dup(file), .fn = fn, .arg = arg, .totals = { .planned = -1 } };
	j->parser = XML_ParserCreate(NULL);
	if (!j->parser)
		abort();
	report_text_init(&j->name);
	report_text_init(&j->place);
	report_text_init(&j->message);
	report_text_init(&j->stated);
	report_text_init(&j->text);
	XML_SetUserData(j->parser, j);
	XML_SetElementHandler(j->parser, began, ended);
	XML_SetCharacterDataHandler(j->parser, text_came);
	XML_SetEntityDeclHandler(j->parser, entity_declared);
	return j;
}

void junit_free(struct junit *j)
{
	if (!j)
		return;
	XML_ParserFree(j->parser);
	for (int i = 0; i < j->nsuites; i++)
		free(j->suites[i].name);
	report_text_done(&j->name);
	report_text_done(&j->place);
	report_text_done(&j->message);
	report_text_done(&j->stated);
	report_text_done(&j->text);
	free(j->suite);
	free(j->file);
	free(j);
}

static bool parse(struct junit *j, const char *data, size_t len, bool last)
{
	int64_t at;

	if (XML_Parse(j->parser, data, (int)len, last) == XML_STATUS_ERROR) {
		enum XML_Error why = XML_GetErrorCode(j->parser);
		bool cut = why == XML_ERROR_NO_ELEMENTS || why == XML_ERROR_UNCLOSED_TOKEN
			|| why == XML_ERROR_UNCLOSED_CDATA_SECTION || why == XML_ERROR_PARTIAL_CHAR;

		give_up(j, ERR_USAGE, cut && j->depth > 0 ? "the file ends inside an element; was it written to its end?"
			: XML_ErrorString(why));
		return false;
	}
	j->fed += (int64_t)len;
	at = XML_GetCurrentByteIndex(j->parser);
	if (at > j->parsed)
		j->parsed = at;
	if (j->fed - j->parsed > TOKEN_MAX)
		give_up(j, ERR_TOO_BIG, "a tag or a comment of more than 4 MB");
	return !j->err.kind;
}

bool junit_feed(struct junit *j, const char *data, size_t len, struct err *err)
{
	while (!j->err.kind && len > 0) {
		size_t n = len < SLICE ? len : SLICE;

		if (!parse(j, data, n, false))
			break;
		data += n;
		len -= n;
	}
	return j->err.kind ? err_copy(err, &j->err) : true;
}

bool junit_finish(struct junit *j, struct err *err)
{
	if (!j->err.kind && parse(j, "", 0, true) && !j->saw_suite)
		err_set(&j->err, ERR_USAGE, "%s: no <testsuite> in it; is it a JUnit report?", j->file);
	if (j->err.kind)
		return err_copy(err, &j->err);
	j->totals.planned = j->told;
	return true;
}

const struct report_totals *junit_totals(const struct junit *j)
{
	return &j->totals;
}
