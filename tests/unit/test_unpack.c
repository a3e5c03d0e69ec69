/* Unpacking: what is whole arrives whole, what is hostile touches nothing outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/artifact/artifact_priv.h"
#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/unit/artifact_case.h"

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
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		case_pack_as(c, rows[i].format, rows[i].filter, members, ARRAY_LEN(members));
		if (!case_unpack(c))
			fail_msg("format %zu: %s", i, c->err.text);
		case_assert_file(c, "bin/web", "#!/bin/sh\n");
		case_assert_file(c, "bin/conf", "x=1\n");
		case_assert_file(c, "same", "x=1\n");
		case_assert_file(c, "caf\xc3\xa9", "ol\xc3\xa9\n");
		case_assert_file(c, ".digest", c->sha256);
		assert_int_equal(case_mode_of(c, "bin/web"), 0755);
		assert_int_equal(case_mode_of(c, "etc/deep/conf"), 0644);
		assert_true(file_remove_tree(c->folder, NULL));
	}
}

static void a_zip_keeps_its_programs_executable(void **state)
{
	static const struct member members[] = {
		{ .path = "bin/web", .mode = 0755, .text = "#!/bin/sh\n" }, { .path = "page", .text = "Shop" },
		{ .path = "caf\xc3\xa9", .text = "ol\xc3\xa9" },
	};
	struct artifact_case *c = *state;

	case_pack_as(c, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, members, ARRAY_LEN(members));
	if (!case_unpack(c))
		fail_msg("%s", c->err.text);
	case_assert_file(c, "page", "Shop");
	case_assert_file(c, "caf\xc3\xa9", "ol\xc3\xa9");
	assert_int_equal(case_mode_of(c, "bin/web"), 0755);
	assert_int_equal(case_mode_of(c, "page"), 0644);
}

static void a_file_that_is_no_archive_becomes_one_program(void **state)
{
	static const char program[] = "#!/bin/sh\nexec sleep 1\n";
	struct artifact_case *c = *state;

	case_put_file(c, program, sizeof program - 1);
	assert_true(case_unpack(c));
	case_assert_file(c, "web", program);
	assert_int_equal(case_mode_of(c, "web"), 0755);
}

static void a_program_with_a_zip_at_its_end_stays_a_program(void **state)
{
	static const struct member members[] = { { .path = "page", .text = "Shop" } };
	AUTO(buf_done) struct buf zip = { 0 };
	AUTO(buf_done) struct buf program;
	struct artifact_case *c = *state;

	case_pack_as(c, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, members, 1);
	assert_true(file_read(c->archive, 1 << 20, &zip, NULL));
	buf_init(&program, 1 << 20);
	buf_add_text(&program, "\x7f" "ELF");
	buf_add(&program, zip.data, zip.len);
	case_put_file(c, program.data, program.len);
	assert_true(case_unpack(c));
	assert_int_equal(case_mode_of(c, "web"), 0755);
}

static void paths_that_lead_outside_are_refused(void **state)
{
	static const char *const paths[] = {
		"../evil", "../../evil", "a/../../evil", "a/../../../evil", "..", "./../evil", "a/..",
		"/tmp/slipway-evil", "//tmp/slipway-evil",
	};
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		case_pack(c, (struct member[]){ { .path = "good", .text = "x" }, { .path = paths[i], .text = "x" } },
		          2);
		case_assert_refused(c, "leads outside the artifact");
		assert_int_equal(access("/tmp/slipway-evil", F_OK), -1);
	}
}

static void links_that_lead_outside_are_refused(void **state)
{
	static const struct { const char *path, *target; } rows[] = {
		{ "l", "/etc/passwd" }, { "l", ".." }, { "l", "../evil" }, { "a/l", "../../evil" },
		{ "a/b/l", "../../../x" }, { "l", "a/../../evil" }, { "l", "./../evil" }, { "l", "a/.." },
		{ "a/./l", "../../evil" }, { "l", "a//../../b" },
	};
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		case_pack(c, &(struct member){ .path = rows[i].path, .type = AE_IFLNK, .link = rows[i].target }, 1);
		case_assert_refused(c, "outside the artifact");
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
	struct artifact_case *c = *state;

	case_pack(c, members, ARRAY_LEN(members));
	if (!case_unpack(c))
		fail_msg("%s", c->err.text);
	case_assert_file(c, "l", "x");
	case_assert_file(c, "a/b/root", "x");
}

static void a_write_through_a_link_of_the_archive_is_refused(void **state)
{
	struct artifact_case *c = *state;

	case_pack(c, (struct member[]){ { .path = "a/b", .type = AE_IFDIR, .mode = 0755 },
	     { .path = "l", .type = AE_IFLNK, .link = "a" }, { .path = "l/file", .text = "x" } }, 3);
	case_assert_refused(c, "symlink");
}

static void a_second_file_of_the_same_name_does_not_write_through_the_first(void **state)
{
	struct artifact_case *c = *state;

	case_pack(c, (struct member[]){ { .path = "a", .text = "one" }, { .path = "b", .link = "a" },
	     { .path = "b", .text = "two" } }, 3);
	assert_true(case_unpack(c));
	case_assert_file(c, "a", "one");
	case_assert_file(c, "b", "two");
}

static void hard_links_that_lead_outside_are_refused(void **state)
{
	static const char *const targets[] = { "../../victim", "/etc/passwd", "a/../../../victim" };
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		case_pack(c, &(struct member){ .path = "h", .link = targets[i] }, 1);
		case_assert_refused(c, "outside the artifact");
	}
}

static void a_link_cannot_be_moved_outside_by_a_hard_link_to_it(void **state)
{
	struct artifact_case *c = *state;

	case_pack(c, (struct member[]){ { .path = "a/l", .type = AE_IFLNK, .link = "../victim" },
	          { .path = "l", .link = "a/l" } }, 2);
	case_assert_refused(c, "the hard link l leads to the link a/l");
}

static void devices_fifos_and_sockets_are_refused(void **state)
{
	static const struct { mode_t type; const char *why; } rows[] = {
		{ AE_IFCHR, "is a device" }, { AE_IFBLK, "is a device" }, { AE_IFIFO, "is a fifo" },
	};
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		case_pack(c, &(struct member){ .path = "special", .type = rows[i].type }, 1);
		case_assert_refused(c, rows[i].why);
	}
	case_pack_as(c, ARCHIVE_FORMAT_CPIO_POSIX, ARCHIVE_FILTER_NONE,
	        &(struct member){ .path = "special", .type = AE_IFSOCK }, 1);
	case_assert_refused(c, "is a socket");
}

static void setuid_and_setgid_are_dropped(void **state)
{
	struct artifact_case *c = *state;

	case_pack(c, (struct member[]){ { .path = "s", .mode = 06755, .text = "x" },
	     { .path = "d", .type = AE_IFDIR, .mode = 07755 }, { .path = "d/f", .mode = 04711, .text = "x" } }, 3);
	assert_true(case_unpack(c));
	assert_int_equal(case_mode_of(c, "s"), 0755);
	assert_int_equal(case_mode_of(c, "d"), 0755);
	assert_int_equal(case_mode_of(c, "d/f"), 0711);
}

static void what_cannot_be_removed_again_is_not_made(void **state)
{
	struct artifact_case *c = *state;

	case_pack(c, (struct member[]){ { .path = "d", .type = AE_IFDIR, .mode = 0100 },
	          { .path = "d/f", .mode = 01, .text = "x" } }, 2);
	assert_true(case_unpack(c));
	assert_int_equal(case_mode_of(c, "d"), 0700);
	assert_int_equal(case_mode_of(c, "d/f"), 0601);
}

static bool unpack_within(struct artifact_case *c, int64_t files, int64_t bytes)
{
	return artifact_unpack_within(c->archive, c->sha256, c->folder, "web",
	                              &(struct artifact_limits){ files, bytes }, &c->err);
}

static void more_files_than_allowed_are_refused(void **state)
{
	struct member members[20] = { { 0 } };
	char names[20][8];
	struct artifact_case *c = *state;

	for (size_t i = 0; i < 20; i++) {
		snprintf(names[i], sizeof names[i], "f%zu", i);
		members[i] = (struct member){ .path = names[i] };
	}
	case_pack(c, members, 20);
	assert_false(unpack_within(c, 19, 1000));
	assert_int_equal(c->err.kind, ERR_TOO_BIG);
	assert_non_null(strstr(c->err.text, "more than 19 files"));
	assert_true(unpack_within(c, 20, 1000));
}

static void more_bytes_than_allowed_are_refused(void **state)
{
	struct artifact_case *c = *state;

	case_pack(c, (struct member[]){ { .path = "a", .text = "12345" }, { .path = "b", .text = "12345" } }, 2);
	assert_false(unpack_within(c, 100, 9));
	assert_int_equal(c->err.kind, ERR_TOO_BIG);
	assert_true(unpack_within(c, 100, 10));
}

/* A file of 1 TiB that is one hole packs into 2 kB. */
static void a_hole_counts_with_its_size(void **state)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct artifact_case *c = *state;

	archive_write_set_format_pax(a);
	assert_int_equal(archive_write_open_filename(a, c->archive), ARCHIVE_OK);
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
	case_digest_of(c->archive, c->sha256);
	assert_false(unpack_within(c, 10, 1000));
	assert_int_equal(c->err.kind, ERR_TOO_BIG);
}

static void a_plain_file_that_is_too_large_is_refused(void **state)
{
	struct artifact_case *c = *state;

	case_put_file(c, "#!/bin/sh\n", 10);
	assert_false(unpack_within(c, 1, 9));
	assert_int_equal(c->err.kind, ERR_TOO_BIG);
	assert_int_equal(access(c->folder, F_OK), -1);
}

static void a_truncated_archive_is_refused_at_every_length(void **state)
{
	static const struct { int format, filter; size_t step; } rows[] = {
		{ ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_GZIP, 7 },
		{ ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_XZ, 7 },
	};
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_done) struct buf whole = { 0 };

		case_pack_as(c, rows[i].format, rows[i].filter, (struct member[]){
		             { .path = "a", .text = "some text of a file" },
		             { .path = "b/c", .text = "and of another one" } }, 2);
		assert_true(file_read(c->archive, 1 << 20, &whole, NULL));
		/* Shorter than the magic of its compression it is anybody's file: the digest is what guards that. */
		for (size_t len = 20; len < whole.len - 8; len += rows[i].step) {
			case_put_file(c, whole.data, len);
			case_assert_refused(c, "unpack");
		}
	}
}

static void a_tar_cut_within_a_file_is_refused(void **state)
{
	char text[3000];
	struct artifact_case *c = *state;
	AUTO(buf_done) struct buf whole = { 0 };

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	case_pack(c, &(struct member){ .path = "a", .text = text }, 1);
	assert_true(file_read(c->archive, 1 << 20, &whole, NULL));
	case_put_file(c, whole.data, 2000);
	case_assert_refused(c, "runcated");
}

static void a_tar_with_a_damaged_beginning_is_no_program(void **state)
{
	AUTO(mem_auto_close) int fd = -1;
	struct artifact_case *c = *state;

	case_pack(c, &(struct member){ .path = "a", .text = "x" }, 1);
	fd = open(c->archive, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "b", 1, 0), 1);
	case_digest_of(c->archive, c->sha256);
	case_assert_refused(c, "Unrecognized archive format");
}

static void something_compressed_that_is_no_archive_is_refused(void **state)
{
	struct artifact_case *c = *state;
	struct archive *a = archive_write_new();

	archive_write_set_format_raw(a);
	archive_write_add_filter_gzip(a);
	assert_int_equal(archive_write_open_filename(a, c->archive), ARCHIVE_OK);
	case_add_member(a, &(struct member){ .path = "x", .text = "no archive, only text" });
	archive_write_close(a);
	archive_write_free(a);
	case_digest_of(c->archive, c->sha256);
	case_assert_refused(c, "read");
}

static void an_empty_file_and_an_empty_archive_are_refused(void **state)
{
	struct artifact_case *c = *state;

	case_put_file(c, "", 0);
	case_assert_refused(c, "is empty");
	case_pack(c, NULL, 0);
	case_assert_refused(c, "without any file");
}

static void an_mtree_that_names_files_of_this_machine_is_only_text(void **state)
{
	static const char mtree[] = "#mtree\n./evil type=file contents=/etc/passwd mode=0644\n";
	struct artifact_case *c = *state;

	case_put_file(c, mtree, sizeof mtree - 1);
	assert_true(case_unpack(c));
	case_assert_file(c, "web", mtree);
}

static void the_name_of_the_mark_is_reserved(void **state)
{
	static const char *const names[] = { ".digest", "./.digest", ".//.digest", ".digest/a" };
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		case_pack(c, &(struct member){ .path = names[i], .text = "x" }, 1);
		case_assert_refused(c, "reserved");
	}
	case_pack(c, (struct member[]){ { .path = "digest", .text = "x" }, { .path = "a/.digest", .text = "y" },
	     { .path = "..digest", .text = "z" } }, 3);
	assert_true(case_unpack(c));
	case_assert_file(c, "a/.digest", "y");
}

static void another_digest_than_the_one_promised_is_refused(void **state)
{
	struct artifact_case *c = *state;

	case_pack(c, &(struct member){ .path = "a", .text = "x" }, 1);
	c->sha256[0] = c->sha256[0] == '0' ? '1' : '0';
	case_assert_refused(c, "is not what was added");
}

static void a_bit_flipped_after_unpacking_is_refused_too(void **state)
{
	AUTO(mem_auto_close) int fd = -1;
	struct artifact_case *c = *state;

	case_pack(c, &(struct member){ .path = "a", .text = "x" }, 1);
	assert_true(case_unpack(c));
	fd = open(c->archive, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "b", 1, 0), 1);
	assert_false(case_unpack(c));
	assert_non_null(strstr(c->err.text, "is not what was added"));
}

static void what_is_whole_already_is_kept(void **state)
{
	AUTO(mem_auto_free) char *mine = NULL;
	struct artifact_case *c = *state;

	case_pack(c, &(struct member){ .path = "a", .text = "x" }, 1);
	assert_true(case_unpack(c));
	mine = file_join(c->folder, "mine");
	assert_true(file_write_atomic(mine, "", 0, 0600, NULL));
	assert_true(case_unpack(c));
	assert_int_equal(access(mine, F_OK), 0);
}

static void what_is_not_whole_or_another_build_is_replaced(void **state)
{
	AUTO(mem_auto_free) char *part = NULL;
	AUTO(mem_auto_free) char *old = NULL;
	struct artifact_case *c = *state;

	part = mem_printf("%s.part/left-over", c->folder);
	old = file_join(c->folder, "old");
	assert_true(file_make_dirs(part, 0700, NULL));
	case_pack(c, &(struct member){ .path = "old", .text = "x" }, 1);
	assert_true(case_unpack(c));
	assert_int_equal(access(old, F_OK), 0);
	case_pack(c, &(struct member){ .path = "new", .text = "y" }, 1);
	assert_true(case_unpack(c));
	case_assert_file(c, "new", "y");
	assert_int_equal(access(old, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
}

static void unpacking_leaves_the_current_folder_as_it_was(void **state)
{
	AUTO(mem_auto_free) char *before = getcwd(NULL, 0);
	AUTO(mem_auto_free) char *after = NULL;
	struct artifact_case *c = *state;

	case_pack(c, &(struct member){ .path = "a", .text = "x" }, 1);
	assert_true(case_unpack(c));
	after = getcwd(NULL, 0);
	assert_string_equal(before, after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_begin, case_end)

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
