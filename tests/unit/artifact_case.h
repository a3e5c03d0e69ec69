/*
 * artifact_case: what the tests of artifacts share: a folder with everything in it, made archives, what must hold after
 * one was refused.
 */
#ifndef TESTS_ARTIFACT_CASE_H
#define TESTS_ARTIFACT_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "backend/artifact/artifact.h"
#include "backend/base/err.h"

struct archive;

/* A folder with everything in it: the archive, the store, where it is unpacked ("in/app"), and what is outside. */
struct artifact_case {
	char dir[64];
	char *archive, *store, *folder, *victim;
	char sha256[DIGEST_SIZE];
	struct err err;
};

/* A member of a made archive: a regular file of mode 0644 unless said otherwise. */
struct member { const char *path; mode_t type, mode; const char *text, *link; };

int case_begin(void **state);      /* for cmocka: setup and teardown */
int case_end(void **state);

void case_add_member(struct archive *a, const struct member *m);
/* Makes c->archive with a format and a filter of libarchive. Names are written in UTF-8. */
void case_pack_as(struct artifact_case *c, int format, int filter, const struct member *members, size_t n);
void case_pack(struct artifact_case *c, const struct member *members, size_t n);        /* a plain tar */
/* Any bytes as c->archive. */
void case_put_file(struct artifact_case *c, const void *data, size_t len);
void case_digest_of(const char *path, char sha256[static DIGEST_SIZE]);

bool case_unpack(struct artifact_case *c);
void case_assert_file(const struct artifact_case *c, const char *name, const char *text);
mode_t case_mode_of(const struct artifact_case *c, const char *name);
/* Refused, saying so, and nothing of it is left anywhere. */
void case_assert_refused(struct artifact_case *c, const char *why);

#endif
