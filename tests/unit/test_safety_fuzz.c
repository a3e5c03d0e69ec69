/* Anything is pressed, at any pace, while everything changes: nothing is ever changed by accident. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"
#include "tests/tools/monkey.h"

enum { SCRIPT = 600, SECONDS = 8, ROUNDS_MIN = 20, ROUNDS_TELLING = 150 };

/* The same numbers on every machine: xorshift64*. */
static uint64_t roll(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

static void add(struct monkey_result *all, const struct monkey_result *one)
{
	all->requests += one->requests;
	all->protected_ones += one->protected_ones;
	all->features += one->features;
	all->verdicts += one->verdicts;
	all->schedules += one->schedules;
	all->holds += one->holds;
}

static void nothing_is_changed_by_accident(void **state)
{
	const char *wanted = getenv("SLIPWAY_FUZZ_SECONDS"), *first = getenv("SLIPWAY_FUZZ_SEED");
	int64_t end_ms = clock_mono_ms() + 1000 * (wanted ? strtoll(wanted, NULL, 10) : SECONDS);
	uint64_t round = first ? strtoull(first, NULL, 10) : 1;
	struct monkey_result all = { 0 };
	size_t rounds = 0;

	(void)state;
	for (; rounds < ROUNDS_MIN || clock_mono_ms() < end_ms; round++, rounds++) {
		uint64_t seed = round * UINT64_C(0x9e3779b97f4a7c15);
		uint8_t script[SCRIPT];
		struct monkey_result result;

		for (size_t i = 0; i < sizeof script; i++)
			script[i] = (uint8_t)(roll(&seed) >> 32);
		result = monkey_run(script, sizeof script);
		if (*result.broken)
			fail_msg("SLIPWAY_FUZZ_SEED=%llu: %s", (unsigned long long)round, result.broken);
		add(&all, &result);
	}
	print_message("%zu rounds, %zu requests, %zu to protected environments; %zu features, %zu verdicts, %zu schedules, "
	              "%zu locks\n", rounds, all.requests, all.protected_ones, all.features, all.verdicts, all.schedules,
	              all.holds);
	/* A monkey that never gets anything done would prove nothing; sanitizers leave it time for too few rounds to tell. */
	if (rounds < ROUNDS_TELLING)
		return;
	assert_true(all.requests > 0 && all.protected_ones > 0);
	assert_true(all.features > 0 && all.verdicts > 0 && all.schedules > 0 && all.holds > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_changed_by_accident) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
