/* Any bytes as the output of a test program, in pieces of any size: the same results, whatever the pieces. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"
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

	must(r->suite && r->name && r->message && strlen(r->name) <= REPORT_TEXT_MAX + 4);
	++*n;
}

static struct report_totals read_in_pieces(const uint8_t *data, size_t size, size_t piece, int *ret_count, bool *ret_ok)
{
	struct tap *tap = tap_new(count, ret_count);
	struct report_totals totals;
	struct err err = { 0 };

	for (size_t at = 0; at < size; at += piece)
		tap_feed(tap, (const char *)data + at, size - at < piece ? size - at : piece);
	*ret_ok = tap_finish(tap, 0, &err);
	must(*ret_ok || *err.text);
	totals = *tap_totals(tap);
	tap_free(tap);
	return totals;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int whole = 0, pieces = 0;
	bool whole_ok, pieces_ok;
	struct report_totals a = read_in_pieces(data, size, size ? size : 1, &whole, &whole_ok);
	struct report_totals b = read_in_pieces(data, size, 1 + size % 7, &pieces, &pieces_ok);

	must(whole == pieces && whole_ok == pieces_ok);
	must(a.ok == b.ok && a.fail == b.fail && a.skip == b.skip && a.todo == b.todo && a.planned == b.planned);
	return 0;
}
