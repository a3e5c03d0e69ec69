#include "backend/store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/artifact/digest.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

struct chain { int64_t rows, seq; char hash[DIGEST_SIZE]; };

/* Writes why a row does not continue the chain; "" when it does. */
static void check_row(struct chain *c, const json_t *row, char why[static 200])
{
	AUTO(mem_auto_free) char *body = json_line(json_object_get(row, "body"));
	int64_t seq = json_int(row, "seq", -1);
	char hash[DIGEST_SIZE];
	char *text = mem_printf("%s\n%" PRId64 "\n%" PRId64 "\n%s\n%s\n%s", c->hash, seq, json_int(row, "at", 0),
	                        json_text(row, "actor"), json_text(row, "type"), body);

	digest_bytes(text, strlen(text), hash);
	free(text);
	why[0] = '\0';
	if (seq != c->seq + 1)
		snprintf(why, 200, "row %" PRId64 " is missing", c->seq + 1);
	else if (strcmp(hash, json_text(row, "hash")) != 0)
		snprintf(why, 200, "its hash does not follow from its content and the row before");
	c->rows++;
	c->seq = seq;
	memcpy(c->hash, hash, sizeof hash);
}

static int verify_stream(FILE *in)
{
	struct chain c = { 0 };
	AUTO(mem_auto_free) char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	memset(c.hash, '0', DIGEST_SIZE - 1);
	while ((n = getline(&line, &cap, in)) > 0) {
		json_t *row = json_read(line, (size_t)n, NULL);
		int64_t at = c.seq + 1;
		char why[200] = "it is no JSON";

		if (row)
			check_row(&c, row, why);
		json_decref(row);
		if (*why) {
			printf("bad row %" PRId64 ": %s\n", at, why);
			return 1;
		}
	}
	printf("ok, %" PRId64 " rows, head %s\n", c.rows, c.hash);
	return 0;
}

int verify_tool(int argc, char **argv)
{
	FILE *in;
	int code;

	if (argc != 2) {
		fprintf(stderr, "usage: slipwayd audit-verify FILE\n");
		return 2;
	}
	in = fopen(argv[1], "re");
	if (!in) {
		fprintf(stderr, "open %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	code = verify_stream(in);
	fclose(in);
	return code;
}
