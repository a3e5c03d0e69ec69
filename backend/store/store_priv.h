/*
 * The inside of struct store, shared by the files of this floor and its tests.
 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <sqlite3.h>

#include "backend/artifact/digest.h"
#include "backend/store/sql.h"
#include "backend/store/store.h"

struct disk;
struct result;

/* Where the chain stands: the last row's number and hash. */
struct chain { int64_t seq; char hash[DIGEST_SIZE]; };

struct store {
	char *path;
	struct disk *disk;                /* under db */
	sqlite3 *db;
	sqlite3_stmt *stmts[SQL_COUNT];

	struct chain head;                /* committed */
	struct chain next;                /* with what the open transaction adds */
	bool open;                        /* a transaction is */
	int wal_pages;                    /* how much the WAL holds */
	bool is_resting;                  /* it is in the database; the WAL can be emptied when that is kept */
	struct err broken;                /* kind ERR_NONE, or why the open transaction can only be undone */

	store_appended_fn appended_fn;
	void *appended_arg;
	json_t *rows;                     /* ROWs of the open transaction */
	json_t *news;                     /* committed ROWs on their way to appended_fn */
	bool telling;                     /* appended_fn is being called: a row it appends itself waits for its turn */

	struct result *results;           /* not on disk yet; see result.c */
	size_t nresults, cap_results;
	size_t written_results;           /* how many of them the open transaction wrote */
	int64_t last_n_deployment;        /* which deployment last_n speaks of; 0 none */
	int last_n;
};

#endif
