#include "backend/process/launcher.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/base/worker.h"

struct launcher {
	struct loop *loop;
	struct worker *worker;
	struct launch *launches;       /* of which somebody wants to hear */
};

struct launch {
	struct work work;
	struct launcher *launcher;
	struct launch *next;
	char **argv, **env;
	char *dir, *pid_file, *pid_mark;
	struct spawn spawn;
	atomic_bool is_forgotten;
	bool runs;
	pid_t pid;
	struct err err;
	launch_fn fn;
	void *arg;
};

static void close_all(const struct spawn *s)
{
	if (s->in >= 0)
		close(s->in);
	if (s->out >= 0 && s->out != s->in)
		close(s->out);
	if (s->err >= 0 && s->err != s->in && s->err != s->out)
		close(s->err);
}

static void launch_free(struct launch *launch)
{
	mem_free_list(launch->argv);
	mem_free_list(launch->env);
	free(launch->dir);
	free(launch->pid_file);
	free(launch->pid_mark);
	free(launch);
}

/* On the thread, where there is time, or from the loop, for what was forgotten in the moment between. */
static void end_if_forgotten(struct launch *launch)
{
	if (!launch->runs || launch->spawn.detached || !atomic_load(&launch->is_forgotten))
		return;
	spawn_end(launch->pid);
	launch->runs = false;
}

/* On the thread. Our ends of its pipes are closed at once: whoever reads them waits for their end. */
static void carry_out(void *arg)
{
	struct launch *launch = arg;

	if (!atomic_load(&launch->is_forgotten))
		launch->runs = spawn_exec(&launch->spawn, &launch->pid, &launch->err);
	close_all(&launch->spawn);
	end_if_forgotten(launch);
}

static void leave_list(struct launch *launch)
{
	struct launch **at = &launch->launcher->launches;

	while (*at != launch)
		at = &(*at)->next;
	*at = launch->next;
}

static void is_done(void *arg)
{
	struct launch *launch = arg;

	end_if_forgotten(launch);
	if (!atomic_load(&launch->is_forgotten)) {
		leave_list(launch);
		launch->fn(launch->arg, launch->pid, launch->runs ? NULL : &launch->err);
	}
	launch_free(launch);
}

bool launcher_new(struct loop *loop, struct launcher **ret, struct err *err)
{
	struct launcher *l = mem_alloc(sizeof *l);

	l->loop = loop;
	if (!worker_new(loop, "starts programs", &l->worker, err)) {
		free(l);
		return false;
	}
	*ret = l;
	return true;
}

void launcher_free(struct launcher *l)
{
	if (!l)
		return;
	while (l->launches)
		launch_forget(l->launches);
	worker_free(l->worker);
	free(l);
}

struct loop *launcher_loop(const struct launcher *l)
{
	return l->loop;
}

struct launch *launcher_start(struct launcher *l, const struct spawn *spawn, launch_fn fn, void *arg)
{
	struct launch *launch = mem_alloc(sizeof *launch);

	launch->launcher = l;
	launch->argv = mem_dup_list(spawn->argv);
	launch->env = mem_dup_list(spawn->env);
	launch->dir = mem_dup(spawn->dir);
	launch->pid_file = mem_dup(spawn->pid_file);
	launch->pid_mark = mem_dup(spawn->pid_mark);
	launch->spawn = *spawn;
	launch->spawn.argv = (const char *const *)launch->argv;
	launch->spawn.env = (const char *const *)launch->env;
	launch->spawn.dir = launch->dir;
	launch->spawn.pid_file = launch->pid_file;
	launch->spawn.pid_mark = launch->pid_mark;
	launch->fn = fn;
	launch->arg = arg;
	launch->work = (struct work){ .work = carry_out, .done = is_done, .arg = launch };
	launch->next = l->launches;
	l->launches = launch;
	worker_do(l->worker, &launch->work);
	return launch;
}

void launch_forget(struct launch *launch)
{
	if (!launch)
		return;
	leave_list(launch);
	atomic_store(&launch->is_forgotten, true);
}
