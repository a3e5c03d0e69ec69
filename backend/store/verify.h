/*
 * verify: `slipwayd audit-verify FILE` checks the hash chain of an exported journal (one ROW of proto/api.h a line)
 * without any engine or database.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/artifact/digest.h"
#include "backend/base/err.h"

/* Where the chain stands. */
struct verify_chain { int64_t rows, seq; char hash[DIGEST_SIZE]; };
void verify_begin(struct verify_chain *c);
/* The row as it was exported; ERR_CONFLICT names one that does not continue the chain. */
bool verify_row(struct verify_chain *c, const json_t *row, struct err *err);
/* The same for a line of the file; the row is yours, NULL with err. */
json_t *verify_line(struct verify_chain *c, const char *line, size_t len, struct err *err);

/* 0 and "ok, N rows, head HASH"; 1 and the first bad row's number; 2 for a file that cannot be read. */
int verify_tool(int argc, char **argv);

#endif
