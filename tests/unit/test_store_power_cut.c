/*
 * The store and a power cut. A disk that only has what was synced, and of the rest whatever chance leaves of it: each
 * write whole, in part or not at all. Whenever the power goes: what was said to be kept is there, the chain is whole, and
 * the projections are those of the journal.
 */
#include "tests/unit/store_case.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "backend/store/project.h"
#include "backend/store/store_priv.h"

/* ---- what was written, and how much of it is on the disk ---- */

enum { SECTOR = 512, FILES = 4, SLOW_US = 3000 };

struct change { off_t at; size_t len; char *data; };     /* data NULL: the file ends at `at` */

struct written { ino_t inode; char *name; struct change *changes; size_t n, cap, kept; };

static struct {
	pthread_mutex_t lock;
	struct written files[FILES];
	size_t n;
	bool takes_new;               /* files: those of a life, not what is left of them */
	unsigned seed;
	pthread_t life;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct written *file_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return NULL;
	for (size_t i = 0; i < disk.n; i++)
		if (disk.files[i].inode == st.st_ino)
			return &disk.files[i];
	return NULL;
}

static int recorded_open(const char *path, int flags, int mode)
{
	int fd = open(path, flags, mode);
	struct stat st;

	pthread_mutex_lock(&disk.lock);
	if (fd >= 0 && disk.takes_new && !file_of(fd) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		assert_true(disk.n < FILES);
		disk.files[disk.n++] = (struct written){ .inode = st.st_ino, .name = mem_dup(strrchr(path, '/') + 1) };
	}
	pthread_mutex_unlock(&disk.lock);
	return fd;
}

static void record(int fd, off_t at, const void *data, size_t len)
{
	struct written *f;

	pthread_mutex_lock(&disk.lock);
	f = file_of(fd);
	if (f) {
		f->changes = mem_grow(f->changes, f->n, &f->cap, sizeof *f->changes);
		f->changes[f->n] = (struct change){ .at = at, .len = len, .data = data ? mem_alloc(len) : NULL };
		if (data)
			memcpy(f->changes[f->n].data, data, len);
		f->n++;
	}
	pthread_mutex_unlock(&disk.lock);
}

static ssize_t recorded_pwrite(int fd, const void *data, size_t len, off_t at)
{
	ssize_t n = pwrite(fd, data, len, at);

	assert_int_equal(n, len);
	record(fd, at, data, len);
	return n;
}

static int recorded_truncate(int fd, off_t size)
{
	record(fd, size, NULL, 0);
	return ftruncate(fd, size);
}

static void forget(struct written *f)
{
	for (size_t k = 0; k < f->n; k++)
		free(f->changes[k].data);
	free(f->changes);
	free(f->name);
	*f = (struct written){ 0 };
}

/* SQLite deletes only what it made for the first pages, and syncs the folder right after. */
static int recorded_unlink(const char *path)
{
	pthread_mutex_lock(&disk.lock);
	for (size_t i = 0; i < disk.n; i++)
		if (disk.takes_new && disk.files[i].name && strcmp(disk.files[i].name, strrchr(path, '/') + 1) == 0)
			forget(&disk.files[i]);
	pthread_mutex_unlock(&disk.lock);
	return unlink(path);
}

static unsigned chance(unsigned below)
{
	return (unsigned)rand_r(&disk.seed) % below;
}

/* The linker finds these before the C library's. What was written before the call is kept when it returns. */
int fdatasync(int fd);
int fdatasync(int fd)
{
	struct written *f;
	size_t n = 0;
	unsigned us = 0;

	pthread_mutex_lock(&disk.lock);
	f = file_of(fd);
	if (f)
		n = f->n;
	if (!pthread_equal(disk.life, pthread_self()))
		us = chance(SLOW_US);
	pthread_mutex_unlock(&disk.lock);
	if (us)
		usleep(us);
	pthread_mutex_lock(&disk.lock);
	f = file_of(fd);
	if (f && f->kept < n)
		f->kept = n;
	pthread_mutex_unlock(&disk.lock);
	return 0;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

static void hook_calls(void)
{
	static const struct { const char *name; sqlite3_syscall_ptr fn; } rows[] = {
		{ "open", (sqlite3_syscall_ptr)recorded_open }, { "ftruncate", (sqlite3_syscall_ptr)recorded_truncate },
		{ "unlink", (sqlite3_syscall_ptr)recorded_unlink },
		{ "pwrite", (sqlite3_syscall_ptr)recorded_pwrite }, { "pwrite64", (sqlite3_syscall_ptr)recorded_pwrite },
	};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (vfs->xGetSystemCall(vfs, rows[i].name))
			vfs->xSetSystemCall(vfs, rows[i].name, rows[i].fn);
}

static void forget_all(void)
{
	disk.takes_new = false;
	for (size_t i = 0; i < disk.n; i++)
		forget(&disk.files[i]);
	disk.n = 0;
}

/* ---- what a power cut leaves ---- */

static void write_sectors(int fd, const struct change *c, bool torn)
{
	for (size_t done = 0; done < c->len; done += SECTOR) {
		size_t len = c->len - done < SECTOR ? c->len - done : SECTOR;

		if (!torn || chance(2))
			assert_int_equal(pwrite(fd, c->data + done, len, c->at + (off_t)done), len);
	}
}

/* lost: of ten writes that were not synced, so many. */
static void leave(const struct written *f, const char *folder, unsigned lost)
{
	AUTO(mem_auto_free) char *path = file_join(folder, f->name);
	AUTO(mem_auto_close) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < f->n; i++) {
		const struct change *c = &f->changes[i];

		if (i >= f->kept && chance(10) < lost)
			continue;
		if (!c->data)
			assert_int_equal(ftruncate(fd, c->at), 0);
		else
			write_sectors(fd, c, i >= f->kept && chance(3) == 0);
	}
}

static int count_in(struct store *s, const char *sql)
{
	sqlite3_stmt *stmt;
	int n;

	assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static json_t *state_of(struct store *s)
{
	json_t *builds, *environment;

	assert_ok(store_query_builds(s, "shop", NULL, 0, 500, &builds, err));
	assert_ok(store_query_environment(s, "shop", "prod", &environment, err));
	return json_pack("[o, o]", builds, environment);
}

/* kept: the last row that was said to survive. */
static void assert_survived(const char *folder, int64_t kept)
{
	AUTO(mem_auto_free) char *path = file_join(folder, "engine.db");
	AUTO(json_auto_decref) json_t *found = NULL, *made = NULL;
	struct store_walk walk = { 0 };
	struct store *s;

	assert_ok(store_open(path, &s, err));
	assert_int_equal(count_in(s, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
	while (!walk.end)
		assert_ok(store_walk(s, &walk, 1000, err));
	assert_int_equal(walk.bad_seq, 0);
	assert_true(walk.rows >= kept);
	found = state_of(s);
	assert_ok(store_begin(s, err));
	assert_ok(project_rebuild(s, INT64_MAX, err));
	made = state_of(s);
	assert_true(json_equal(found, made));
	store_rollback(s);
	store_close(s);
}

/* ---- a life that ends at any moment ---- */

struct life {
	struct store *s;
	int64_t version, kept;
	int hot;                                   /* so many commits more in a moment at which the order matters */
	struct { int64_t mark, seq; } commits[4000];
	size_t n, seen;
};

/* What it may tell by now. */
static void look(struct life *life)
{
	while (life->seen < life->n && store_is_kept(life->s, life->commits[life->seen].mark, NULL))
		life->kept = life->commits[life->seen++].seq;
}

static void committed(struct life *life)
{
	assert_true(life->n < ARRAY_LEN(life->commits));
	life->commits[life->n].mark = store_mark(life->s);
	life->commits[life->n++].seq = store_seq(life->s);
}

static void wait_for_disk(const struct life *life)
{
	while (!store_is_kept(life->s, store_mark(life->s), NULL))
		usleep(100);
}

/* As in a quiet moment, though the WAL is short; now and then the engine has something to do before it is over. */
static void rest(struct life *life)
{
	wait_for_disk(life);
	life->s->wal_pages = 1000;
	store_rest(life->s);
	if (chance(3) == 0)
		return;
	wait_for_disk(life);
	store_rest(life->s);
	assert_int_equal(life->s->wal_pages, 0);
	life->hot = 4;
}

static void act(struct life *life)
{
	char version[20];

	snprintf(version, sizeof version, "%d", (int)life->version);
	switch (life->hot ? chance(5) : chance(8)) {
	case 0: case 1: case 2:
		life->version++;
		snprintf(version, sizeof version, "%d", (int)life->version);
		journal_build(life->s, version, 1000);
		committed(life);
		break;
	case 3: case 4:
		if (!life->version)
			break;
		assert_ok(store_begin(life->s, err));
		journal_success(life->s, "prod", "deploy", version, NULL);
		assert_ok(store_commit(life->s, err));
		committed(life);
		break;
	case 5:
		rest(life);
		break;
	case 6:
		/* Without emptying it: the next frames overwrite those that were brought into the database. */
		sqlite3_wal_checkpoint_v2(life->s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		life->hot = 4;
		break;
	default:
		usleep(chance(SLOW_US));
	}
}

/* In the child's stead: nothing is closed or brought to an end, the disk is copied as it is. */
static void cut(struct life *life, const char *folder)
{
	AUTO(mem_auto_free) char *left = file_join(folder, "left");
	unsigned lost;

	assert_ok(file_make_dirs(left, 0700, err));
	pthread_mutex_lock(&disk.lock);
	/* First what was told, then the disk: what gets there in between is more than was promised. */
	look(life);
	lost = 1 + 4 * chance(3);
	for (size_t i = 0; i < disk.n; i++)
		if (disk.files[i].name)
			leave(&disk.files[i], left, lost);
	disk.takes_new = false;
	pthread_mutex_unlock(&disk.lock);
	assert_survived(left, life->kept);
	disk.takes_new = true;
	assert_ok(file_remove_tree(left, err));
}

/* Where it lives; also a life that failed leaves nothing behind. */
static char dir[32];

static int bury(void **state)
{
	(void)state;
	return *dir && !file_remove_tree(dir, NULL) ? -1 : 0;
}

static int64_t live_through_cuts(unsigned seed, int acts)
{
	AUTO(mem_auto_free) char *path = NULL;
	struct life *life = mem_alloc(sizeof *life);
	int64_t kept;

	/* given a store on a disk of which every write is known */
	snprintf(dir, sizeof dir, "/tmp/slipway-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	path = file_join(dir, "engine.db");
	disk.seed = seed;
	disk.life = pthread_self();
	disk.takes_new = true;
	assert_ok(store_open(path, &life->s, err));
	/* when it lives, and the power goes now and then, also while the disk is busy */
	for (int i = 0; i < acts; i++) {
		act(life);
		look(life);
		if (life->hot ? --life->hot == 0 || chance(4) == 0 : chance(12) == 0)
			cut(life, dir);
	}
	/* then: cut looked at what was left each time; and it was no life in which nothing was ever kept */
	assert_true(life->kept > 0);
	forget_all();
	store_close(life->s);
	assert_ok(file_remove_tree(dir, err));
	kept = life->kept;
	free(life);
	return kept;
}

static void whenever_the_power_goes_what_was_kept_is_there(void **state)
{
	int64_t kept = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 4; seed++)
		kept += live_through_cuts(seed, 250);
	assert_true(kept > 150);
}

static void a_commit_does_not_wait_for_the_disk(void **state)
{
	struct store_case *c = *state;
	int64_t before;
	int unkept = 0;

	/* given a disk of which the store was told by its first commit */
	journal_build(c->s, "0", 1000);
	disk.life = pthread_self();
	disk.takes_new = false;
	before = store_mark(c->s);
	/* when */
	for (int i = 1; i <= 20; i++) {
		char version[20];

		snprintf(version, sizeof version, "%d", i);
		journal_build(c->s, version, 1000);
		unkept += !store_is_kept(c->s, store_mark(c->s), NULL);
	}
	/* then each one is a sync more, and none is waited for */
	assert_int_equal(store_mark(c->s), before + 20);
	assert_true(unkept > 0);
	while (!store_is_kept(c->s, store_mark(c->s), NULL))
		usleep(100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_commit_does_not_wait_for_the_disk, store_case_begin, store_case_end),
		cmocka_unit_test_teardown(whenever_the_power_goes_what_was_kept_is_there, bury),
	};

	hook_calls();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
