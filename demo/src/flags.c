#include "demo/src/flags.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAGS_MAX = 1024 * 1024 };

struct flags {
	char *path;
	char *text;                        /* of the file as it was last read; NULL: none */
	struct stat seen;
};

struct flags *flags_new(const char *path)
{
	struct flags *f = calloc(1, sizeof *f);

	if (!f)
		abort();
	f->path = path ? strdup(path) : NULL;
	return f;
}

void flags_free(struct flags *f)
{
	if (!f)
		return;
	free(f->path);
	free(f->text);
	free(f);
}

/* Slipway replaces the file as a whole: another one stands there then, with another inode or time. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec
		&& a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void forget(struct flags *f)
{
	free(f->text);
	f->text = NULL;
	f->seen = (struct stat){ 0 };
}

static void look(struct flags *f)
{
	struct stat now;
	ssize_t n = -1;
	int fd;

	if (!f->path || stat(f->path, &now) != 0) {
		forget(f);
		return;
	}
	if (f->text && is_same(&now, &f->seen))
		return;
	forget(f);
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &f->seen) == 0 && f->seen.st_size < FLAGS_MAX && (f->text = malloc((size_t)f->seen.st_size + 1)))
		n = read(fd, f->text, (size_t)f->seen.st_size);
	close(fd);
	if (n < 0)
		forget(f);
	else
		f->text[n] = '\0';
}

bool flags_on(struct flags *f, const char *name)
{
	static const char variant[] = "\"defaultVariant\":";
	char quoted[128];
	const char *at;

	look(f);
	snprintf(quoted, sizeof quoted, "\"%s\":", name);
	at = f->text ? strstr(f->text, quoted) : NULL;
	at = at ? strstr(at, variant) : NULL;
	if (!at)
		return false;
	at += sizeof variant - 1;
	at += strspn(at, " \t\n");
	return strncmp(at, "\"on\"", 4) == 0;
}
