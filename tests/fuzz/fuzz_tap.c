/*
 * TAP of any bytes: however it is cut into pieces, the same results, totals and verdict come of it, every text keeps to
 * its limit, and what failed is never a pass.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/report/report.h"

struct seen { uint64_t hash; int failed; };

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
}

static uint64_t read_in_pieces(const char *data, size_t size, size_t piece)
{
	struct seen s = { .hash = 14695981039346656037u };
	struct tap *t = tap_new(note, &s);
	struct err err = { .text = "passed" };
	bool ok;

	for (size_t at = 0; at < size; at += piece)
		tap_feed(t, data + at, size - at < piece ? size - at : piece);
	ok = tap_finish(t, 0, &err);
	if (s.failed != tap_totals(t)->fail || (ok && s.failed > 0) || ok != (err.kind == ERR_NONE))
		abort();
	add(&s, err.text);
	s.hash = (s.hash ^ (uint64_t)tap_totals(t)->planned) * 1099511628211u;
	tap_free(t);
	return s.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	uint64_t whole = read_in_pieces(text, size, size ? size : 1);

	if (read_in_pieces(text, size, 1) != whole || read_in_pieces(text, size, 7) != whole)
		abort();
	return 0;
}
