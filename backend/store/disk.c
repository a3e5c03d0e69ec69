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

/* So much must be free before the ballast is made again: it would be needed again at once otherwise. */
enum { ROOM = 4 * DISK_BALLAST };

struct disk {
	sqlite3_vfs vfs;          /* ours; its pAppData is this struct */
	sqlite3_vfs *base;        /* the one below */
	char *name;
	char *ballast, *folder;
	bool full;
};

/* What SQLite keeps for one open file: ours first, then the file of the layer below. */
struct file {
	sqlite3_file ours;
	struct disk *disk;
	sqlite3_file *below;
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

static int file_close(sqlite3_file *f) { return below(f)->pMethods->xClose(below(f)); }

static int file_read(sqlite3_file *f, void *data, int len, sqlite3_int64 at)
{
	return below(f)->pMethods->xRead(below(f), data, len, at);
}

static int file_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at)
{
	int code = below(f)->pMethods->xWrite(below(f), data, len, at);

	if ((code & 0xff) == SQLITE_FULL && give_back(((struct file *)f)->disk))
		code = below(f)->pMethods->xWrite(below(f), data, len, at);
	return code;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size) { return below(f)->pMethods->xTruncate(below(f), size); }
static int file_sync(sqlite3_file *f, int flags) { return below(f)->pMethods->xSync(below(f), flags); }
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

	file->disk = d;
	file->below = (sqlite3_file *)(file + 1);
	code = d->base->xOpen(d->base, name, file->below, flags, ret_flags);
	/* SQLite closes a file whose methods are set, also when its opening failed. */
	file->ours.pMethods = file->below->pMethods ? &methods : NULL;
	return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	return disk_of(vfs)->base->xDelete(disk_of(vfs)->base, name, sync);
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
