/* migrate: each component's migrate command, one after the other, in its unpacked artifact. */
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/host_priv.h"
#include "backend/drivers/host/slot.h"
#include "backend/process/child.h"
#include "backend/proto/api.h"

enum { TAIL_MAX = 4096 };

struct migrate {
	size_t part;                   /* whose command runs */
	char **env; size_t nenv;
	struct buf tail;
};

static void forget_env(struct migrate *m)
{
	for (size_t i = 0; i < m->nenv; i++)
		free(m->env[i]);
	free(m->env);
	m->env = NULL;
	m->nenv = 0;
}

static void migrate_done(void *state)
{
	struct migrate *m = state;

	forget_env(m);
	buf_done(&m->tail);
}

static void fill_env(const struct op *op, struct migrate *m)
{
	AUTO(host_vars_done) struct host_vars vars = { 0 };
	AUTO(buf_done) struct buf ids = { 0 };
	AUTO(mem_auto_free) char *flags = file_join(op->denv->dir, API_FLAGS_NAME);

	host_part_vars(op->model, &op->model->parts[m->part], op->job->target, op->job->version, flags, &vars);
	buf_init(&ids, 64 * 1024);
	for (size_t i = 0; i < op->job->nmigrations; i++)
		buf_printf(&ids, "%s%s", i ? " " : "", op->job->migrations[i]);
	forget_env(m);
	m->env = mem_array(vars.n + 2, sizeof *m->env);
	for (size_t i = 0; i < vars.n; i++)
		m->env[m->nenv++] = mem_printf("%s=%s", vars.items[i].name, vars.items[i].value);
	m->env[m->nenv++] = mem_printf("SLIPWAY_MIGRATIONS=%s", ids.data);
}

static void said(void *arg, bool is_stderr, const char *data, size_t len)
{
	struct op *op = arg;
	struct migrate *m = op->state;

	(void)is_stderr;
	if (op->job->output)
		op->job->output(op->job->output_arg, data, len);
	if (len > TAIL_MAX) {
		data += len - TAIL_MAX;
		len = TAIL_MAX;
	}
	if (m->tail.len + len > TAIL_MAX)
		buf_drop(&m->tail, m->tail.len + len - TAIL_MAX);
	buf_add(&m->tail, data, len);
}

static void next_part(struct op *op);

static void ended(void *arg, const struct child_end *end)
{
	struct op *op = arg;
	struct migrate *m = op->state;
	const char *name = op->model->parts[m->part].name;
	struct err err = { 0 };

	op->child = NULL;
	if (end->code == 0) {
		m->part++;
		next_part(op);
		return;
	}
	if (end->err)
		err = *end->err;
	else if (end->signo)
		err_set(&err, ERR_FAILED, "%s: its migrate command was ended by signal %d", name, end->signo);
	else
		err_set(&err, ERR_FAILED, "%s: its migrate command exited with %d", name, end->code);
	op_fail(op, "migrate", m->tail.data, &err);
}

static void next_part(struct op *op)
{
	struct migrate *m = op->state;
	AUTO(mem_auto_free) char *release = NULL;
	struct child_spec spec = { .output = said, .end = ended, .arg = op };

	while (m->part < op->model->n && !op->model->parts[m->part].migrate)
		m->part++;
	if (m->part == op->model->n) {
		op_ok(op, json_pack("{s:I}", "migrations", (json_int_t)op->job->nmigrations));
		return;
	}
	fill_env(op, m);
	release = slot_release(op->denv->dir, op->job->target, op->model->parts[m->part].name);
	spec.argv = (const char *const *)op->model->parts[m->part].migrate;
	spec.env = (const char *const *)m->env;
	spec.dir = release;
	op_say(op, "%s migrates", op->model->parts[m->part].name);
	op->child = child_start(op->denv->launcher, &spec);
}

void stage_migrate(struct op *op)
{
	struct migrate *m = mem_alloc(sizeof *m);

	buf_init(&m->tail, TAIL_MAX);
	op->state = m;
	op->state_done = migrate_done;
	next_part(op);
}
