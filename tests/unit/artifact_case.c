#include "tests/unit/artifact_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"

int case_begin(void **state)
{
	struct artifact_case *c = mem_alloc(sizeof *c);
	AUTO(mem_auto_free) char *in = NULL;

	snprintf(c->dir, sizeof c->dir, "/tmp/slipway-artifact.XXXXXX");
	if (!mkdtemp(c->dir))
		return -1;
	c->archive = file_join(c->dir, "given");
	c->store = file_join(c->dir, "store");
	c->folder = file_join(c->dir, "in/app");
	c->victim = file_join(c->dir, "victim");
	in = file_join(c->dir, "in");
	*state = c;
	return mkdir(in, 0700) == 0 && file_write_atomic(c->victim, "untouched", 9, 0600, NULL) ? 0 : -1;
}

int case_end(void **state)
{
	struct artifact_case *c = *state;

	file_remove_tree(c->dir, NULL);
	free(c->archive);
	free(c->store);
	free(c->folder);
	free(c->victim);
	free(c);
	return 0;
}

void case_add_member(struct archive *a, const struct member *m)
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

void case_digest_of(const char *path, char sha256[static DIGEST_SIZE])
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(digest_fd(fd, sha256, NULL, NULL));
}

/* Names are written in UTF-8, as a machine with such a locale does; the reader's own locale is "C" here. */
void case_pack_as(struct artifact_case *c, int format, int filter, const struct member *members, size_t n)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), was = uselocale(utf8);
	struct archive *a = archive_write_new();

	assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(a, c->archive), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		case_add_member(a, &members[i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	uselocale(was);
	freelocale(utf8);
	case_digest_of(c->archive, c->sha256);
}

void case_pack(struct artifact_case *c, const struct member *members, size_t n)
{
	case_pack_as(c, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_NONE, members, n);
}

void case_put_file(struct artifact_case *c, const void *data, size_t len)
{
	assert_true(file_write_atomic(c->archive, data, len, 0600, &c->err));
	case_digest_of(c->archive, c->sha256);
}

bool case_unpack(struct artifact_case *c)
{
	return artifact_unpack(c->archive, c->sha256, c->folder, "web", &c->err);
}

void case_assert_file(const struct artifact_case *c, const char *name, const char *text)
{
	AUTO(mem_auto_free) char *path = file_join(c->folder, name);
	AUTO(buf_done) struct buf b = { 0 };

	if (!file_read(path, 1 << 20, &b, NULL))
		fail_msg("%s cannot be read", path);
	assert_string_equal(b.data, text);
}

mode_t case_mode_of(const struct artifact_case *c, const char *name)
{
	AUTO(mem_auto_free) char *path = file_join(c->folder, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

void case_assert_refused(struct artifact_case *c, const char *why)
{
	AUTO(mem_auto_free) char *part = mem_printf("%s.part", c->folder);
	AUTO(mem_auto_free) char *evil = file_join(c->dir, "evil");
	AUTO(mem_auto_free) char *evil_beside = file_join(c->dir, "in/evil");
	AUTO(buf_done) struct buf b = { 0 };

	assert_false(case_unpack(c));
	if (!strstr(c->err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", c->err.text, why);
	assert_int_equal(access(c->folder, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(access(evil, F_OK), -1);
	assert_int_equal(access(evil_beside, F_OK), -1);
	assert_true(file_read(c->victim, 100, &b, NULL));
	assert_string_equal(b.data, "untouched");
}

