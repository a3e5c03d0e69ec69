/*
 * verify: `slipwayd audit-verify FILE` checks the hash chain of an exported journal (one ROW of proto/api.h a line)
 * without any engine or database.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

/* 0 and "ok, N rows, head HASH"; 1 and the first bad row's number; 2 for a file that cannot be read. */
int verify_tool(int argc, char **argv);

#endif
