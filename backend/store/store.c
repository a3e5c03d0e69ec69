#include "backend/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/mem.h"
#include "backend/store/disk.h"
#include "backend/store/journal.h"
#include "backend/store/migrate.h"
#include "backend/store/result.h"
#include "backend/store/store_priv.h"

/*
 * Exclusive locking comes first: the WAL's index then lives in our memory, no -shm file is made and nothing else can
 * open the live file (two connections that checkpoint at once can corrupt it before SQLite 3.51.3).
 */
static const char *const pragmas[] = {
	"PRAGMA locking_mode = EXCLUSIVE",
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = FULL",
	"PRAGMA foreign_keys = ON",
	"PRAGMA journal_size_limit = 4194304",
	"PRAGMA cache_size = -8000",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA trusted_schema = OFF",
};

/*
 * Pages in the WAL: when there is time, and at the latest. One page in ten changes twice between two rests, so resting
 * more seldom would save little.
 */
enum { REST_PAGES = 500, MOST_PAGES = 4000 };

/* SQLite would make the file with the umask's rights. */
static bool make_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return err_errno(err, errno, "make the database %s", path);
	if (fd >= 0)
		close(fd);
	return true;
}

/* Instead of SQLite's own checkpoint at 1,000 pages, which waits for the disk whatever is going on. */
static int committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	s->wal_pages = pages;
	s->is_resting = false;
	return pages < MOST_PAGES ? SQLITE_OK : sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static bool set_up(struct store *s, struct err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if (!disk_new(s->path, &s->disk, err))
		return false;
	if (sqlite3_open_v2(s->path, &s->db, flags, disk_name(s->disk)) != SQLITE_OK)
		return sql_fail(s, err);
	/* Only an open ever waits: afterwards the lock is ours. */
	sqlite3_busy_timeout(s->db, MIGRATE_BUSY_MS);
	if (sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
		return sql_fail(s, err);
	for (size_t i = 0; i < ARRAY_LEN(pragmas); i++)
		if (sqlite3_exec(s->db, pragmas[i], NULL, NULL, NULL) != SQLITE_OK)
			return sql_fail(s, err);
	sqlite3_wal_hook(s->db, committed, s);
	return migrate_run(s, err) && journal_read_head(s, err);
}

static struct store *store_new(const char *path)
{
	struct store *s = mem_alloc(sizeof *s);

	s->path = mem_dup(path);
	s->rows = json_array();
	s->news = json_array();
	return s;
}

/* The one-connection rule is for a file; this database is nobody else's, and nothing of it has to outlive us. */
bool store_open_view(struct store **ret, struct err *err)
{
	struct store *s = store_new(":memory:");
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if ((sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK && !sql_fail(s, err)) || !migrate_run(s, err)
	    || !journal_read_head(s, err)) {
		store_close(s);
		return false;
	}
	*ret = s;
	return true;
}

bool store_open(const char *path, struct store **ret, struct err *err)
{
	struct store *s;

	if (!migrate_check(path, err) || !make_file(path, err))
		return false;
	s = store_new(path);
	if (!set_up(s, err)) {
		store_close(s);
		return false;
	}
	*ret = s;
	return true;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->open)
		store_rollback(s);
	if (s->db) {
		result_settle(s);
		sql_done(s);
		sqlite3_close(s->db);
	}
	disk_free(s->disk);
	result_forget(s);
	json_decref(s->rows);
	json_decref(s->news);
	free(s->path);
	free(s);
}

void store_on_append(struct store *s, store_appended_fn fn, void *arg)
{
	s->appended_fn = fn;
	s->appended_arg = arg;
}

int64_t store_seq(struct store *s)
{
	return s->head.seq;
}

int64_t store_mark(const struct store *s)
{
	return s->disk ? disk_mark(s->disk) : 0;
}

bool store_is_kept(struct store *s, int64_t mark, struct err *err)
{
	int failed = 0;

	if (!s->disk || disk_is_kept(s->disk, mark, &failed))
		return true;
	if (failed)
		err_set(err, ERR_INTERNAL, "%s: the disk does not take it: %s; start the engine again when it is well", s->path,
		        strerror(failed));
	return false;
}

int store_kept_fd(const struct store *s)
{
	return disk_fd(s->disk);
}

void store_heard(struct store *s)
{
	disk_heard(s->disk);
}

void store_rest(struct store *s)
{
	int mode = s->is_resting ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, pages = 0, moved = -1;

	if (s->wal_pages < REST_PAGES || s->open || !store_is_kept(s, store_mark(s), NULL))
		return;
	if (sqlite3_wal_checkpoint_v2(s->db, NULL, mode, &pages, &moved) != SQLITE_OK)
		return;
	if (s->is_resting)
		s->wal_pages = 0;
	s->is_resting = !s->is_resting && pages == moved;
}

bool store_is_full(struct store *s)
{
	return s->disk && disk_is_full(s->disk);
}
