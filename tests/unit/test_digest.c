/* SHA-256 of bytes and of files, against the vectors of FIPS 180-4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/artifact/digest.h"
#include "backend/base/mem.h"

static void bytes_have_the_published_digests(void **state)
{
	static const struct { const char *given, *then; } rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char digest[DIGEST_SIZE];

		digest_bytes(rows[i].given, strlen(rows[i].given), digest);
		assert_string_equal(digest, rows[i].then);
	}
}

static void pieces_have_the_digest_of_the_whole(void **state)
{
	struct digest *d = digest_new();
	char digest[DIGEST_SIZE];

	(void)state;
	for (int i = 0; i < 1000000; i += 1000) {
		char chunk[1000];

		memset(chunk, 'a', sizeof chunk);
		digest_add(d, chunk, sizeof chunk);
	}
	digest_finish(d, digest);
	assert_string_equal(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_file_is_read_from_its_beginning_wherever_the_descriptor_stands(void **state)
{
	char path[] = "/tmp/slipway-digest.XXXXXX";
	AUTO(mem_auto_close) int fd = mkostemp(path, O_CLOEXEC);
	char digest[DIGEST_SIZE];
	int64_t size = 0;
	struct err err = { 0 };

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_true(digest_fd(fd, digest, &size, &err));
	assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(size, 3);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 3);
}

static void a_descriptor_that_cannot_be_read_is_an_error(void **state)
{
	AUTO(mem_auto_close) int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char digest[DIGEST_SIZE] = "untouched";
	struct err err = { 0 };

	(void)state;
	assert_false(digest_fd(fd, digest, NULL, &err));
	assert_string_equal(digest, "untouched");
	assert_int_equal(err.kind, ERR_INTERNAL);
}

/* RFC 4231, test cases 1 and 2. */
static void keyed_digests_are_those_of_the_standard(void **state)
{
	char digest[DIGEST_SIZE], key[20];

	(void)state;
	memset(key, 0x0b, sizeof key);
	digest_keyed(key, sizeof key, "Hi There", 8, digest);
	assert_string_equal(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	digest_keyed("Jefe", 4, "what do ya want for nothing?", 28, digest);
	assert_string_equal(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keyed_digests_are_those_of_the_standard),
		cmocka_unit_test(bytes_have_the_published_digests),
		cmocka_unit_test(pieces_have_the_digest_of_the_whole),
		cmocka_unit_test(a_file_is_read_from_its_beginning_wherever_the_descriptor_stands),
		cmocka_unit_test(a_descriptor_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
