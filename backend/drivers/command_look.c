#include "backend/drivers/command_look.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/process/child.h"

enum { OUTPUT_MAX = 64 * 1024, VERSION_MAX = 200, TIMEOUT_MS = 20000, GRACE_MS = 1000 };

struct look {
	struct child *child;
	struct buf out, errors;
	bool overflow;
	look_fn fn;
	void *arg;
};

void sight_copy(struct sight *to, const struct sight *from)
{
	struct sight copy = *from;

	copy.version = mem_dup(from->version);
	copy.digest = mem_dup(from->digest);
	copy.health = mem_dup(from->health);
	sight_done(to);
	*to = copy;
}

void sight_done(struct sight *s)
{
	free(s->version);
	free(s->digest);
	free(s->health);
	*s = (struct sight){ 0 };
}

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

static char *trimmed(const char *text, size_t len)
{
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	return mem_dupn(text, len);
}

static char *text_or_null(const json_t *object, const char *key)
{
	const char *text = json_text(object, key);

	return *text ? mem_dup(text) : NULL;
}

static void read_json(const char *text, size_t len, struct sight *ret)
{
	AUTO(json_auto_decref) json_t *object = json_read(text, len, &ret->err);

	if (!object) {
		err_wrap(&ret->err, "observe printed JSON that is broken");
		return;
	}
	if (!json_is_object(object)) {
		err_set(&ret->err, ERR_FAILED, "observe printed JSON that is no object");
		return;
	}
	*ret = (struct sight){
		.known = true, .version = text_or_null(object, "version"), .digest = text_or_null(object, "digest"),
		.healthy = !json_object_get(object, "healthy") || json_flag(object, "healthy"),
		.health = text_or_null(object, "health"),
	};
	if (!ret->health)
		ret->health = mem_dup(ret->healthy ? "OK" : "observe says that it is not healthy");
}

static void read_line(const char *text, size_t len, struct sight *ret)
{
	const char *end = memchr(text, '\n', len);
	char *line = trimmed(text, end ? (size_t)(end - text) : len);

	*ret = (struct sight){ .known = true, .version = *line ? line : NULL, .healthy = true, .health = mem_dup("OK") };
	if (!*line)
		free(line);
}

void sight_read(const char *text, size_t len, struct sight *ret)
{
	size_t blank = 0;

	*ret = (struct sight){ 0 };
	while (blank < len && is_blank(text[blank]))
		blank++;
	if (blank < len && text[blank] == '{')
		read_json(text + blank, len - blank, ret);
	else
		read_line(text, len, ret);
	if (ret->version && strlen(ret->version) > VERSION_MAX) {
		sight_done(ret);
		err_set(&ret->err, ERR_FAILED, "observe printed a version of more than %d characters", VERSION_MAX);
	}
}

static void came(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct look *l = arg;
	struct buf *b = is_stderr ? &l->errors : &l->out;

	if (buf_add(b, data, len))
		return;
	/* Of complaints the last ones say why; a longer answer is no answer. */
	if (is_stderr) {
		buf_drop(b, b->len / 2);
		buf_add(b, data, len);
	} else {
		l->overflow = true;
	}
}

static const char *last_line(struct buf *b)
{
	char *line;

	while (b->len > 0 && is_blank(b->data[b->len - 1]))
		b->data[--b->len] = '\0';
	line = strrchr(b->data, '\n');
	return line ? line + 1 : b->data;
}

static void judge(struct look *l, const struct child_end *end, struct sight *ret)
{
	const char *said = last_line(&l->errors), *colon = *said ? ": " : "";

	*ret = (struct sight){ 0 };
	if (end->err) {
		ret->err = *end->err;
		err_wrap(&ret->err, "observe");
	} else if (end->timed_out)
		err_set(&ret->err, ERR_TIMEOUT, "observe did not end within %d s%s%.300s", TIMEOUT_MS / 1000, colon, said);
	else if (end->signo)
		err_set(&ret->err, ERR_FAILED, "observe was ended by signal %d (%s)%s%.300s", end->signo, strsignal(end->signo),
		        colon, said);
	else if (end->code != 0)
		err_set(&ret->err, ERR_FAILED, "observe exited with %d%s%.300s", end->code, colon, said);
	else if (l->overflow)
		err_set(&ret->err, ERR_TOO_BIG, "observe printed more than %d kB", OUTPUT_MAX / 1024);
	else
		sight_read(l->out.data, l->out.len, ret);
}

static void release(struct look *l)
{
	buf_done(&l->out);
	buf_done(&l->errors);
	free(l);
}

static void ended(void *arg, const struct child_end *end)
{
	struct look *l = arg;
	look_fn fn = l->fn;
	void *fn_arg = l->arg;
	struct sight sight;

	judge(l, end, &sight);
	release(l);
	fn(fn_arg, &sight);
	sight_done(&sight);
}

struct look *look_start(struct launcher *launcher, const char *const *argv, const char *const *env, const char *dir,
                        look_fn fn, void *arg)
{
	struct look *l = mem_alloc(sizeof *l);
	struct child_spec spec = { .argv = argv, .env = env, .dir = dir, .split_stderr = true, .timeout_ms = TIMEOUT_MS,
	                           .grace_ms = GRACE_MS, .output = came, .end = ended, .arg = l };

	*l = (struct look){ .fn = fn, .arg = arg };
	buf_init(&l->out, OUTPUT_MAX);
	buf_init(&l->errors, OUTPUT_MAX);
	l->child = child_start(launcher, &spec);
	return l;
}

void look_free(struct look *l)
{
	if (!l)
		return;
	child_free(l->child);
	release(l);
}
