/*
 * Unpacking, suspicious of every entry. libarchive's own SECURE_ flags are the second wall: they keep a write from
 * going through a link, but they would still make a link that leads outside, and that one would be followed when it
 * runs.
 */
#include "backend/artifact/artifact.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/artifact/artifact_priv.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"

#define DIGEST_NAME ".digest"

enum { BLOCK = 128 * 1024 };

/* What is left of the limits while an archive is unpacked. */
struct unpacking {
	struct archive *in, *out;
	struct artifact_limits limits;
	int64_t files, bytes;
};

static bool archive_err(struct err *err, struct archive *a, const char *what)
{
	const char *text = archive_error_string(a);

	return err_set(err, ERR_FAILED, "%s: %s", what, text ? text : "no reason given");
}

/* How deep a path lies below the root: 0 for "a", 1 for "a/b"; -1 for one that is empty, absolute or has "..". */
static int path_depth(const char *path)
{
	int names = 0;

	if (path[0] == '/')
		return -1;
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && strncmp(p, "..", 2) == 0)
			return -1;
		names += len > 0 && !(len == 1 && *p == '.');
		p += len;
		p += *p == '/';
	}
	return names - 1;
}

static bool is_root(const char *path)
{
	return path[0] != '/' && path[0] != '\0' && path[strspn(path, "./")] == '\0' && !strstr(path, "..");
}

/* The name of our own mark at the root, however it is written. */
static bool is_mark(const char *path)
{
	size_t len = strlen(DIGEST_NAME);

	while (strncmp(path, "./", 2) == 0 || path[0] == '/')
		path += 1 + (path[0] == '.');
	return strncmp(path, DIGEST_NAME, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/*
 * A link may begin with as many ".." as its folder is deep, and have none after that: then it stays inside whatever the
 * other links are. ("a/b/../x" looks harmless, but b may be a link to a place higher up.)
 */
static bool link_stays_inside(const char *path, const char *target)
{
	int up = 0;

	if (target[0] == '\0')
		return false;
	while (strncmp(target, "../", 3) == 0 || strncmp(target, "./", 2) == 0 || strcmp(target, "..") == 0) {
		up += target[1] == '.';
		target += strcspn(target, "/");
		target += strspn(target, "/");
	}
	if (up > path_depth(path))
		return false;
	return *target == '\0' || path_depth(target) >= 0 || is_root(target);
}

static bool check_links(struct archive_entry *entry, const char *path, struct err *err)
{
	const char *hard = archive_entry_hardlink(entry);
	const char *soft = archive_entry_filetype(entry) == AE_IFLNK ? archive_entry_symlink(entry) : NULL;
	struct stat st;

	if (hard && path_depth(hard) < 0)
		return err_set(err, ERR_REFUSED, "the hard link %.200s leads to %.200s, outside the artifact", path,
		               hard);
	/* It would be the same link in another folder, where its ".." lead somewhere else. */
	if (hard && lstat(hard, &st) == 0 && S_ISLNK(st.st_mode))
		return err_set(err, ERR_REFUSED, "the hard link %.200s leads to the link %.200s", path, hard);
	if (soft && !link_stays_inside(path, soft))
		return err_set(err, ERR_REFUSED, "the link %.200s leads to %.200s, outside the artifact", path, soft);
	return true;
}

static bool check_entry(struct unpacking *u, struct archive_entry *entry, struct err *err)
{
	const char *path = archive_entry_pathname(entry);
	mode_t type = archive_entry_filetype(entry);
	bool is_link = archive_entry_hardlink(entry) != NULL;

	if (!path)
		return err_set(err, ERR_REFUSED, "an entry has no readable name");
	if (path_depth(path) < 0 && !is_root(path))
		return err_set(err, ERR_REFUSED, "the path %.200s leads outside the artifact", path);
	if (is_mark(path))
		return err_set(err, ERR_REFUSED, "the name %s is reserved", DIGEST_NAME);
	if (!is_link && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
		return err_set(err, ERR_REFUSED, "%.200s is %s; an artifact holds files, folders and links", path,
		               type == AE_IFIFO ? "a fifo" : type == AE_IFSOCK ? "a socket" : "a device");
	if (++u->files > u->limits.files)
		return err_set(err, ERR_TOO_BIG, "it holds more than %lld files", (long long)u->limits.files);
	if (archive_entry_size(entry) > u->limits.bytes - u->bytes)
		return err_set(err, ERR_TOO_BIG, "it unpacks to more than %lld bytes", (long long)u->limits.bytes);
	return check_links(entry, path, err);
}

/* Blocks come with offsets: holes of a sparse file count too. */
static bool unpack_data(struct unpacking *u, struct err *err)
{
	const void *data;
	size_t len;
	la_int64_t offset, end = 0;
	int got;

	while ((got = archive_read_data_block(u->in, &data, &len, &offset)) == ARCHIVE_OK || got == ARCHIVE_WARN) {
		if (offset < 0 || offset + (int64_t)len > u->limits.bytes - u->bytes)
			return err_set(err, ERR_TOO_BIG, "it unpacks to more than %lld bytes",
			               (long long)u->limits.bytes);
		end = offset + (int64_t)len > end ? offset + (int64_t)len : end;
		if (archive_write_data_block(u->out, data, len, offset) < ARCHIVE_WARN)
			return archive_err(err, u->out, "write");
	}
	if (got != ARCHIVE_EOF)
		return archive_err(err, u->in, "read");
	u->bytes += end;
	return true;
}

static bool unpack_entry(struct unpacking *u, struct archive_entry *entry, struct err *err)
{
	mode_t mine = archive_entry_filetype(entry) == AE_IFDIR ? 0700 : 0600;

	if (!check_entry(u, entry, err))
		return false;
	if (is_root(archive_entry_pathname(entry)))
		return true;
	archive_entry_set_perm(entry, (archive_entry_perm(entry) & 0777) | mine);
	if (archive_write_header(u->out, entry) < ARCHIVE_WARN)
		return archive_err(err, u->out, "write");
	if (!unpack_data(u, err))
		return err_wrap(err, "%.200s", archive_entry_pathname(entry));
	if (archive_write_finish_entry(u->out) < ARCHIVE_WARN)
		return archive_err(err, u->out, "write");
	return true;
}

/* tar, cpio and zip; not mtree, which can name files of this machine, and no filter that is a program outside. */
static struct archive *reader_new(int fd)
{
	struct archive *in = archive_read_new();
	char magic[2] = "";

	archive_read_support_filter_gzip(in);
	archive_read_support_filter_bzip2(in);
	archive_read_support_filter_xz(in);
	archive_read_support_filter_lzma(in);
	archive_read_support_filter_lzip(in);
	archive_read_support_filter_lz4(in);
	archive_read_support_filter_zstd(in);
	archive_read_support_filter_compress(in);
	archive_read_support_format_tar(in);
	archive_read_support_format_gnutar(in);
	archive_read_support_format_cpio(in);
	/* A program may carry a zip at its end; only what begins as one is an archive. */
	if (pread(fd, magic, sizeof magic, 0) == 2 && memcmp(magic, "PK", 2) == 0)
		archive_read_support_format_zip(in);
	return in;
}

static struct archive *writer_new(void)
{
	struct archive *out = archive_write_disk_new();

	/* Without EXTRACT_PERM the umask holds and setuid is dropped; without EXTRACT_OWNER all is ours. */
	archive_write_disk_set_options(out, ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT
	                               | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS | ARCHIVE_EXTRACT_TIME);
	return out;
}

/*
 * A program as it is, without an archive around it: libarchive found no format (EILSEQ is its "unrecognized").
 * Something compressed that holds no archive is none of that; nor is a tar whose first header is damaged.
 */
static bool is_plain_file(struct archive *in, int fd)
{
	char magic[5] = "";

	if (archive_errno(in) != EILSEQ || archive_filter_count(in) != 1)
		return false;
	return pread(fd, magic, sizeof magic, 257) != sizeof magic || memcmp(magic, "ustar", sizeof magic) != 0;
}

static bool unpack_entries(struct unpacking *u, struct err *err)
{
	struct archive_entry *entry;
	int got;

	while ((got = archive_read_next_header(u->in, &entry)) == ARCHIVE_OK || got == ARCHIVE_WARN)
		if (!unpack_entry(u, entry, err))
			return false;
	if (got != ARCHIVE_EOF)
		return archive_err(err, u->in, "read");
	if (u->files == 0)
		return err_set(err, ERR_REFUSED, "it is an archive without any file");
	return true;
}

/* Into the current folder. */
static bool unpack_here(int fd, const struct artifact_limits *limits, bool *ret_plain, struct err *err)
{
	struct unpacking u = { .in = reader_new(fd), .out = writer_new(), .limits = *limits };
	bool ok = false;

	if (lseek(fd, 0, SEEK_SET) != 0)
		err_errno(err, errno, "read");
	else if (archive_read_open_fd(u.in, fd, BLOCK) == ARCHIVE_OK)
		ok = unpack_entries(&u, err);
	else if (is_plain_file(u.in, fd))
		ok = *ret_plain = true;
	else
		archive_err(err, u.in, "read");
	/* Folders get their times and modes at the close. */
	if (archive_write_close(u.out) < ARCHIVE_WARN && ok)
		ok = archive_err(err, u.out, "write");
	archive_write_free(u.out);
	archive_read_free(u.in);
	return ok;
}

static bool copy_plain(int fd, const char *name, const struct artifact_limits *limits, struct err *err)
{
	AUTO(mem_auto_close) int to = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	int64_t size;

	if (to < 0)
		return err_errno(err, errno, "create %s", name);
	return artifact_copy(fd, to, limits->bytes, NULL, &size, err);
}

/*
 * libarchive's guards need paths relative to the current folder, and names in a locale that can hold them: both are
 * changed for the time of the unpacking and put back. One more reason to do this in a child process.
 */
static bool unpack_in(const char *part, int fd, const char *fallback_name, const struct artifact_limits *limits,
                      struct err *err)
{
	AUTO(mem_auto_close) int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t was = utf8 ? uselocale(utf8) : (locale_t)0;
	bool plain = false, ok;

	if (before < 0 || chdir(part) != 0)
		ok = err_errno(err, errno, "enter %s", part);
	else
		ok = unpack_here(fd, limits, &plain, err) && (!plain || copy_plain(fd, fallback_name, limits, err));
	if (before >= 0 && fchdir(before) != 0 && ok)
		ok = err_errno(err, errno, "go back from %s", part);
	if (utf8) {
		uselocale(was);
		freelocale(utf8);
	}
	return ok;
}

static bool is_whole(const char *folder, const char *sha256)
{
	AUTO(mem_auto_free) char *path = file_join(folder, DIGEST_NAME);
	AUTO(buf_done) struct buf text = { 0 };

	return file_read(path, DIGEST_SIZE, &text, NULL) && strcmp(text.data, sha256) == 0;
}

/* The part is complete and on disk before it gets its name. */
static bool finish_part(const char *part, const char *folder, const char *sha256, struct err *err)
{
	AUTO(mem_auto_free) char *mark = file_join(part, DIGEST_NAME);
	AUTO(mem_auto_free) char *parent = file_join(folder, "..");
	AUTO(mem_auto_close) int fd = -1;

	if (!file_write_atomic(mark, sha256, strlen(sha256), 0600, err))
		return false;
	fd = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		return err_errno(err, errno, "sync %s", part);
	if (!file_remove_tree(folder, err))
		return false;
	if (rename(part, folder) != 0)
		return err_errno(err, errno, "rename %s", part);
	return file_sync_dir(parent, err);
}

static bool check_digest(int fd, const char *file, const char *sha256, struct err *err)
{
	char digest[DIGEST_SIZE];
	int64_t size;

	if (!digest_fd(fd, digest, &size, err))
		return err_wrap(err, "%s", file);
	if (strcmp(digest, sha256) != 0)
		return err_set(err, ERR_REFUSED, "%s is not what was added: its SHA-256 is %s, not %s", file, digest,
		               sha256);
	return size > 0 ? true : err_set(err, ERR_REFUSED, "%s is empty", file);
}

bool artifact_unpack_within(const char *file, const char *sha256, const char *folder, const char *fallback_name,
                            const struct artifact_limits *limits, struct err *err)
{
	AUTO(mem_auto_close) int fd = artifact_open(file, err);
	AUTO(mem_auto_free) char *part = mem_printf("%s.part", folder);

	if (fd < 0 || !check_digest(fd, file, sha256, err))
		return false;
	if (path_depth(fallback_name) != 0 || strchr(fallback_name, '/') || strcmp(fallback_name, DIGEST_NAME) == 0)
		return err_set(err, ERR_INTERNAL, "\"%s\" cannot name a file", fallback_name);
	if (is_whole(folder, sha256))
		return true;
	if (!file_remove_tree(part, err) || !file_make_dirs(part, 0755, err))
		return false;
	if (!unpack_in(part, fd, fallback_name, limits, err) || !finish_part(part, folder, sha256, err)) {
		file_remove_tree(part, NULL);
		return err_wrap(err, "unpack %s", file);
	}
	return true;
}

bool artifact_unpack(const char *file, const char *sha256, const char *folder, const char *fallback_name,
                     struct err *err)
{
	static const struct artifact_limits limits = { ARTIFACT_FILES_MAX, ARTIFACT_BYTES_MAX };

	return artifact_unpack_within(file, sha256, folder, fallback_name, &limits, err);
}
