#include "backend/engine/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "backend/artifact/digest.h"
#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"

enum { KEY_SIZE = 32 };

static bool read_key(const char *path, unsigned char ret[static KEY_SIZE], struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (!file_check_owner(path, err) || !file_read(path, KEY_SIZE, &text, err))
		return false;
	if (text.len != KEY_SIZE)
		return err_set(err, ERR_CONFIG, "%s is no key of %d bytes: remove it, and a new one is made", path, KEY_SIZE);
	memcpy(ret, text.data, KEY_SIZE);
	explicit_bzero(text.data, text.len);
	return true;
}

/*
 * Written on the loop, once in the workspace's life. It need not survive a power cut at once: then a new one is made and
 * the values change once more.
 */
static bool make_key(const char *path, unsigned char ret[static KEY_SIZE], struct err *err)
{
	if (getrandom(ret, KEY_SIZE, 0) != KEY_SIZE)
		return err_errno(err, errno, "make a key");
	return file_write_scratch(path, ret, KEY_SIZE, 0600, err);
}

char *secret_hash(const struct engine *e, const char *value, struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(e->state_dir, SECRET_KEY_NAME);
	unsigned char key[KEY_SIZE];
	char digest[DIGEST_SIZE];
	bool ok = access(path, F_OK) == 0 ? read_key(path, key, err) : make_key(path, key, err);

	if (ok)
		digest_keyed(key, sizeof key, value, strlen(value), digest);
	explicit_bzero(key, sizeof key);
	return ok ? mem_printf("hmac-sha256:%s", digest) : NULL;
}
