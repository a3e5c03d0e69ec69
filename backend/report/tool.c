#include "backend/report/tool.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "backend/report/report.h"

static void print_result(void *arg, const struct report_result *r)
{
	json_t *value = json_pack("{s:o, s:o, s:s, s:o, s:I}", "suite", json_safe_string(r->suite), "name",
	                          json_safe_string(r->name), "outcome", test_outcome_name(r->outcome), "message",
	                          json_safe_string(r->message), "ms", (json_int_t)r->ms);
	AUTO(mem_auto_free) char *line = json_line(value);

	fprintf(arg, "%s\n", line);
	json_decref(value);
}

int report_tool(int argc, char **argv)
{
	struct err err = { 0 };

	for (int i = 1; i < argc; i++) {
		struct report_totals totals;

		if (!report_read_file(argv[i], print_result, stdout, &totals, &err)) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "the results could not be written\n");
		return 1;
	}
	return 0;
}
