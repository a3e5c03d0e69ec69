#include "backend/drivers/host/host_priv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/json.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/admin.h"
#include "backend/drivers/host/drainer.h"
#include "backend/drivers/host/health.h"
#include "backend/drivers/host/mapping.h"
#include "backend/drivers/host/prober.h"
#include "backend/drivers/host/proxy.h"
#include "backend/drivers/host/resume.h"
#include "backend/drivers/host/runit.h"
#include "backend/drivers/host/slot.h"
#include "backend/drivers/host/starter.h"
#include "backend/drivers/host/stopper.h"
#include "backend/drivers/host/unpacker.h"
#include "backend/http/http.h"
#include "backend/process/child.h"

static void tell(void *arg)
{
	struct op *op = arg;

	if (op->denv->main == op)
		op->denv->main = NULL;
	if (op->done)
		op->done(op->arg, &op->outcome);
	else if (op->probed)
		op->probed(op->arg, op->probe, op->text);
	else
		op->observed(op->arg, &op->seen);
	op_free(op);
}

struct op *op_new(struct driver_env *denv, const struct driver_job *job)
{
	struct op *op = mem_alloc(sizeof *op);

	*op = (struct op){
		.denv = denv, .next = denv->ops, .model = host_model_ref(denv->model), .job = job,
	};
	denv->ops = op;
	op->teller = loop_timer_new(denv->loop, tell, op);
	return op;
}

/* Whatever is under way ends without a callback. */
static void release(struct op *op)
{
	admin_cancel(op->admin);
	child_free(op->child);
	drainer_cancel(op->drainer);
	health_all_cancel(op->health);
	health_connect_cancel(op->tcp);
	http_cancel(op->http);
	loop_timer_free(op->timer);
	mapping_cancel(op->mapping);
	mapping_ask_cancel(op->show);
	prober_free(op->prober);
	proxy_cancel(op->proxy);
	resume_cancel(op->resume);
	save_forget(op->save);
	starter_cancel(op->starter);
	stopper_cancel(op->stopper);
	unpacker_cancel(op->unpacker);
	op->admin = NULL;
	op->child = NULL;
	op->drainer = NULL;
	op->health = NULL;
	op->tcp = NULL;
	op->http = NULL;
	op->timer = NULL;
	op->mapping = NULL;
	op->show = NULL;
	op->prober = NULL;
	op->proxy = NULL;
	op->resume = NULL;
	op->save = NULL;
	op->starter = NULL;
	op->stopper = NULL;
	op->unpacker = NULL;
}

void op_free(struct op *op)
{
	struct op **at = &op->denv->ops;

	release(op);
	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	if (op->denv->main == op)
		op->denv->main = NULL;
	if (op->state_done)
		op->state_done(op->state);
	free(op->state);
	json_decref(op->facts);
	loop_timer_free(op->teller);
	host_model_unref(op->model);
	json_decref(op->outcome.detail);
	free(op->text);
	free(op->version);
	free(op->digest);
	free(op);
}

static bool end(struct op *op)
{
	if (op->over)
		return false;
	op->over = true;
	release(op);
	loop_timer_set(op->teller, 0);
	return true;
}

void op_ok(struct op *op, json_t *take_detail)
{
	if (!end(op)) {
		json_decref(take_detail);
		return;
	}
	op->outcome = (struct driver_outcome){ .ok = true, .detail = take_detail };
}

void op_fail(struct op *op, const char *layer, const char *tail, const struct err *err)
{
	op_fail_as(op, &(struct driver_outcome){ .layer = layer, .tail = tail, .err = *err });
}

void op_fail_as(struct op *op, const struct driver_outcome *outcome)
{
	char *tail = mem_dup(outcome->tail && *outcome->tail ? outcome->tail : NULL);
	json_t *detail = json_incref(outcome->detail);
	struct err err = outcome->err;
	const char *layer = outcome->layer;

	if (!end(op)) {
		json_decref(detail);
		free(tail);
		return;
	}
	op->text = tail;
	op->outcome = (struct driver_outcome){ .err = err, .layer = layer, .tail = tail, .detail = detail };
}

void op_answer_probe(struct op *op, enum driver_probe probe, const char *why)
{
	char *text = mem_dup(why);

	if (!end(op)) {
		free(text);
		return;
	}
	op->probe = probe;
	op->text = text;
}

void op_answer_seen(struct op *op)
{
	end(op);
}

void op_stop(struct op *op)
{
	struct err err = { 0 };

	/* A transaction that was sent may still take: its answer decides what `undo` finds, so it is waited for. */
	op->cancelled = true;
	if (op->mapping && mapping_went(op->mapping))
		return;
	err_set(&err, ERR_REFUSED, "stopped");
	op_fail(op, "stop", NULL, &err);
}

void host_say(const struct driver_job *job, const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL;
	AUTO(mem_auto_free) char *line = NULL;
	va_list ap;

	if (!job || !job->output)
		return;
	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	line = mem_printf("%s\n", text);
	job->output(job->output_arg, line, strlen(line));
}

void op_say(const struct op *op, const char *fmt, ...)
{
	AUTO(mem_auto_free) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	host_say(op->job, "%s", text);
}

void host_note(struct driver_env *denv, const char *what, json_t *take_detail)
{
	json_put_text(take_detail, "what", what);
	if (denv->note)
		denv->note(denv->note_arg, "environment.repaired", take_detail);
	else
		json_decref(take_detail);
}

char *host_tail(const struct driver_env *denv, enum colour colour, const char *component)
{
	AUTO(mem_auto_free) char *log = slot_log(denv->dir, colour, component);
	bool ended;

	return runit_tail(log, HOST_TAIL_LINES, &ended);
}
