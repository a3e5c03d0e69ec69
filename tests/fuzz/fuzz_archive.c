/*
 * Any bytes as an artifact: unpacked or refused, nothing outside the folder touched, nothing special inside.
 * After an "M" the bytes are not the archive but say which members a tar gets: so that every round reaches the checks.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/artifact/artifact_priv.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_archive: %s\n", what);
	abort();
}

static bool is_inside(const char *path, const char *folder)
{
	char real[PATH_MAX], root[PATH_MAX];
	size_t len;

	/* A link that leads nowhere is harmless: it was judged by its text. */
	if (!realpath(path, real))
		return true;
	must(realpath(folder, root) != NULL, "the folder is gone");
	len = strlen(root);
	return strncmp(real, root, len) == 0 && (real[len] == '/' || real[len] == '\0');
}

static void look(char *folder)
{
	FTS *walk = fts_open((char *[]){ folder, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	must(walk != NULL, "the folder cannot be read");
	for (FTSENT *e; (e = fts_read(walk));) {
		mode_t mode = e->fts_statp->st_mode;

		must(S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode), "something special was made");
		must(S_ISLNK(mode) || (mode & 07000) == 0, "setuid, setgid or sticky was kept");
		must(!S_ISLNK(mode) || is_inside(e->fts_path, folder), "a link leads outside");
	}
	fts_close(walk);
}

static int entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		return 0;
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

/* A path of few names, so that they meet: each byte is one piece, until a byte that ends it. */
static const uint8_t *make_path(const uint8_t *data, const uint8_t *end, char path[static 64])
{
	static const char *const pieces[] = { "a", "b", "c", "/", "/", "/", "../", "..", ".", "./", "/../", ".digest" };
	size_t len = 0;

	path[0] = '\0';
	while (data < end && *data < 16 * ARRAY_LEN(pieces)) {
		const char *piece = pieces[*data++ % ARRAY_LEN(pieces)];

		if (len + strlen(piece) < 63)
			len += (size_t)snprintf(path + len, 64 - len, "%s", piece);
	}
	return data < end ? data + 1 : data;
}

static void make_archive(const char *file, const uint8_t *data, size_t size)
{
	static const mode_t types[] = { AE_IFREG, AE_IFREG, AE_IFDIR, AE_IFLNK, AE_IFLNK, AE_IFIFO, AE_IFCHR, 0 };
	const uint8_t *end = data + size;
	struct archive *a = archive_write_new();

	archive_write_set_format_pax_restricted(a);
	must(archive_write_open_filename(a, file) == ARCHIVE_OK, "the archive cannot be written");
	while (data < end) {
		struct archive_entry *entry = archive_entry_new();
		mode_t type = types[*data % ARRAY_LEN(types)];
		mode_t mode = *data++ & 0x80 ? 06755 : 0644;
		char path[64], target[64];

		data = make_path(data, end, path);
		data = make_path(data, end, target);
		archive_entry_set_pathname(entry, path);
		archive_entry_set_filetype(entry, type ? type : AE_IFREG);
		archive_entry_set_perm(entry, mode);
		archive_entry_set_size(entry, type == AE_IFREG ? 1 : 0);
		if (type == AE_IFLNK)
			archive_entry_set_symlink(entry, target);
		else if (type == 0)
			archive_entry_set_hardlink(entry, target);
		if (archive_write_header(a, entry) == ARCHIVE_OK && type == AE_IFREG)
			archive_write_data(a, "x", 1);
		archive_entry_free(entry);
	}
	archive_write_close(a);
	archive_write_free(a);
}

static void make_input(const char *file, const uint8_t *data, size_t size, char sha256[static DIGEST_SIZE])
{
	AUTO(mem_auto_close) int fd = -1;

	if (size > 0 && data[0] == 'M')
		make_archive(file, data + 1, size - 1);
	else
		must(file_write_atomic(file, data, size, 0600, NULL), "the input cannot be written");
	fd = open(file, O_RDONLY | O_CLOEXEC);
	must(digest_fd(fd, sha256, NULL, NULL), "the input cannot be read");
}

/* Something for links that lead outside to find. */
static void put_bait(const char *dir)
{
	static const char *const names[] = { "a", "b", "c" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(mem_auto_free) char *path = file_join(dir, names[i]);

		must(mkdir(path, 0700) == 0, "the bait cannot be put out");
	}
}

/* Beside the input and the bait there is the folder "box", and in it bait and what was unpacked, or only the bait. */
static void run(const char *dir, const uint8_t *data, size_t size)
{
	static const struct artifact_limits limits = { 200, 1 << 20 };
	AUTO(mem_auto_free) char *file = file_join(dir, "given");
	AUTO(mem_auto_free) char *box = file_join(dir, "box");
	AUTO(mem_auto_free) char *folder = file_join(dir, "box/app");
	char sha256[DIGEST_SIZE];
	bool ok;

	must(mkdir(box, 0700) == 0, "the folder cannot be made");
	put_bait(dir);
	put_bait(box);
	make_input(file, data, size, sha256);
	ok = artifact_unpack_within(file, sha256, folder, "program", &limits, NULL);
	must(entries(dir) == 5, "something was made outside");
	must(entries(box) == 3 + ok, "something was left behind");
	if (ok)
		look(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory where possible: every round syncs its file system. */
	char dir[] = "/dev/shm/slipway-fuzz.XXXXXX", other[] = "/tmp/slipway-fuzz.XXXXXX";
	const char *made = mkdtemp(dir);

	made = made ? made : mkdtemp(other);
	must(made != NULL, "no folder can be made");
	run(made, data, size);
	must(file_remove_tree(made, NULL), "what was unpacked cannot be removed");
	return 0;
}
