#include "backend/artifact/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/artifact/digest.h"
#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

enum { MANIFEST_MAX = 4 * 1024 * 1024 };

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_sorted(struct buf *text, char **lines, size_t n)
{
	if (n > 0)
		qsort(lines, n, sizeof *lines, compare);
	for (size_t i = 0; i < n; i++) {
		buf_printf(text, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
}

char *manifest_text(const char *app, const char *version, const json_t *artifacts, const json_t *features,
                    const json_t *migrations)
{
	char **lines = mem_array(json_array_size(artifacts), sizeof *lines);
	const json_t *item;
	AUTO(buf_done) struct buf text = { 0 };
	size_t i;

	buf_init(&text, MANIFEST_MAX);
	buf_printf(&text, "%s %s\n", app, version);
	json_array_foreach(artifacts, i, item)
		lines[i] = mem_printf("%s %s", json_text(item, "component"), json_text(item, "sha256"));
	add_sorted(&text, lines, json_array_size(artifacts));
	lines = mem_array(json_array_size(features), sizeof *lines);
	json_array_foreach(features, i, item)
		lines[i] = mem_printf("+feature %s", json_string_value(item) ? json_string_value(item) : "");
	add_sorted(&text, lines, json_array_size(features));
	json_array_foreach(migrations, i, item)
		buf_printf(&text, "+migration %s %s\n", json_text(item, "id"),
		           json_flag(item, "reversible") ? "reversible" : "irreversible");
	return buf_detach(&text);
}

static bool digest_of(const char *path, char ret[static DIGEST_SIZE], struct err *err)
{
	AUTO(mem_auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t size;

	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	return digest_fd(fd, ret, &size, err) || err_wrap(err, "%s", path);
}

static bool add_word(char *word, json_t *artifacts, json_t *features, json_t *migrations, struct err *err)
{
	char *mark = strchr(word, *word == '@' ? ':' : '=');
	char digest[DIGEST_SIZE];

	if (*word == '+') {
		json_array_append_new(features, json_safe_string(word + 1));
	} else if (*word == '@') {
		bool irreversible = mark && strcmp(mark, ":irreversible") == 0;
		AUTO(mem_auto_free) char *id = mem_dupn(word + 1, irreversible ? (size_t)(mark - word - 1) : strlen(word + 1));

		json_array_append_new(migrations, json_pack("{s:o, s:b}", "id", json_safe_string(id), "reversible",
		                                            !irreversible));
	} else if (!mark) {
		return err_set(err, ERR_USAGE, "\"%.100s\" is no COMPONENT=FILE", word);
	} else {
		*mark = '\0';
		if (!digest_of(mark + 1, digest, err))
			return false;
		json_array_append_new(artifacts, json_pack("{s:o, s:s}", "component", json_safe_string(word), "sha256", digest));
	}
	return true;
}

int manifest_tool(int argc, char **argv)
{
	AUTO(json_auto_decref) json_t *artifacts = json_array();
	AUTO(json_auto_decref) json_t *features = json_array();
	AUTO(json_auto_decref) json_t *migrations = json_array();
	AUTO(mem_auto_free) char *text = NULL;
	struct err err = { 0 };

	if (argc < 4) {
		fprintf(stderr, "usage: slipwayd manifest APP VERSION COMPONENT=FILE… [+FEATURE…] "
		        "[@MIGRATION[:irreversible]…]\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		if (!add_word(argv[i], artifacts, features, migrations, &err)) {
			fprintf(stderr, "slipwayd manifest: %s\n", err.text);
			return err_exit_code(err.kind);
		}
	}
	text = manifest_text(argv[1], argv[2], artifacts, features, migrations);
	fputs(text, stdout);
	return ferror(stdout) ? 1 : 0;
}
