/* What is kept is on the disk before it has its name: synced aside, renamed, and the folder that has the name synced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/artifact/artifact.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/unit/artifact_case.h"

/* What was done, a letter each: f a file was synced, d a folder, r a file was renamed. */
static char done[32];

static void note(char what)
{
	size_t n = strlen(done);

	assert_true(n < sizeof done - 1);
	done[n] = what;
	done[n + 1] = '\0';
}

/* The linker finds these before the C library's. */
int fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	note(S_ISDIR(st.st_mode) ? 'd' : 'f');
	return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	note('r');
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static void an_artifact_is_synced_before_it_has_its_name(void **state)
{
	struct artifact_case *c = *state;
	char sha256[DIGEST_SIZE];
	int64_t size = 0;

	/* given */
	case_put_file(c, "abc", 3);
	done[0] = '\0';
	/* when */
	assert_true(artifact_import(c->store, c->archive, sha256, &size, &c->err));
	/* then: its folder, and the store that has the folder */
	assert_string_equal(done, "frdd");
}

static void a_file_is_synced_before_it_takes_the_place_of_another(void **state)
{
	struct artifact_case *c = *state;
	AUTO(mem_auto_free) char *path = file_join(c->dir, "routes.map");

	done[0] = '\0';
	assert_true(file_write_atomic(path, "blue", 4, 0600, &c->err));
	assert_true(file_write_atomic(path, "green", 5, 0600, &c->err));
	assert_string_equal(done, "frdfrd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_artifact_is_synced_before_it_has_its_name, case_begin, case_end),
		cmocka_unit_test_setup_teardown(a_file_is_synced_before_it_takes_the_place_of_another, case_begin, case_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
