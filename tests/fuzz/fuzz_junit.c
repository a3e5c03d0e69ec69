/*
 * JUnit XML of any bytes: however it is cut into pieces, the same results and the same verdict come of it, every text
 * keeps to its limit, and no entity of the document's own is ever expanded.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/report/report.h"

struct seen { uint64_t hash; int failed, told; };

static void add(struct seen *s, const char *text)
{
	if (strlen(text) > REPORT_TEXT_MAX)
		abort();
	for (; *text; text++)
		s->hash = (s->hash ^ (unsigned char)*text) * 1099511628211u;
	s->hash = (s->hash ^ 256) * 1099511628211u;
}

static void note(void *arg, const struct report_result *r)
{
	struct seen *s = arg;

	add(s, r->suite);
	add(s, r->name);
	add(s, r->message);
	add(s, test_outcome_name(r->outcome));
	s->hash = (s->hash ^ (uint64_t)r->ms) * 1099511628211u;
	s->failed += r->outcome == TEST_FAIL;
	s->told++;
}

static uint64_t read_in_pieces(const char *data, size_t size, size_t piece, bool *ret_ok)
{
	struct seen s = { .hash = 14695981039346656037u };
	struct junit *j = junit_new("fuzz.xml", note, &s);
	const struct report_totals *n = junit_totals(j);
	struct err err = { 0 };
	bool ok = true;

	for (size_t at = 0; ok && at < size; at += piece)
		ok = junit_feed(j, data + at, size - at < piece ? size - at : piece, &err);
	ok = ok && junit_finish(j, &err);
	if (!ok && strncmp(err.text, "fuzz.xml", 8) != 0)
		abort();
	if (n->fail != s.failed || n->ok + n->fail + n->skip + n->todo != s.told || (ok && n->planned != s.told))
		abort();
	if (ok && memmem(data, size, "<!ENTITY", 8) && !memmem(data, size, "<!--", 4) && !memmem(data, size, "CDATA", 5)
	    && !memmem(data, size, "<?", 2) && !memmem(data, size, "'", 1) && !memmem(data, size, "\"", 1))
		abort();
	*ret_ok = ok;
	junit_free(j);
	return s.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	bool ok, again;
	uint64_t whole = read_in_pieces(text, size, size ? size : 1, &ok);

	if (read_in_pieces(text, size, 1, &again) != whole || again != ok)
		abort();
	if (read_in_pieces(text, size, 13, &again) != whole || again != ok)
		abort();
	return 0;
}
