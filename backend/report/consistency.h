/*
 * consistency: what is the same in the environments of an application and what differs, side by side. Pure.
 */
#ifndef REPORT_CONSISTENCY_H
#define REPORT_CONSISTENCY_H

#include <jansson.h>
#include <stddef.h>

#include "backend/store/fact.h"

struct consistency_side {
	const char *environment;
	const struct store_facts *facts;
	const char *const *differs; size_t ndiffers;       /* what may differ here on purpose: "variables.LOG_LEVEL" */
};

/*
 * Array of {"what","values":{ENVIRONMENT:"…"|null},"same":bool,"declared":bool,"since":MS|null}, sorted by what: those
 * that differ first, then those that differ on purpose, then those that are the same. A difference is declared when
 * the values are the same without the environments that declare it. `since` comes from `differences`. Yours.
 */
json_t *consistency_rows(const struct consistency_side *sides, size_t n, const struct store_facts *differences);

#endif
