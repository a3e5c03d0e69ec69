#include "backend/artifact/artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/artifact/artifact_priv.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"

enum { CHUNK = 128 * 1024, PART_AGE_MAX = 24 * 60 * 60 };

#define PART_PREFIX ".part-"

char *artifact_path(const char *store, const char *sha256)
{
	AUTO(mem_auto_free) char *name = mem_printf("%.2s/%s", sha256, sha256);

	return file_join(store, name);
}

int artifact_open(const char *file, struct err *err)
{
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		if (errno == ELOOP)
			err_set(err, ERR_USAGE, "%s is a symbolic link; name the file itself", file);
		else
			err_errno(err, errno, "open %s", file);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	err_set(err, ERR_USAGE, "%s is not a regular file", file);
	return -1;
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

bool artifact_copy(int from, int to, int64_t max, struct digest *digest, int64_t *ret_size, struct err *err)
{
	AUTO(mem_auto_free) char *chunk = mem_alloc(CHUNK);
	int64_t size = 0;
	ssize_t n;

	while ((n = pread(from, chunk, CHUNK, size)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read");
		size += n;
		if (size > max)
			return err_set(err, ERR_TOO_BIG, "it is larger than %lld bytes", (long long)max);
		if (digest)
			digest_add(digest, chunk, (size_t)n);
		if (!write_all(to, chunk, (size_t)n))
			return err_errno(err, errno, "write");
	}
	*ret_size = size;
	return true;
}

/* What imports that were killed left behind; one that is still written is never that old. */
static void remove_old_parts(const char *store)
{
	DIR *dir = opendir(store);
	struct dirent *entry;
	struct stat st;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, PART_PREFIX, strlen(PART_PREFIX)) == 0
		    && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
		    && st.st_mtime < time(NULL) - PART_AGE_MAX)
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

/* Into the open part file: content, mode, on disk. */
static bool fill_part(int from, int to, char ret_sha256[static DIGEST_SIZE], int64_t *ret_size, struct err *err)
{
	struct digest *digest = digest_new();
	bool ok = artifact_copy(from, to, ARTIFACT_BYTES_MAX, digest, ret_size, err);

	digest_finish(digest, ret_sha256);
	if (!ok)
		return false;
	if (fchmod(to, 0400) != 0 || fsync(to) != 0)
		return err_errno(err, errno, "write");
	return true;
}

/* The rename is the deduplication: the same content gets the same name, and a damaged copy there is replaced. */
static bool place_part(const char *store, const char *part, const char *sha256, struct err *err)
{
	AUTO(mem_auto_free) char *path = artifact_path(store, sha256);
	AUTO(mem_auto_free) char *dir = mem_dupn(path, (size_t)(strrchr(path, '/') - path));

	if (!file_make_dirs(dir, 0700, err))
		return false;
	if (rename(part, path) != 0)
		return err_errno(err, errno, "rename to %s", path);
	return file_sync_dir(dir, err) && file_sync_dir(store, err);
}

bool artifact_import(const char *store, const char *file, char ret_sha256[static DIGEST_SIZE], int64_t *ret_size,
                     struct err *err)
{
	AUTO(mem_auto_close) int from = artifact_open(file, err);
	AUTO(mem_auto_close) int to = -1;
	AUTO(mem_auto_free) char *part = file_join(store, PART_PREFIX "XXXXXX");
	char sha256[DIGEST_SIZE];
	int64_t size = 0;

	if (from < 0 || !file_make_dirs(store, 0700, err))
		return false;
	remove_old_parts(store);
	to = mkostemp(part, O_CLOEXEC);
	if (to < 0)
		return err_errno(err, errno, "create a file in %s", store);
	if (!fill_part(from, to, sha256, &size, err) || !place_part(store, part, sha256, err)) {
		unlink(part);
		return err_wrap(err, "copy %s to %s", file, store);
	}
	memcpy(ret_sha256, sha256, sizeof sha256);
	*ret_size = size;
	return true;
}
