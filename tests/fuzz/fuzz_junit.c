/* Any bytes as a JUnit file, in pieces of any size: results or an error that says where. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void count(void *arg, const struct report_result *r)
{
	int *n = arg;

	must(r->suite && r->name && r->message && strlen(r->message) <= REPORT_TEXT_MAX + 4);
	++*n;
}

static bool read_in_pieces(const uint8_t *data, size_t size, size_t piece, int *ret_count)
{
	struct junit *junit = junit_new("fuzz.xml", count, ret_count);
	struct err err = { 0 };
	bool ok = true;

	for (size_t at = 0; ok && at < size; at += piece)
		ok = junit_feed(junit, (const char *)data + at, size - at < piece ? size - at : piece, &err);
	ok = ok && junit_finish(junit, &err);
	must(ok || strncmp(err.text, "fuzz.xml", 8) == 0);
	junit_free(junit);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int whole = 0, pieces = 0;
	bool ok = read_in_pieces(data, size, size ? size : 1, &whole);

	must(ok == read_in_pieces(data, size, 1 + size % 5, &pieces));
	must(!ok || whole == pieces);
	return 0;
}
