/* The last lines of a service's log. */
#include "backend/drivers/host/runit.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/clean.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"

enum { READ_AT_MOST = 64 * 1024 };

#define MARK "slipway: "

/* "2026-11-20_14:03:07.12345 " of svlogd -tt. */
static const char *without_time(const char *line)
{
	static const char shape[] = "dddd-dd-dd_dd:dd:dd.ddddd ";

	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)line[i]) : line[i] != shape[i])
			return line;
	return line + sizeof shape - 1;
}

/* The end of the file, NUL-terminated; a first line that is cut is left out. */
static char *read_end(const char *path)
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	off_t from = size > READ_AT_MOST ? size - READ_AT_MOST : 0;
	char *text = mem_alloc(READ_AT_MOST + 1);
	ssize_t n = fd < 0 ? 0 : pread(fd, text, READ_AT_MOST, from);
	char *first = from > 0 ? memchr(text, '\n', n > 0 ? (size_t)n : 0) : NULL;

	text[n > 0 ? n : 0] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = '?';
	if (first)
		memmove(text, first + 1, strlen(first + 1) + 1);
	return text;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

char *runit_tail(const char *log_dir, int lines, bool *ret_ended)
{
	AUTO(mem_auto_free) char *path = file_join(log_dir, "current");
	AUTO(mem_auto_free) char *text = read_end(path);
	AUTO(buf_done) struct buf out = { 0 };
	const char **kept = mem_array((size_t)lines, sizeof *kept);
	size_t n = 0;
	char *save = NULL;

	*ret_ended = false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *said = without_time(line);

		if (begins(said, MARK "starts ")) {
			n = 0;
			*ret_ended = false;
		} else if (begins(said, MARK "exited ") || begins(said, MARK "killed ")) {
			*ret_ended = true;
		} else {
			kept[n++ % (size_t)lines] = said;
		}
	}
	buf_init(&out, READ_AT_MOST);
	for (size_t i = n > (size_t)lines ? n - (size_t)lines : 0; i < n; i++)
		buf_printf(&out, "%s%s", out.len ? "\n" : "", kept[i % (size_t)lines]);
	free(kept);
	return clean_dup(out.data, CLEAN_TEXT);
}
