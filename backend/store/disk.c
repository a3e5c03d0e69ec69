#include "backend/store/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/base/mem.h"
#include "backend/store/syncer.h"

/* So much must be free before the ballast is made again: it would be needed again at once otherwise. */
enum { ROOM = 4 * DISK_BALLAST };

struct disk {
	sqlite3_vfs vfs;          /* ours; its pAppData is this struct */
	sqlite3_vfs *base;        /* the one below */
	char *name;
	char *ballast, *folder;
	bool full;
	struct syncer *syncer;
	struct file *files;       /* that are open */
};

/* What SQLite keeps for one open file: ours first, then the file of the layer below. */
struct file {
	sqlite3_file ours;
	struct disk *disk;
	sqlite3_file *below;
	struct file *next;
	int fd;                   /* of our own, for the syncer; -1: every sync is waited for */
	int64_t asked, others;    /* the last sync of this file, and of all others */
	bool is_wal;
	bool is_known;            /* was synced once, so its name is on the disk too */
	bool is_dirty;            /* since the last sync that was asked for */
	bool is_new_header;       /* frames must not follow it before it is on the disk */
	bool is_empty;            /* the WAL; on the disk as soon as `asked` is done */
};

static struct disk *disk_of(sqlite3_vfs *vfs)
{
	return vfs->pAppData;
}

static sqlite3_file *below(sqlite3_file *file)
{
	return ((struct file *)file)->below;
}

static bool give_back(struct disk *d)
{
	if (d->full || unlink(d->ballast) != 0)
		return false;
	d->full = true;
	return true;
}

/* What was synced before in other files is on the disk before this one changes. */
static bool settle_others(const struct file *file)
{
	return syncer_wait(file->disk->syncer, file->others);
}

static void ask(struct file *file, bool whole)
{
	file->asked = syncer_ask(file->disk->syncer, file->fd, whole);
	for (struct file *other = file->disk->files; other; other = other->next)
		if (other != file)
			other->others = file->asked;
}

static bool is_kept(const struct file *file)
{
	return syncer_done(file->disk->syncer, NULL) >= file->asked;
}

static void forget(struct file *file)
{
	struct file **at = &file->disk->files;

	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
}

/* Closing any descriptor of a file drops SQLite's locks on it: ours is closed after SQLite's. */
static int file_close(sqlite3_file *f)
{
	struct file *file = (struct file *)f;
	int code;

	syncer_wait(file->disk->syncer, file->asked);
	forget(file);
	code = below(f)->pMethods->xClose(below(f));
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	return code;
}

static int file_read(sqlite3_file *f, void *data, int len, sqlite3_int64 at)
{
	return below(f)->pMethods->xRead(below(f), data, len, at);
}

static int file_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at)
{
	struct file *file = (struct file *)f;
	int code;

	if (!settle_others(file))
		return SQLITE_IOERR_WRITE;
	if (file->is_wal && at == 0) {
		file->is_new_header = !file->is_empty || !is_kept(file);
		file->is_empty = false;
	}
	file->is_dirty = true;
	code = below(f)->pMethods->xWrite(below(f), data, len, at);
	if ((code & 0xff) == SQLITE_FULL && give_back(file->disk))
		code = below(f)->pMethods->xWrite(below(f), data, len, at);
	return code;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct file *file = (struct file *)f;
	int code;

	if (!settle_others(file))
		return SQLITE_IOERR_TRUNCATE;
	code = below(f)->pMethods->xTruncate(below(f), size);
	if (code != SQLITE_OK)
		return code;
	file->is_dirty = true;
	if (file->is_wal && size == 0 && file->is_known) {
		ask(file, true);
		file->is_empty = true;
		file->is_dirty = false;
	}
	return code;
}

static int sync_now(struct file *file, int flags)
{
	int code = file->below->pMethods->xSync(file->below, flags);

	if (code == SQLITE_OK) {
		file->is_known = true;
		file->is_dirty = file->is_new_header = false;
	}
	return code;
}

static int file_sync(sqlite3_file *f, int flags)
{
	struct file *file = (struct file *)f;
	int failed;

	if (file->fd < 0 || !file->is_known || file->is_new_header)
		return sync_now(file, flags);
	if (file->is_dirty)
		ask(file, false);
	file->is_dirty = false;
	syncer_done(file->disk->syncer, &failed);
	return failed ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *ret) { return below(f)->pMethods->xFileSize(below(f), ret); }
static int file_lock(sqlite3_file *f, int kind) { return below(f)->pMethods->xLock(below(f), kind); }
static int file_unlock(sqlite3_file *f, int kind) { return below(f)->pMethods->xUnlock(below(f), kind); }

static int file_reserved(sqlite3_file *f, int *ret)
{
	return below(f)->pMethods->xCheckReservedLock(below(f), ret);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
	return below(f)->pMethods->xFileControl(below(f), op, arg);
}

static int file_sector(sqlite3_file *f) { return below(f)->pMethods->xSectorSize(below(f)); }
static int file_traits(sqlite3_file *f) { return below(f)->pMethods->xDeviceCharacteristics(below(f)); }

/* Version 1 has no shared memory: with exclusive locking a WAL needs none, and nothing can open it without. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
};

static int disk_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *ret_flags)
{
	struct disk *d = disk_of(vfs);
	struct file *file = (struct file *)f;
	int code;

	*file = (struct file){ .disk = d, .below = (sqlite3_file *)(file + 1), .fd = -1,
	                       .is_wal = flags & SQLITE_OPEN_WAL, .others = syncer_asked(d->syncer) };
	code = d->base->xOpen(d->base, name, file->below, flags, ret_flags);
	/* SQLite closes a file whose methods are set, also when its opening failed. */
	if (!file->below->pMethods)
		return code;
	file->ours.pMethods = &methods;
	file->next = d->files;
	d->files = file;
	/* The database's name is on the disk with the WAL's: they lie in one folder. */
	file->is_known = flags & SQLITE_OPEN_MAIN_DB;
	if (code == SQLITE_OK && flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB))
		file->fd = open(name, O_RDONLY | O_CLOEXEC);
	return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct disk *d = disk_of(vfs);

	if (!syncer_wait(d->syncer, syncer_asked(d->syncer)))
		return SQLITE_IOERR_DELETE;
	return d->base->xDelete(d->base, name, sync);
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
	return disk_of(vfs)->base->xAccess(disk_of(vfs)->base, name, flags, ret);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *name, int len, char *ret)
{
	return disk_of(vfs)->base->xFullPathname(disk_of(vfs)->base, name, len, ret);
}

static int disk_random(sqlite3_vfs *vfs, int len, char *ret)
{
	return disk_of(vfs)->base->xRandomness(disk_of(vfs)->base, len, ret);
}

static int disk_sleep(sqlite3_vfs *vfs, int us)
{
	return disk_of(vfs)->base->xSleep(disk_of(vfs)->base, us);
}

static int disk_time(sqlite3_vfs *vfs, double *ret)
{
	return disk_of(vfs)->base->xCurrentTime(disk_of(vfs)->base, ret);
}

static int disk_error(sqlite3_vfs *vfs, int len, char *ret)
{
	return disk_of(vfs)->base->xGetLastError(disk_of(vfs)->base, len, ret);
}

static void fill_vfs(struct disk *d)
{
	d->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = (int)sizeof(struct file) + d->base->szOsFile,
		.mxPathname = d->base->mxPathname,
		.zName = d->name,
		.pAppData = d,
		.xOpen = disk_open,
		.xDelete = disk_delete,
		.xAccess = disk_access,
		.xFullPathname = disk_full_path,
		.xRandomness = disk_random,
		.xSleep = disk_sleep,
		.xCurrentTime = disk_time,
		.xGetLastError = disk_error,
	};
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? mem_dupn(path, (size_t)(slash - path) + 1) : mem_dup(".");
}

bool disk_new(const char *path, struct disk **ret, struct err *err)
{
	struct disk *d = mem_alloc(sizeof *d);

	d->base = sqlite3_vfs_find(NULL);
	d->name = mem_printf("slipway-%p", (void *)d);
	d->ballast = mem_printf("%s.ballast", path);
	d->folder = folder_of(path);
	d->full = true;
	if (!syncer_new(&d->syncer, err)) {
		disk_free(d);
		return false;
	}
	fill_vfs(d);
	if (!d->base || sqlite3_vfs_register(&d->vfs, 0) != SQLITE_OK) {
		disk_free(d);
		return err_set(err, ERR_INTERNAL, "%s: SQLite takes no file layer: memory is short", path);
	}
	disk_tend(d);
	*ret = d;
	return true;
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	sqlite3_vfs_unregister(&d->vfs);
	syncer_free(d->syncer);
	free(d->name);
	free(d->ballast);
	free(d->folder);
	free(d);
}

const char *disk_name(const struct disk *d)
{
	return d->name;
}

bool disk_is_full(const struct disk *d)
{
	return d->full;
}

int64_t disk_mark(const struct disk *d)
{
	return syncer_asked(d->syncer);
}

bool disk_is_kept(struct disk *d, int64_t mark, int *ret_errno)
{
	return syncer_done(d->syncer, ret_errno) >= mark;
}

int disk_fd(const struct disk *d)
{
	return syncer_fd(d->syncer);
}

void disk_heard(struct disk *d)
{
	syncer_heard(d->syncer);
}

/* Blocks that are really there: a sparse file would give nothing back. */
static bool has_ballast(const struct disk *d)
{
	struct stat st;

	return lstat(d->ballast, &st) == 0 && S_ISREG(st.st_mode) && st.st_blocks * 512 >= DISK_BALLAST;
}

static bool has_room(const struct disk *d)
{
	struct statvfs st;

	return statvfs(d->folder, &st) == 0 && (unsigned long long)st.f_bavail * st.f_frsize >= ROOM;
}

static bool make_ballast(const struct disk *d)
{
	int fd;

	unlink(d->ballast);
	fd = open(d->ballast, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	if (posix_fallocate(fd, 0, DISK_BALLAST) == 0) {
		close(fd);
		return true;
	}
	close(fd);
	unlink(d->ballast);
	return false;
}

void disk_tend(struct disk *d)
{
	if (d->full && (has_ballast(d) || (has_room(d) && make_ballast(d))))
		d->full = false;
}
