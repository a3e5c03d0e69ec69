/*
 * Any bytes as a script of keys, pastes, pauses, resizes and changes of the data: nothing is changed by accident.
 * needs: tests/tools/desk.c tests/tools/scene.c tests/tools/monkey.c tests/tools/monkey_judge.c
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/tools/monkey.h"

enum { SCRIPT_MAX = 400 };     /* a longer one only takes longer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct monkey_result result = monkey_run(data, size < SCRIPT_MAX ? size : SCRIPT_MAX);

	if (*result.broken) {
		fprintf(stderr, "fuzz_safety: %s\n", result.broken);
		abort();
	}
	return 0;
}
