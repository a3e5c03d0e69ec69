#include "backend/engine/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"

enum { TELL_EVERY_MS = 100, RESULTS_A_TELL = 200 };

struct output {
	struct engine *e;
	int64_t deployment;
	int64_t size;
	int fd;
	bool is_cut;
	json_t *results;           /* not told yet */
	struct report_totals totals;
	bool has_totals;
	bool is_dirty;
	struct loop_timer *timer;
};

static char *log_path(struct engine *e, int64_t deployment)
{
	return mem_printf("%s/log/%" PRId64 ".log", e->state_dir, deployment);
}

json_t *output_totals_json(const struct report_totals *t)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:o}", "ok", t->ok, "fail", t->fail, "skip", t->skip, "todo", t->todo,
	                 "planned", t->planned < 0 ? json_null() : json_integer(t->planned));
}

static void tell(void *arg)
{
	struct output *o = arg;
	json_t *data;

	if (!o->is_dirty)
		return;
	o->is_dirty = false;
	data = json_pack("{s:I, s:I, s:o}", "deployment", (json_int_t)o->deployment, "log_size", (json_int_t)o->size,
	                 "results", o->results);
	o->results = json_array();
	if (o->has_totals)
		json_object_set_new(data, "tests", output_totals_json(&o->totals));
	engine_tell(o->e, "live", data);
	json_decref(data);
}

static void mark(struct output *o)
{
	o->is_dirty = true;
	if (!loop_timer_armed(o->timer))
		loop_timer_set(o->timer, TELL_EVERY_MS);
}

struct output *output_new(struct engine *e, int64_t deployment)
{
	struct output *o = mem_alloc(sizeof *o);
	AUTO(mem_auto_free) char *path = log_path(e, deployment);
	struct stat st;

	*o = (struct output){ .e = e, .deployment = deployment };
	o->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (o->fd < 0)
		log_line(LOG_LEVEL_ERROR, "open %s: %s; the log of deployment %" PRId64 " is lost", path, strerror(errno),
		         deployment);
	else if (fstat(o->fd, &st) == 0)
		o->size = st.st_size;
	o->results = json_array();
	o->timer = loop_timer_new(e->loop, tell, o);
	return o;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	tell(o);
	loop_timer_free(o->timer);
	json_decref(o->results);
	if (o->fd >= 0)
		close(o->fd);
	free(o);
}

void output_add(struct output *o, const char *data, size_t len)
{
	static const char cut[] = "\n[the log reached its limit; what follows was not kept]\n";
	ssize_t n;

	if (o->fd < 0 || o->is_cut || len == 0)
		return;
	if (o->size + (int64_t)len > OUTPUT_FILE_MAX) {
		o->is_cut = true;
		data = cut;
		len = sizeof cut - 1;
	}
	n = write(o->fd, data, len);
	if (n > 0)
		o->size += n;
	mark(o);
}

void output_line(struct output *o, const char *fmt, ...)
{
	va_list ap;
	char *text, *line;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	line = mem_printf("%s\n", text);
	output_add(o, line, strlen(line));
	free(line);
	free(text);
}

void output_result(struct output *o, int n, int step, const struct report_result *r)
{
	json_t *result = json_pack("{s:i, s:i, s:o, s:o, s:s, s:o, s:I}", "n", n, "step", step, "suite",
	                           json_safe_string(r->suite), "name", json_safe_string(r->name), "outcome",
	                           test_outcome_name(r->outcome), "message", json_safe_string(r->message), "ms",
	                           (json_int_t)r->ms);

	/* Readers fetch what is missing by its number; a flood is not pushed at them. */
	if (json_array_size(o->results) < RESULTS_A_TELL)
		json_array_append(o->results, result);
	json_decref(result);
	mark(o);
}

void output_totals(struct output *o, const struct report_totals *totals)
{
	o->totals = *totals;
	o->has_totals = true;
	mark(o);
}

int64_t output_size(struct engine *e, int64_t deployment)
{
	AUTO(mem_auto_free) char *path = log_path(e, deployment);
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : 0;
}

/* Bytes at the end that begin a character without finishing it. */
static size_t partial_tail(const char *data, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)data[len - back];

		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) > back ? back : 0;
	}
	return 0;
}

json_t *output_read(struct engine *e, int64_t deployment, int64_t from, int64_t limit)
{
	AUTO(mem_auto_free) char *path = log_path(e, deployment);
	AUTO(mem_auto_free) char *data = mem_alloc((size_t)limit + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t size = output_size(e, deployment);
	ssize_t n = 0;

	if (fd >= 0) {
		n = pread(fd, data, (size_t)limit, from);
		close(fd);
	}
	if (n < 0)
		n = 0;
	if (from + n < size)
		n -= (ssize_t)partial_tail(data, (size_t)n);
	/* A NUL would end the text for every reader. */
	for (ssize_t i = 0; i < n; i++)
		if (data[i] == '\0')
			data[i] = ' ';
	data[n] = '\0';
	return json_pack("{s:I, s:I, s:I, s:o}", "size", (json_int_t)size, "from", (json_int_t)from, "next",
	                 (json_int_t)(from + n), "text", json_safe_string(data));
}
