/* Any bytes on their way to a terminal: what comes out holds no control, is UTF-8, and is never longer. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void look(const char *in, size_t len, enum clean_mode mode)
{
	AUTO(mem_auto_free) char *out = mem_alloc(len + 1), *again = mem_alloc(len + 1);
	size_t n = clean_bytes(in, len, mode, out), m;

	must(n <= len && out[n] == '\0');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)out[i];

		must(c >= 0x20 || (c == '\n' && mode == CLEAN_TEXT));
		must(c != 0x7f);
		/* C1 controls in UTF-8. */
		must(c != 0xc2 || (unsigned char)out[i + 1] >= 0xa0);
	}
	m = clean_bytes(out, n, mode, again);
	must(m == n && memcmp(out, again, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look((const char *)data, size, CLEAN_LINE);
	look((const char *)data, size, CLEAN_TEXT);
	return 0;
}
