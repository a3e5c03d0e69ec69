/* The store of artifacts, and the tool that a child process runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"
#include "tests/unit/artifact_case.h"

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
	struct artifact_case *c = *state;
	struct stat st;

	case_put_file(c, "abc", 3);
	for (int i = 0; i < 2; i++) {
		if (!artifact_import(c->store, c->archive, sha256, &size, &c->err))
			fail_msg("%s", c->err.text);
		assert_string_equal(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
		assert_int_equal(size, 3);
	}
	path = artifact_path(c->store, sha256);
	expected = mem_printf("%s/ba/%s", c->store, sha256);
	assert_string_equal(path, expected);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(count_parts(c->store), 0);
}

static void a_damaged_copy_in_the_store_is_healed_by_importing_again(void **state)
{
	char sha256[DIGEST_SIZE], found[DIGEST_SIZE];
	int64_t size;
	AUTO(mem_auto_free) char *path = NULL;
	struct artifact_case *c = *state;

	case_put_file(c, "abc", 3);
	assert_true(artifact_import(c->store, c->archive, sha256, &size, &c->err));
	path = artifact_path(c->store, sha256);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 1), 0);
	assert_true(artifact_import(c->store, c->archive, sha256, &size, &c->err));
	case_digest_of(path, found);
	assert_string_equal(found, sha256);
}

static void only_regular_files_are_imported(void **state)
{
	char sha256[DIGEST_SIZE] = "";
	int64_t size;
	AUTO(mem_auto_free) char *link_path = NULL;
	AUTO(mem_auto_free) char *fifo = NULL;
	struct artifact_case *c = *state;

	link_path = file_join(c->dir, "link");
	fifo = file_join(c->dir, "fifo");
	assert_int_equal(symlink(c->victim, link_path), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(artifact_import(c->store, link_path, sha256, &size, &c->err));
	assert_non_null(strstr(c->err.text, "symbolic link"));
	assert_false(artifact_import(c->store, fifo, sha256, &size, &c->err));
	assert_non_null(strstr(c->err.text, "not a regular file"));
	assert_false(artifact_import(c->store, "/dev/zero", sha256, &size, &c->err));
	assert_false(artifact_import(c->store, c->dir, sha256, &size, &c->err));
	assert_false(artifact_import(c->store, "/nowhere/at/all", sha256, &size, &c->err));
	assert_string_equal(sha256, "");
}

static void parts_of_killed_imports_are_removed_when_they_are_old(void **state)
{
	const struct timespec old[2] = { { time(NULL) - 2 * 86400, 0 }, { time(NULL) - 2 * 86400, 0 } };
	char sha256[DIGEST_SIZE];
	int64_t size;
	AUTO(mem_auto_free) char *old_part = NULL;
	AUTO(mem_auto_free) char *new_part = NULL;
	struct artifact_case *c = *state;

	old_part = file_join(c->store, ".part-old");
	new_part = file_join(c->store, ".part-new");
	assert_true(file_make_dirs(c->store, 0700, NULL));
	assert_true(file_write_atomic(old_part, "x", 1, 0600, NULL));
	assert_true(file_write_atomic(new_part, "x", 1, 0600, NULL));
	assert_int_equal(utimensat(AT_FDCWD, old_part, old, 0), 0);
	case_put_file(c, "abc", 3);
	assert_true(artifact_import(c->store, c->archive, sha256, &size, &c->err));
	assert_int_equal(access(old_part, F_OK), -1);
	assert_int_equal(access(new_part, F_OK), 0);
}

/* Runs artifact_tool in a child with standard input from a text; its exit code, and all it printed. */
static int run_tool(const struct artifact_case *c, const char *input, char **argv, int argc, struct buf *ret_out)
{
	AUTO(mem_auto_free) char *in = file_join(c->dir, "stdin");
	AUTO(mem_auto_free) char *out = file_join(c->dir, "stdout");
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
	struct artifact_case *c = *state;
	json_t *first;

	case_put_file(c, "abc", 3);
	input = mem_printf("{\"web\": \"%s\"}", c->archive);
	assert_int_equal(run_tool(c, input, (char *[]){ (char *)"artifact-import", c->store, NULL }, 2, &out), 0);
	answer = json_read(out.data, out.len, &c->err);
	first = json_array_get(json_object_get(answer, "artifacts"), 0);
	assert_string_equal(json_text(first, "component"), "web");
	assert_string_equal(json_text(first, "sha256"), c->sha256);
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
	struct artifact_case *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_done) struct buf out = { 0 };

		assert_int_equal(run_tool(c, rows[i].input, (char *[]){ (char *)"artifact-import", c->store, NULL }, 2,
		                          &out), 1);
		assert_string_equal(out.data, rows[i].then);
	}
}

static void the_tool_unpacks_and_names_a_program_after_its_folder(void **state)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct artifact_case *c = *state;
	char *argv[] = { (char *)"artifact-unpack", c->archive, c->sha256, c->folder, NULL };

	case_put_file(c, "#!/bin/sh\n", 10);
	assert_int_equal(run_tool(c, "", argv, 4, &out), 0);
	case_assert_file(c, "app", "#!/bin/sh\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_begin, case_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
