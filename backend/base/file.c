#include "backend/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/mem.h"

bool file_read(const char *path, size_t max, struct buf *ret, struct err *err)
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf b;
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	buf_init(&b, max);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_errno(err, errno, "read %s", path);
			buf_done(&b);
			return false;
		}
		if (!buf_add(&b, chunk, (size_t)n)) {
			buf_done(&b);
			return err_set(err, ERR_TOO_BIG, "%s is larger than %zu bytes", path, max);
		}
	}
	*ret = b;
	return true;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_dup(".");
	return slash == path ? mem_dup("/") : mem_dupn(path, (size_t)(slash - path));
}

static bool write_whole(const char *path, const void *data, size_t len, mode_t mode, bool synced, struct err *err)
{
	AUTO(mem_auto_free) char *part = mem_printf("%s.XXXXXX", path);
	int fd = mkostemp(part, O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "create a file beside %s", path);
	if (!write_all(fd, data, len) || fchmod(fd, mode) != 0 || (synced && fsync(fd) != 0)) {
		int number = errno;

		close(fd);
		unlink(part);
		return err_errno(err, number, "write %s", path);
	}
	close(fd);
	if (rename(part, path) != 0) {
		int number = errno;

		unlink(part);
		return err_errno(err, number, "rename %s", path);
	}
	return true;
}

bool file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	AUTO(mem_auto_free) char *dir = parent_of(path);

	return write_whole(path, data, len, mode, true, err) && file_sync_dir(dir, err);
}

bool file_write_scratch(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	return write_whole(path, data, len, mode, false, err);
}

bool file_make_dirs(const char *path, mode_t mode, struct err *err)
{
	AUTO(mem_auto_free) char *copy = mem_dup(path);
	struct stat st;

	for (char *p = copy + 1;; p++) {
		char was = *p;

		if (was != '/' && was != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			return err_errno(err, errno, "make the folder %s", copy);
		*p = was;
		if (was == '\0')
			break;
	}
	if (stat(path, &st) != 0)
		return err_errno(err, errno, "look at %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_INTERNAL, "%s is not a folder", path);
	return true;
}

bool file_sync_dir(const char *path, struct err *err)
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "open the folder %s", path);
	if (fsync(fd) != 0)
		return err_errno(err, errno, "sync the folder %s", path);
	return true;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

bool file_remove_tree(const char *path, struct err *err)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		return err_errno(err, errno, "remove %s", path);
	return true;
}

char *file_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	return mem_printf("%.*s%s%s", (int)len, dir, len == 1 && dir[0] == '/' ? "" : "/", name);
}

static bool check_one(const char *path, bool above, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return err_errno(err, errno, "look at %s", path);
	if (S_ISLNK(st.st_mode))
		return err_set(err, ERR_DENIED, "%s is a symbolic link; name the real path", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, ERR_DENIED, "%s belongs to uid %u, not to you or root", path, st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(above && (st.st_mode & S_ISVTX)))
		return err_set(err, ERR_DENIED, "%s can be written by others (mode %04o); chmod go-w it", path,
		               st.st_mode & 07777);
	return true;
}

bool file_check_owner(const char *path, struct err *err)
{
	AUTO(mem_auto_free) char *real = NULL;
	AUTO(mem_auto_free) char *up = NULL;

	if (!check_one(path, false, err))
		return false;
	real = realpath(path, NULL);
	if (!real)
		return err_errno(err, errno, "look at %s", path);
	for (up = parent_of(real); strcmp(up, "/") != 0;) {
		char *next;

		if (!check_one(up, true, err))
			return false;
		next = parent_of(up);
		free(up);
		up = next;
	}
	return true;
}
