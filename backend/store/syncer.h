/*
 * syncer: brings files to the disk on a thread of its own, in the order in which that was asked for, so that a slow disk
 * keeps nobody waiting who has something else to do.
 *
 * Each ask gets a number, one more than the one before. One fdatasync serves all that stand one behind the other for the
 * same file. The first that fails is the last: a kernel forgets what it could not write, so asking again proves nothing.
 */
#ifndef STORE_SYNCER_H
#define STORE_SYNCER_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

struct syncer;

bool syncer_new(struct syncer **ret, struct err *err);
void syncer_free(struct syncer *s);            /* when all that was asked for is done */
/* The number of this ask. `fd` is the caller's and must stay open until it is done; `whole`: its size matters too. */
int64_t syncer_ask(struct syncer *s, int fd, bool whole);
int64_t syncer_asked(const struct syncer *s);  /* the last number that was given */
/* All up to this number are on the disk. *ret_errno (may be NULL): what one failed with, after which none is done; 0. */
int64_t syncer_done(struct syncer *s, int *ret_errno);
bool syncer_wait(struct syncer *s, int64_t number);    /* blocks; false: one failed */
/* Becomes readable when more is done, until syncer_heard. */
int syncer_fd(const struct syncer *s);
void syncer_heard(struct syncer *s);

#endif
