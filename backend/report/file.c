#include "backend/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/mem.h"

enum { CHUNK = 64 * 1024 };

static const int64_t file_max = 256LL * 1024 * 1024;

/* A file of either format while it is read; the format is known at the first byte that is no space. */
struct reading {
	const char *path;
	report_fn fn;
	void *arg;
	struct tap *tap;
	struct junit *junit;
};

static void reading_done(struct reading *r)
{
	tap_free(r->tap);
	junit_free(r->junit);
}

/* UTF-16 begins with a byte order mark; TAP is never written in it. */
static bool is_xml(unsigned char first)
{
	return first == '<' || first == 0xfe || first == 0xff;
}

static bool reading_feed(struct reading *r, const char *data, size_t len, struct err *err)
{
	size_t blank = 0;

	if (!r->tap && !r->junit && len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		data += 3;                         /* the byte order mark of UTF-8 */
		len -= 3;
	}
	while (!r->tap && !r->junit && blank < len && strchr(" \t\r\n", data[blank]) && data[blank])
		blank++;
	if (blank == len)
		return true;
	if (!r->tap && !r->junit) {
		if (is_xml((unsigned char)data[blank]))
			r->junit = junit_new(r->path, r->fn, r->arg);
		else
			r->tap = tap_new(r->fn, r->arg);
	}
	if (r->junit)
		return junit_feed(r->junit, data, len, err);
	tap_feed(r->tap, data, len);
	return true;
}

/*
 * Failed tests are what a report may hold. That it is not whole (a bail-out, a missing plan) is told as one failed test
 * more, so that nobody takes the rest for all of it.
 */
static bool finish_tap(struct reading *r, struct report_totals *ret, struct err *err)
{
	struct err why = { 0 };
	struct report_totals totals;

	if (!tap_finish(r->tap, 0, &why) && why.kind != ERR_FAILED) {
		err_copy(err, &why);
		return err_wrap(err, "%s", r->path);
	}
	totals = *tap_totals(r->tap);
	if (why.kind && totals.fail == 0) {
		struct report_result result = {
			.suite = "", .name = "the report itself", .message = why.text, .outcome = TEST_FAIL, .ms = -1
		};

		totals.fail++;
		r->fn(r->arg, &result);
	}
	*ret = totals;
	return true;
}

static bool reading_finish(struct reading *r, struct report_totals *ret, struct err *err)
{
	if (r->tap)
		return finish_tap(r, ret, err);
	if (!r->junit)
		return err_set(err, ERR_USAGE, "%s: it is empty; a JUnit or TAP report is expected", r->path);
	if (!junit_finish(r->junit, err))
		return false;
	*ret = *junit_totals(r->junit);
	return true;
}

/* A pipe or a device would block or never end. */
static bool open_report(const char *path, int *ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= file_max) {
		*ret = fd;
		return true;
	}
	close(fd);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "%s is not a file", path);
	return err_set(err, ERR_TOO_BIG, "%s is larger than 256 MB", path);
}

bool report_read_file(const char *path, report_fn fn, void *arg, struct report_totals *ret, struct err *err)
{
	AUTO(reading_done) struct reading r = { .path = path, .fn = fn, .arg = arg };
	AUTO(mem_auto_close) int fd = -1;
	AUTO(mem_auto_free) char *chunk = mem_alloc(CHUNK);
	int64_t total = 0;
	ssize_t n;

	if (!open_report(path, &fd, err))
		return false;
	while ((n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read %s", path);
		total += n;
		if (total > file_max)              /* it grows while it is read */
			return err_set(err, ERR_TOO_BIG, "%s is larger than 256 MB", path);
		if (!reading_feed(&r, chunk, (size_t)n, err))
			return false;
	}
	return reading_finish(&r, ret, err);
}
