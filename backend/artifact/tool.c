/* `slipwayd artifact-import` and `slipwayd artifact-unpack`: the blocking work, in a child process of the engine. */
#include "backend/artifact/artifact.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

enum { REQUEST_MAX = 1024 * 1024 };

static bool import_one(const char *store, const char *component, const json_t *file, json_t *artifacts, struct err *err)
{
	const char *path = json_string_value(file);
	char sha256[DIGEST_SIZE];
	int64_t size;

	if (!path || path[0] != '/')
		return err_set(err, ERR_USAGE, "import %s: its file is not an absolute path", component);
	if (!artifact_import(store, path, sha256, &size, err))
		return err_wrap(err, "import %s", component);
	json_array_append_new(artifacts, json_pack("{s:s, s:s, s:I}", "component", component, "sha256", sha256, "size",
	                                           (json_int_t)size));
	return true;
}

static bool read_input(struct buf *text, struct err *err)
{
	char chunk[4096];
	ssize_t n;

	buf_init(text, REQUEST_MAX);
	while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read standard input");
		if (!buf_add(text, chunk, (size_t)n))
			return err_set(err, ERR_TOO_BIG, "standard input is larger than %d bytes", REQUEST_MAX);
	}
	return true;
}

static bool import(const char *store, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(json_auto_decref) json_t *request = NULL, *answer = json_pack("{s:[]}", "artifacts");
	AUTO(mem_auto_free) char *line = NULL;
	const char *component;
	json_t *file;

	if (!read_input(&text, err))
		return false;
	request = json_read(text.data, text.len, err);
	if (!request)
		return err_wrap(err, "standard input");
	if (!json_is_object(request))
		return err_set(err, ERR_USAGE, "standard input: it is not an object of components and files");
	json_object_foreach(request, component, file)
		if (!import_one(store, component, file, json_object_get(answer, "artifacts"), err))
			return false;
	line = json_line(answer);
	if (puts(line) < 0 || fflush(stdout) != 0)
		return err_set(err, ERR_INTERNAL, "the answer cannot be written to standard output");
	return true;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int artifact_tool(int argc, char **argv)
{
	struct err err = { 0 };
	bool ok;

	if (argc == 2 && strcmp(argv[0], "artifact-import") == 0)
		ok = import(argv[1], &err);
	else if ((argc == 4 || argc == 5) && strcmp(argv[0], "artifact-unpack") == 0)
		ok = artifact_unpack(argv[1], argv[2], argv[3], argc == 5 ? argv[4] : last_name(argv[3]), &err);
	else
		ok = err_set(&err, ERR_USAGE, "usage: artifact-import STORE <JSON | artifact-unpack FILE SHA256 FOLDER "
		             "[NAME]");
	if (!ok)
		fprintf(stderr, "%s\n", err.text);
	return ok ? 0 : 1;
}
