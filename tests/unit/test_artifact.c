/* The store of artifacts, and unpacking: what is whole arrives whole, what is hostile touches nothing outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/artifact/artifact_priv.h"
#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

/* A folder with everything in it: the archive, the store, where it is unpacked ("in/app"), and what is outside. */
struct place {
	char dir[64];
	char *archive, *store, *folder, *victim;
	char sha256[DIGEST_SIZE];
	struct err err;
};

static int begin(void **state)
{
	struct place *p = mem_alloc(sizeof *p);
	AUTO(mem_auto_free) char *in = NULL;

	snprintf(p->dir, sizeof p->dir, "/tmp/slipway-artifact.XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	p->archive = file_join(p->dir, "given");
	p->store = file_join(p->dir, "store");
	p->folder = file_join(p->dir, "in/app");
	p->victim = file_join(p->dir, "victim");
	in = file_join(p->dir, "in");
	*state = p;
	return mkdir(in, 0700) == 0 && file_write_atomic(p->victim, "untouched", 9, 0600, NULL) ? 0 : -1;
}

static int end(void **state)
{
	struct place *p = *state;

	file_remove_tree(p->dir, NULL);
	free(p->archive);
	free(p->store);
	free(p->folder);
	free(p->victim);
	free(p);
	return 0;
}

struct member { const char *path; mode_t type, mode; const char *text, *link; };

static void add_member(struct archive *a, const struct member *m)
{
	struct archive_entry *entry = archive_entry_new();
	const char *text = m->text ? m->text : "";

	archive_entry_set_pathname(entry, m->path);
	archive_entry_set_filetype(entry, m->type ? m->type : AE_IFREG);
	archive_entry_set_perm(entry, m->mode ? m->mode : 0644);
	archive_entry_set_size(entry, (la_int64_t)strlen(text));
	if (m->link && m->type == AE_IFLNK)
		archive_entry_set_symlink(entry, m->link);
	else if (m->link)
		archive_entry_set_hardlink(entry, m->link);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	if (*text)
		assert_true(archive_write_data(a, text, strlen(text)) >= 0);
	archive_entry_free(entry);
}

static void digest_of(const char *path, char sha256[static DIGEST_SIZE])
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(digest_fd(fd, sha256, NULL, NULL));
}

/* Names are written in UTF-8, as a machine with such a locale does; the reader's own locale is "C" here. */
static void pack_as(struct place *p, int format, int filter, const struct member *members, size_t n)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), was = uselocale(utf8);
	struct archive *a = archive_write_new();

	assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(a, p->archive), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		add_member(a, &members[i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	uselocale(was);
	freelocale(utf8);
	digest_of(p->archive, p->sha256);
}

static void pack(struct place *p, const struct member *members, size_t n)
{
	pack_as(p, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_NONE, members, n);
}

static void put_file(struct place *p, const void *data, size_t len)
{
	assert_true(file_write_atomic(p->archive, data, len, 0600, &p->err));
	digest_of(p->archive, p->sha256);
}

static bool unpack(struct place *p)
{
	return artifact_unpack(p->archive, p->sha256, p->folder, "web", &p->err);
}

static void assert_file(const struct place *p, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(p->folder, name);
	AUTO(buf_done) struct buf b = { 0 };

	if (!file_read(path, 1 << 20, &b, NULL))
		fail_msg("%s cannot be read", path);
	assert_string_equal(b.data, text);
}

static mode_t mode_of(const struct place *p, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(p->folder, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Refused, saying so, and nothing of it is left anywhere. */
static void assert_refused(struct place *p, const char *why)
{
	AUTO(mem_auto_free) char *part = mem_printf("%s.part", p->folder);
	AUTO(mem_auto_free) char *evil = file_join(p->dir, "evil");
	AUTO(mem_auto_free) char *evil_beside = file_join(p->dir, "in/evil");
	AUTO(buf_done) struct buf b = { 0 };

	assert_false(unpack(p));
	if (!strstr(p->err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", p->err.text, why);
	assert_int_equal(access(p->folder, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(access(evil, F_OK), -1);
	assert_int_equal(access(evil_beside, F_OK), -1);
	assert_true(file_read(p->victim, 100, &b, NULL));
	assert_string_equal(b.data, "untouched");
}

static void an_archive_arrives_whole_with_modes_and_links(void **state)
{
	static const struct member members[] = {
		{ .path = "./", .type = AE_IFDIR, .mode = 0755 },
		{ .path = "./bin/", .type = AE_IFDIR, .mode = 0755 },
		{ .path = "./bin/web", .mode = 0755, .text = "#!/bin/sh\n" },
		{ .path = "./etc/deep/conf", .text = "x=1\n" },
		{ .path = "./bin/conf", .type = AE_IFLNK, .link = "../etc/deep/conf" },
		{ .path = "./same", .link = "./etc/deep/conf" },
		{ .path = "./caf\xc3\xa9", .text = "ol\xc3\xa9\n" },
	};
	static const struct { int format, filter; } rows[] = {
		{ ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_NONE },
		{ ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_GZIP },
		{ ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ },
		{ ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_ZSTD },
		{ ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_BZIP2 },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pack_as(p, rows[i].format, rows[i].filter, members, ARRAY_LEN(members));
		if (!unpack(p))
			fail_msg("format %zu: %s", i, p->err.text);
		assert_file(p, "bin/web", "#!/bin/sh\n");
		assert_file(p, "bin/conf", "x=1\n");
		assert_file(p, "same", "x=1\n");
		assert_file(p, "caf\xc3\xa9", "ol\xc3\xa9\n");
		assert_file(p, ".digest", p->sha256);
		assert_int_equal(mode_of(p, "bin/web"), 0755);
		assert_int_equal(mode_of(p, "etc/deep/conf"), 0644);
		assert_true(file_remove_tree(p->folder, NULL));
	}
}

static void a_zip_keeps_its_programs_executable(void **state)
{
	static const struct member members[] = {
		{ .path = "bin/web", .mode = 0755, .text = "#!/bin/sh\n" }, { .path = "page", .text = "Shop" },
		{ .path = "caf\xc3\xa9", .text = "ol\xc3\xa9" },
	};
	struct place *p = *state;

	pack_as(p, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, members, ARRAY_LEN(members));
	if (!unpack(p))
		fail_msg("%s", p->err.text);
	assert_file(p, "page", "Shop");
	assert_file(p, "caf\xc3\xa9", "ol\xc3\xa9");
	assert_int_equal(mode_of(p, "bin/web"), 0755);
	assert_int_equal(mode_of(p, "page"), 0644);
}

static void a_file_that_is_no_archive_becomes_one_program(void **state)
{
	static const char program[] = "#!/bin/sh\nexec sleep 1\n";
	struct place *p = *state;

	put_file(p, program, sizeof program - 1);
	assert_true(unpack(p));
	assert_file(p, "web", program);
	assert_int_equal(mode_of(p, "web"), 0755);
}

static void a_program_with_a_zip_at_its_end_stays_a_program(void **state)
{
	static const struct member members[] = { { .path = "page", .text = "Shop" } };
	AUTO(buf_done) struct buf zip = { 0 };
	AUTO(buf_done) struct buf program;
	struct place *p = *state;

	pack_as(p, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, members, 1);
	assert_true(file_read(p->archive, 1 << 20, &zip, NULL));
	buf_init(&program, 1 << 20);
	buf_add_text(&program, "\x7f" "ELF");
	buf_add(&program, zip.data, zip.len);
	put_file(p, program.data, program.len);
	assert_true(unpack(p));
	assert_int_equal(mode_of(p, "web"), 0755);
}

static void paths_that_lead_outside_are_refused(void **state)
{
	static const char *const paths[] = {
		"../evil", "../../evil", "a/../../evil", "a/../../../evil", "..", "./../evil", "a/..", "/tmp/slipway-evil",
		"//tmp/slipway-evil",
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		pack(p, (struct member[]){ { .path = "good", .text = "x" }, { .path = paths[i], .text = "x" } }, 2);
		assert_refused(p, "leads outside the artifact");
		assert_int_equal(access("/tmp/slipway-evil", F_OK), -1);
	}
}

static void links_that_lead_outside_are_refused(void **state)
{
	static const struct { const char *path, *target; } rows[] = {
		{ "l", "/etc/passwd" }, { "l", ".." }, { "l", "../evil" }, { "a/l", "../../evil" }, { "a/b/l", "../../../x" },
		{ "l", "a/../../evil" }, { "l", "./../evil" }, { "l", "a/.." }, { "a/./l", "../../evil" }, { "l", "a//../../b" },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pack(p, &(struct member){ .path = rows[i].path, .type = AE_IFLNK, .link = rows[i].target }, 1);
		assert_refused(p, "outside the artifact");
	}
}

static void links_that_stay_inside_are_kept(void **state)
{
	static const struct member members[] = {
		{ .path = "a/b/file", .text = "x" },
		{ .path = "l", .type = AE_IFLNK, .link = "a/b/file" },
		{ .path = "here", .type = AE_IFLNK, .link = "." },
		{ .path = "a/up", .type = AE_IFLNK, .link = ".." },
		{ .path = "a/b/root", .type = AE_IFLNK, .link = "../../l" },
		{ .path = "dangling", .type = AE_IFLNK, .link = "not/there" },
	};
	struct place *p = *state;

	pack(p, members, ARRAY_LEN(members));
	if (!unpack(p))
		fail_msg("%s", p->err.text);
	assert_file(p, "l", "x");
	assert_file(p, "a/b/root", "x");
}

static void a_write_through_a_link_of_the_archive_is_refused(void **state)
{
	struct place *p = *state;

	pack(p, (struct member[]){ { .path = "a/b", .type = AE_IFDIR, .mode = 0755 },
	     { .path = "l", .type = AE_IFLNK, .link = "a" }, { .path = "l/file", .text = "x" } }, 3);
	assert_refused(p, "symlink");
}

static void a_second_file_of_the_same_name_does_not_write_through_the_first(void **state)
{
	struct place *p = *state;

	pack(p, (struct member[]){ { .path = "a", .text = "one" }, { .path = "b", .link = "a" },
	     { .path = "b", .text = "two" } }, 3);
	assert_true(unpack(p));
	assert_file(p, "a", "one");
	assert_file(p, "b", "two");
}

static void hard_links_that_lead_outside_are_refused(void **state)
{
	static const char *const targets[] = { "../../victim", "/etc/passwd", "a/../../../victim" };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		pack(p, &(struct member){ .path = "h", .link = targets[i] }, 1);
		assert_refused(p, "outside the artifact");
	}
}

static void a_link_cannot_be_moved_outside_by_a_hard_link_to_it(void **state)
{
	struct place *p = *state;

	pack(p, (struct member[]){ { .path = "a/l", .type = AE_IFLNK, .link = "../victim" }, { .path = "l", .link = "a/l" } },
	     2);
	assert_refused(p, "the hard link l leads to the link a/l");
}

static void devices_fifos_and_sockets_are_refused(void **state)
{
	static const struct { mode_t type; const char *why; } rows[] = {
		{ AE_IFCHR, "is a device" }, { AE_IFBLK, "is a device" }, { AE_IFIFO, "is a fifo" },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pack(p, &(struct member){ .path = "special", .type = rows[i].type }, 1);
		assert_refused(p, rows[i].why);
	}
	pack_as(p, ARCHIVE_FORMAT_CPIO_POSIX, ARCHIVE_FILTER_NONE,
	        &(struct member){ .path = "special", .type = AE_IFSOCK }, 1);
	assert_refused(p, "is a socket");
}

static void setuid_and_setgid_are_dropped(void **state)
{
	struct place *p = *state;

	pack(p, (struct member[]){ { .path = "s", .mode = 06755, .text = "x" },
	     { .path = "d", .type = AE_IFDIR, .mode = 07755 }, { .path = "d/f", .mode = 04711, .text = "x" } }, 3);
	assert_true(unpack(p));
	assert_int_equal(mode_of(p, "s"), 0755);
	assert_int_equal(mode_of(p, "d"), 0755);
	assert_int_equal(mode_of(p, "d/f"), 0711);
}

static void what_cannot_be_removed_again_is_not_made(void **state)
{
	struct place *p = *state;

	pack(p, (struct member[]){ { .path = "d", .type = AE_IFDIR, .mode = 0100 }, { .path = "d/f", .mode = 01, .text = "x" } },
	     2);
	assert_true(unpack(p));
	assert_int_equal(mode_of(p, "d"), 0700);
	assert_int_equal(mode_of(p, "d/f"), 0601);
}

static bool unpack_within(struct place *p, int64_t files, int64_t bytes)
{
	return artifact_unpack_within(p->archive, p->sha256, p->folder, "web",
	                              &(struct artifact_limits){ files, bytes }, &p->err);
}

static void more_files_than_allowed_are_refused(void **state)
{
	struct member members[20] = { { 0 } };
	char names[20][8];
	struct place *p = *state;

	for (size_t i = 0; i < 20; i++) {
		snprintf(names[i], sizeof names[i], "f%zu", i);
		members[i] = (struct member){ .path = names[i] };
	}
	pack(p, members, 20);
	assert_false(unpack_within(p, 19, 1000));
	assert_int_equal(p->err.kind, ERR_TOO_BIG);
	assert_non_null(strstr(p->err.text, "more than 19 files"));
	assert_true(unpack_within(p, 20, 1000));
}

static void more_bytes_than_allowed_are_refused(void **state)
{
	struct place *p = *state;

	pack(p, (struct member[]){ { .path = "a", .text = "12345" }, { .path = "b", .text = "12345" } }, 2);
	assert_false(unpack_within(p, 100, 9));
	assert_int_equal(p->err.kind, ERR_TOO_BIG);
	assert_true(unpack_within(p, 100, 10));
}

/* A file of 1 TiB that is one hole packs into 2 kB. */
static void a_hole_counts_with_its_size(void **state)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct place *p = *state;

	archive_write_set_format_pax(a);
	assert_int_equal(archive_write_open_filename(a, p->archive), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "hole");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, 1LL << 40);
	archive_entry_sparse_add_entry(entry, 0, 1);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_true(archive_write_data(a, "x", 1) >= 0);
	archive_entry_free(entry);
	archive_write_close(a);
	archive_write_free(a);
	digest_of(p->archive, p->sha256);
	assert_false(unpack_within(p, 10, 1000));
	assert_int_equal(p->err.kind, ERR_TOO_BIG);
}

static void a_plain_file_that_is_too_large_is_refused(void **state)
{
	struct place *p = *state;

	put_file(p, "#!/bin/sh\n", 10);
	assert_false(unpack_within(p, 1, 9));
	assert_int_equal(p->err.kind, ERR_TOO_BIG);
	assert_int_equal(access(p->folder, F_OK), -1);
}

static void a_truncated_archive_is_refused_at_every_length(void **state)
{
	static const struct { int format, filter; size_t step; } rows[] = {
		{ ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_GZIP, 7 },
		{ ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_XZ, 7 },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_done) struct buf whole = { 0 };

		pack_as(p, rows[i].format, rows[i].filter, (struct member[]){ { .path = "a", .text = "some text of a file" },
		        { .path = "b/c", .text = "and of another one" } }, 2);
		assert_true(file_read(p->archive, 1 << 20, &whole, NULL));
		/* Shorter than the magic of its compression it is anybody's file: the digest is what guards that. */
		for (size_t len = 20; len < whole.len - 8; len += rows[i].step) {
			put_file(p, whole.data, len);
			assert_refused(p, "unpack");
		}
	}
}

static void a_tar_cut_within_a_file_is_refused(void **state)
{
	char text[3000];
	struct place *p = *state;
	AUTO(buf_done) struct buf whole = { 0 };

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	pack(p, &(struct member){ .path = "a", .text = text }, 1);
	assert_true(file_read(p->archive, 1 << 20, &whole, NULL));
	put_file(p, whole.data, 2000);
	assert_refused(p, "runcated");
}

static void a_tar_with_a_damaged_beginning_is_no_program(void **state)
{
	AUTO(mem_auto_close) int fd = -1;
	struct place *p = *state;

	pack(p, &(struct member){ .path = "a", .text = "x" }, 1);
	fd = open(p->archive, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "b", 1, 0), 1);
	digest_of(p->archive, p->sha256);
	assert_refused(p, "Unrecognized archive format");
}

static void something_compressed_that_is_no_archive_is_refused(void **state)
{
	struct place *p = *state;
	struct archive *a = archive_write_new();

	archive_write_set_format_raw(a);
	archive_write_add_filter_gzip(a);
	assert_int_equal(archive_write_open_filename(a, p->archive), ARCHIVE_OK);
	add_member(a, &(struct member){ .path = "x", .text = "no archive, only text" });
	archive_write_close(a);
	archive_write_free(a);
	digest_of(p->archive, p->sha256);
	assert_refused(p, "read");
}

static void an_empty_file_and_an_empty_archive_are_refused(void **state)
{
	struct place *p = *state;

	put_file(p, "", 0);
	assert_refused(p, "is empty");
	pack(p, NULL, 0);
	assert_refused(p, "without any file");
}

static void an_mtree_that_names_files_of_this_machine_is_only_text(void **state)
{
	static const char mtree[] = "#mtree\n./evil type=file contents=/etc/passwd mode=0644\n";
	struct place *p = *state;

	put_file(p, mtree, sizeof mtree - 1);
	assert_true(unpack(p));
	assert_file(p, "web", mtree);
}

static void the_name_of_the_mark_is_reserved(void **state)
{
	static const char *const names[] = { ".digest", "./.digest", ".//.digest", ".digest/a" };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		pack(p, &(struct member){ .path = names[i], .text = "x" }, 1);
		assert_refused(p, "reserved");
	}
	pack(p, (struct member[]){ { .path = "digest", .text = "x" }, { .path = "a/.digest", .text = "y" },
	     { .path = "..digest", .text = "z" } }, 3);
	assert_true(unpack(p));
	assert_file(p, "a/.digest", "y");
}

static void another_digest_than_the_one_promised_is_refused(void **state)
{
	struct place *p = *state;

	pack(p, &(struct member){ .path = "a", .text = "x" }, 1);
	p->sha256[0] = p->sha256[0] == '0' ? '1' : '0';
	assert_refused(p, "is not what was added");
}

static void a_bit_flipped_after_unpacking_is_refused_too(void **state)
{
	AUTO(mem_auto_close) int fd = -1;
	struct place *p = *state;

	pack(p, &(struct member){ .path = "a", .text = "x" }, 1);
	assert_true(unpack(p));
	fd = open(p->archive, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "b", 1, 0), 1);
	assert_false(unpack(p));
	assert_non_null(strstr(p->err.text, "is not what was added"));
}

static void what_is_whole_already_is_kept(void **state)
{
	AUTO(mem_auto_free) char *mine = NULL;
	struct place *p = *state;

	pack(p, &(struct member){ .path = "a", .text = "x" }, 1);
	assert_true(unpack(p));
	mine = file_join(p->folder, "mine");
	assert_true(file_write_atomic(mine, "", 0, 0600, NULL));
	assert_true(unpack(p));
	assert_int_equal(access(mine, F_OK), 0);
}

static void what_is_not_whole_or_another_build_is_replaced(void **state)
{
	AUTO(mem_auto_free) char *part = NULL;
	AUTO(mem_auto_free) char *old = NULL;
	struct place *p = *state;

	part = mem_printf("%s.part/left-over", p->folder);
	old = file_join(p->folder, "old");
	assert_true(file_make_dirs(part, 0700, NULL));
	pack(p, &(struct member){ .path = "old", .text = "x" }, 1);
	assert_true(unpack(p));
	assert_int_equal(access(old, F_OK), 0);
	pack(p, &(struct member){ .path = "new", .text = "y" }, 1);
	assert_true(unpack(p));
	assert_file(p, "new", "y");
	assert_int_equal(access(old, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
}

static void unpacking_leaves_the_current_folder_as_it_was(void **state)
{
	AUTO(mem_auto_free) char *before = getcwd(NULL, 0);
	AUTO(mem_auto_free) char *after = NULL;
	struct place *p = *state;

	pack(p, &(struct member){ .path = "a", .text = "x" }, 1);
	assert_true(unpack(p));
	after = getcwd(NULL, 0);
	assert_string_equal(before, after);
}

static int count_parts(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strncmp(e->d_name, ".part", 5) == 0;
	closedir(d);
	return n;
}

static void a_file_is_imported_once_under_its_digest(void **state)
{
	char sha256[DIGEST_SIZE];
	int64_t size = 0;
	AUTO(mem_auto_free) char *path = NULL;
	AUTO(mem_auto_free) char *expected = NULL;
	struct place *p = *state;
	struct stat st;

	put_file(p, "abc", 3);
	for (int i = 0; i < 2; i++) {
		if (!artifact_import(p->store, p->archive, sha256, &size, &p->err))
			fail_msg("%s", p->err.text);
		assert_string_equal(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
		assert_int_equal(size, 3);
	}
	path = artifact_path(p->store, sha256);
	expected = mem_printf("%s/ba/%s", p->store, sha256);
	assert_string_equal(path, expected);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(count_parts(p->store), 0);
}

static void a_damaged_copy_in_the_store_is_healed_by_importing_again(void **state)
{
	char sha256[DIGEST_SIZE], found[DIGEST_SIZE];
	int64_t size;
	AUTO(mem_auto_free) char *path = NULL;
	struct place *p = *state;

	put_file(p, "abc", 3);
	assert_true(artifact_import(p->store, p->archive, sha256, &size, &p->err));
	path = artifact_path(p->store, sha256);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 1), 0);
	assert_true(artifact_import(p->store, p->archive, sha256, &size, &p->err));
	digest_of(path, found);
	assert_string_equal(found, sha256);
}

static void only_regular_files_are_imported(void **state)
{
	char sha256[DIGEST_SIZE] = "";
	int64_t size;
	AUTO(mem_auto_free) char *link_path = NULL;
	AUTO(mem_auto_free) char *fifo = NULL;
	struct place *p = *state;

	link_path = file_join(p->dir, "link");
	fifo = file_join(p->dir, "fifo");
	assert_int_equal(symlink(p->victim, link_path), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(artifact_import(p->store, link_path, sha256, &size, &p->err));
	assert_non_null(strstr(p->err.text, "symbolic link"));
	assert_false(artifact_import(p->store, fifo, sha256, &size, &p->err));
	assert_non_null(strstr(p->err.text, "not a regular file"));
	assert_false(artifact_import(p->store, "/dev/zero", sha256, &size, &p->err));
	assert_false(artifact_import(p->store, p->dir, sha256, &size, &p->err));
	assert_false(artifact_import(p->store, "/nowhere/at/all", sha256, &size, &p->err));
	assert_string_equal(sha256, "");
}

static void parts_of_killed_imports_are_removed_when_they_are_old(void **state)
{
	const struct timespec old[2] = { { time(NULL) - 2 * 86400, 0 }, { time(NULL) - 2 * 86400, 0 } };
	char sha256[DIGEST_SIZE];
	int64_t size;
	AUTO(mem_auto_free) char *old_part = NULL;
	AUTO(mem_auto_free) char *new_part = NULL;
	struct place *p = *state;

	old_part = file_join(p->store, ".part-old");
	new_part = file_join(p->store, ".part-new");
	assert_true(file_make_dirs(p->store, 0700, NULL));
	assert_true(file_write_atomic(old_part, "x", 1, 0600, NULL));
	assert_true(file_write_atomic(new_part, "x", 1, 0600, NULL));
	assert_int_equal(utimensat(AT_FDCWD, old_part, old, 0), 0);
	put_file(p, "abc", 3);
	assert_true(artifact_import(p->store, p->archive, sha256, &size, &p->err));
	assert_int_equal(access(old_part, F_OK), -1);
	assert_int_equal(access(new_part, F_OK), 0);
}

/* Runs artifact_tool in a child with standard input from a text; its exit code, and all it printed. */
static int run_tool(const struct place *p, const char *input, char **argv, int argc, struct buf *ret_out)
{
	AUTO(mem_auto_free) char *in = file_join(p->dir, "stdin");
	AUTO(mem_auto_free) char *out = file_join(p->dir, "stdout");
	pid_t pid;
	int status;

	assert_true(file_write_atomic(in, input, strlen(input), 0600, NULL));
	pid = fork();
	if (pid == 0) {
		if (!freopen(in, "r", stdin) || !freopen(out, "w", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
			_exit(99);
		_exit(artifact_tool(argc, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(file_read(out, 1 << 20, ret_out, NULL));
	return WEXITSTATUS(status);
}

static void the_tool_imports_what_standard_input_names(void **state)
{
	AUTO(buf_done) struct buf out = { 0 };
	AUTO(mem_auto_free) char *input = NULL;
	AUTO(json_auto_decref) json_t *answer = NULL;
	struct place *p = *state;
	json_t *first;

	put_file(p, "abc", 3);
	input = mem_printf("{\"web\": \"%s\"}", p->archive);
	assert_int_equal(run_tool(p, input, (char *[]){ (char *)"artifact-import", p->store, NULL }, 2, &out), 0);
	answer = json_read(out.data, out.len, &p->err);
	first = json_array_get(json_object_get(answer, "artifacts"), 0);
	assert_string_equal(json_text(first, "component"), "web");
	assert_string_equal(json_text(first, "sha256"), p->sha256);
	assert_int_equal(json_int(first, "size", 0), 3);
}

static void the_tool_says_in_one_line_what_was_wrong(void **state)
{
	static const struct { const char *input, *then; } rows[] = {
		{ "{\"web\": \"/nowhere/file\"}", "import web: open /nowhere/file: No such file or directory\n" },
		{ "{\"web\": \"file\"}", "import web: its file is not an absolute path\n" },
		{ "{\"web\": 5}", "import web: its file is not an absolute path\n" },
		{ "[]", "standard input: it is not an object of components and files\n" },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_done) struct buf out = { 0 };

		assert_int_equal(run_tool(p, rows[i].input, (char *[]){ (char *)"artifact-import", p->store, NULL }, 2, &out), 1);
		assert_string_equal(out.data, rows[i].then);
	}
}

static void the_tool_unpacks_and_names_a_program_after_its_folder(void **state)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct place *p = *state;

	put_file(p, "#!/bin/sh\n", 10);
	assert_int_equal(run_tool(p, "", (char *[]){ (char *)"artifact-unpack", p->archive, p->sha256, p->folder, NULL }, 4,
	                          &out), 0);
	assert_file(p, "app", "#!/bin/sh\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_archive_arrives_whole_with_modes_and_links),
		TEST(a_zip_keeps_its_programs_executable),
		TEST(a_file_that_is_no_archive_becomes_one_program),
		TEST(a_program_with_a_zip_at_its_end_stays_a_program),
		TEST(paths_that_lead_outside_are_refused),
		TEST(links_that_lead_outside_are_refused),
		TEST(links_that_stay_inside_are_kept),
		TEST(a_write_through_a_link_of_the_archive_is_refused),
		TEST(a_second_file_of_the_same_name_does_not_write_through_the_first),
		TEST(hard_links_that_lead_outside_are_refused),
		TEST(a_link_cannot_be_moved_outside_by_a_hard_link_to_it),
		TEST(devices_fifos_and_sockets_are_refused),
		TEST(setuid_and_setgid_are_dropped),
		TEST(what_cannot_be_removed_again_is_not_made),
		TEST(more_files_than_allowed_are_refused),
		TEST(more_bytes_than_allowed_are_refused),
		TEST(a_hole_counts_with_its_size),
		TEST(a_plain_file_that_is_too_large_is_refused),
		TEST(a_truncated_archive_is_refused_at_every_length),
		TEST(a_tar_cut_within_a_file_is_refused),
		TEST(a_tar_with_a_damaged_beginning_is_no_program),
		TEST(something_compressed_that_is_no_archive_is_refused),
		TEST(an_empty_file_and_an_empty_archive_are_refused),
		TEST(an_mtree_that_names_files_of_this_machine_is_only_text),
		TEST(the_name_of_the_mark_is_reserved),
		TEST(another_digest_than_the_one_promised_is_refused),
		TEST(a_bit_flipped_after_unpacking_is_refused_too),
		TEST(what_is_whole_already_is_kept),
		TEST(what_is_not_whole_or_another_build_is_replaced),
		TEST(unpacking_leaves_the_current_folder_as_it_was),
		TEST(a_file_is_imported_once_under_its_digest),
		TEST(a_damaged_copy_in_the_store_is_healed_by_importing_again),
		TEST(only_regular_files_are_imported),
		TEST(parts_of_killed_imports_are_removed_when_they_are_old),
		TEST(the_tool_imports_what_standard_input_names),
		TEST(the_tool_says_in_one_line_what_was_wrong),
		TEST(the_tool_unpacks_and_names_a_program_after_its_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
