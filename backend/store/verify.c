#include "backend/store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/artifact/digest.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

void verify_begin(struct verify_chain *c)
{
	*c = (struct verify_chain){ 0 };
	memset(c->hash, '0', DIGEST_SIZE - 1);
}

bool verify_row(struct verify_chain *c, const json_t *row, struct err *err)
{
	AUTO(mem_auto_free) char *body = json_line(json_object_get(row, "body"));
	int64_t seq = json_int(row, "seq", -1), wanted = c->seq + 1;
	char hash[DIGEST_SIZE];
	char *text = mem_printf("%s\n%" PRId64 "\n%" PRId64 "\n%s\n%s\n%s", c->hash, seq, json_int(row, "at", 0),
	                        json_text(row, "actor"), json_text(row, "type"), body);

	digest_bytes(text, strlen(text), hash);
	free(text);
	if (seq != wanted)
		return err_set(err, ERR_CONFLICT, "bad row %" PRId64 ": row %" PRId64 " is missing", wanted, wanted);
	if (strcmp(hash, json_text(row, "hash")) != 0)
		return err_set(err, ERR_CONFLICT, "bad row %" PRId64 ": its hash does not follow from its content and the row before",
		               wanted);
	c->rows++;
	c->seq = seq;
	memcpy(c->hash, hash, sizeof hash);
	return true;
}

json_t *verify_line(struct verify_chain *c, const char *line, size_t len, struct err *err)
{
	json_t *row = json_read(line, len, NULL);

	if (!row) {
		err_set(err, ERR_CONFLICT, "bad row %" PRId64 ": it is no JSON", c->seq + 1);
		return NULL;
	}
	if (verify_row(c, row, err))
		return row;
	json_decref(row);
	return NULL;
}

static int verify_stream(FILE *in)
{
	struct verify_chain c;
	AUTO(mem_auto_free) char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	verify_begin(&c);
	while ((n = getline(&line, &cap, in)) > 0) {
		struct err err = { 0 };
		json_t *row = verify_line(&c, line, (size_t)n, &err);

		if (!row) {
			printf("%s\n", err.text);
			return 1;
		}
		json_decref(row);
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
