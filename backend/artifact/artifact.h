/*
 * artifact: the content-addressed store of artifacts, and unpacking them safely (libarchive).
 *
 * A store is a folder: STORE/ab/abcdef….  Files are written aside, fsynced and renamed, mode 0400; the same content
 * is kept once. All of these block (they read whole files): they run in child processes of the engine (tool.c), as
 *   slipwayd artifact-import STORE <JSON     reads {"web":"/abs/file",…}, prints
 *                                            {"artifacts":[{"component","sha256","size"}…]}
 *   slipwayd artifact-unpack FILE SHA256 FOLDER [NAME]
 * with exit code 0, or 1 and one line on standard error. NAME is the fallback name below; FOLDER's last name when left
 * out.
 */
#ifndef ARTIFACT_ARTIFACT_H
#define ARTIFACT_ARTIFACT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/artifact/digest.h"
#include "backend/base/err.h"

enum { ARTIFACT_FILES_MAX = 200000 };
#define ARTIFACT_BYTES_MAX (8LL * 1024 * 1024 * 1024)

char *artifact_path(const char *store, const char *sha256);    /* yours */
/* Copies a regular file (no link, no device) into the store. */
bool artifact_import(const char *store, const char *file, char ret_sha256[static DIGEST_SIZE], int64_t *ret_size,
                     struct err *err);
/*
 * Checks the digest of `file` on the open descriptor and unpacks it, from that same descriptor, into `folder`, which is
 * made aside ("folder.part") and renamed when whole; an existing whole one of the same digest (it holds `.digest`) is
 * kept. tar and cpio with any compression, and zip; a file that is no archive becomes one executable file named by
 * `fallback_name`. Refused: paths outside, absolute paths, links that lead outside, devices, fifos; setuid and setgid
 * bits are dropped; at most ARTIFACT_FILES_MAX files and ARTIFACT_BYTES_MAX bytes.
 */
bool artifact_unpack(const char *file, const char *sha256, const char *folder, const char *fallback_name,
                     struct err *err);
/* `slipwayd artifact-…`: see above; argv[0] is "artifact-import" or "artifact-unpack". Returns the exit code. */
int artifact_tool(int argc, char **argv);

#endif
