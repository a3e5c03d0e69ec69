#include "backend/artifact/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/base/mem.h"

struct digest { EVP_MD_CTX *ctx; };

/* libcrypto fails here only when memory is out. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

struct digest *digest_new(void)
{
	struct digest *d = mem_alloc(sizeof *d);

	d->ctx = EVP_MD_CTX_new();
	must(d->ctx && EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) == 1);
	return d;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	must(EVP_DigestUpdate(d->ctx, data, len));
}

static void write_hex(const unsigned char *raw, char ret[static DIGEST_SIZE])
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned int i = 0; i < (DIGEST_SIZE - 1) / 2; i++) {
		ret[2 * i] = hex[raw[i] >> 4];
		ret[2 * i + 1] = hex[raw[i] & 15];
	}
	ret[DIGEST_SIZE - 1] = '\0';
}

void digest_finish(struct digest *d, char ret[static DIGEST_SIZE])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	must(EVP_DigestFinal_ex(d->ctx, raw, &len));
	write_hex(raw, ret);
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void digest_keyed(const void *key, size_t key_len, const void *data, size_t len, char ret[static DIGEST_SIZE])
{
	unsigned char raw[EVP_MAX_MD_SIZE];

	must(HMAC(EVP_sha256(), key, (int)key_len, data, len, raw, NULL) != NULL);
	write_hex(raw, ret);
}

void digest_bytes(const void *data, size_t len, char ret[static DIGEST_SIZE])
{
	struct digest *d = digest_new();

	digest_add(d, data, len);
	digest_finish(d, ret);
}

bool digest_fd(int fd, char ret[static DIGEST_SIZE], int64_t *ret_size, struct err *err)
{
	struct digest *d = digest_new();
	char hex[DIGEST_SIZE], chunk[65536];
	int64_t size = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof chunk, size)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int number = errno;

			digest_finish(d, hex);
			return err_errno(err, number, "read a file to digest it");
		}
		digest_add(d, chunk, (size_t)n);
		size += n;
	}
	digest_finish(d, ret);
	if (ret_size)
		*ret_size = size;
	return true;
}
