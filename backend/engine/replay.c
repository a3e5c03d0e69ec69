#include "backend/engine/replay.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clock.h"
#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/log.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/engine/engine_priv.h"
#include "backend/engine/moment.h"
#include "backend/engine/people.h"
#include "backend/engine/replay_config.h"
#include "backend/proto/api.h"
#include "backend/store/verify.h"

/* No pause takes longer, however long nothing happened; a row that comes with others joins them in one turn. */
enum { PAUSE_MOST_MS = 3000, ROWS_A_TURN = 20 };

struct replay {
	struct engine like;                /* what the moment borrows from */
	struct engine *then;
	FILE *in;
	char *line; size_t line_cap;
	double speed;
	json_t *next;                      /* the row that is due next; NULL: that was the last */
	int64_t time_at, mono_ms;          /* the replay's time was time_at at mono_ms */
	struct loop_timer *timer;
};

static int64_t time_now(const struct replay *r)
{
	return r->time_at + (int64_t)((double)(clock_mono_ms() - r->mono_ms) * r->speed);
}

int64_t replay_now(const struct replay *r)
{
	int64_t now = time_now(r), most = r->next ? json_int(r->next, "at", now) : r->time_at;

	return now < most ? now : most;
}

static void set_time(struct replay *r, int64_t at)
{
	r->time_at = r->then->past_at = at;
	r->mono_ms = clock_mono_ms();
}

/* false with err for a line that is no row; at the end `next` is NULL. */
static bool read_next(struct replay *r, struct err *err)
{
	ssize_t n = getline(&r->line, &r->line_cap, r->in);

	json_decref(r->next);
	r->next = n > 0 ? json_read(r->line, (size_t)n, err) : NULL;
	return n <= 0 || r->next;
}

static void stop_at(struct replay *r, const struct err *err)
{
	if (err)
		log_line(LOG_LEVEL_ERROR, "the replay ends here: %s", err->text);
	json_decref(r->next);
	r->next = NULL;
	r->then->speed = 0;
}

static int64_t wait_ms(const struct replay *r)
{
	int64_t ms = (int64_t)((double)(json_int(r->next, "at", 0) - time_now(r)) / r->speed);

	return ms < 0 ? 0 : ms < PAUSE_MOST_MS ? ms : PAUSE_MOST_MS;
}

static void play(void *arg)
{
	struct replay *r = arg;
	struct err err = { 0 };

	for (int i = 0; i < ROWS_A_TURN && r->next && (i == 0 || wait_ms(r) == 0); i++) {
		set_time(r, json_int(r->next, "at", r->time_at));
		/* The last row finds the replay at its end, so that whoever asks then is told so. */
		if (!store_view_add(r->then->store, r->next, &err) || !read_next(r, &err)) {
			stop_at(r, &err);
			return;
		}
		if (!r->next)
			stop_at(r, NULL);
	}
	moment_configure(r->then, &r->like);
	if (r->next)
		loop_timer_set(r->timer, wait_ms(r));
}

static void row_added(void *arg, const json_t *row)
{
	struct engine *then = arg;

	if (then->row_fn)
		then->row_fn(then->listen_arg, row);
}

/* The whole file once: its chain, and what it tells of. */
static bool look_through(struct replay *r, json_t *apps, struct err *err)
{
	struct verify_chain chain;
	ssize_t n;

	verify_begin(&chain);
	while ((n = getline(&r->line, &r->line_cap, r->in)) > 0) {
		AUTO(json_auto_decref) json_t *row = verify_line(&chain, r->line, (size_t)n, err);

		if (!row)
			return false;
		replay_config_row(apps, row);
	}
	rewind(r->in);
	return chain.rows > 0 || err_set(err, ERR_CONFLICT, "it holds no row");
}

static bool load_config(struct replay *r, const char *dir, struct err *err)
{
	struct config_mistakes mistakes = { 0 };
	bool ok = config_load(dir, &r->like.config, &mistakes);

	if (!ok)
		err_set(err, ERR_CONFLICT, "%s", mistakes.n ? mistakes.items[0].text : "it tells of no environment");
	config_mistakes_done(&mistakes);
	return ok;
}

/* It is removed as a whole at the end, so there must be nothing of anybody else in it. */
static bool is_for_us_alone(const char *dir, struct err *err)
{
	DIR *entries = opendir(dir);
	struct dirent *entry;
	bool ok = true;

	if (!entries)
		return err_errno(err, errno, "open %s", dir);
	while (ok && (entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0
		    && strcmp(entry->d_name, API_STATE_DIR) != 0)
			ok = err_set(err, ERR_USAGE, "%s is not empty: a replay needs a folder for itself", dir);
	closedir(entries);
	return ok;
}

static bool open_file(struct replay *r, const char *dir, const char *file, struct err *err)
{
	AUTO(json_auto_decref) json_t *apps = json_object();

	r->in = fopen(file, "re");
	if (!r->in)
		return err_errno(err, errno, "open %s", file);
	return (look_through(r, apps, err) && replay_config_write(apps, dir, err) && load_config(r, dir, err)
	        && read_next(r, err)) || err_wrap(err, "%s", file);
}

bool replay_new(struct loop *loop, const char *dir, const char *file, double speed, struct engine **ret, struct err *err)
{
	struct replay *r = mem_alloc(sizeof *r);

	r->speed = speed;
	r->like = (struct engine){ .loop = loop, .dir = mem_dup(dir), .state_dir = file_join(dir, API_STATE_DIR),
	                           .started_at = clock_wall_ms(), .people = people_new(), .mistakes = json_array() };
	if (!is_for_us_alone(dir, err) || !open_file(r, dir, file, err) || !moment_new(&r->like, &r->then, err)) {
		replay_free(r);
		return false;
	}
	r->then->replay = r;
	r->then->speed = speed;
	set_time(r, json_int(r->next, "at", 1));
	store_on_append(r->then->store, row_added, r->then);
	r->timer = loop_timer_new(loop, play, r);
	loop_timer_set(r->timer, 0);
	*ret = r->then;
	return true;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	loop_timer_free(r->timer);
	if (r->in)
		fclose(r->in);
	moment_free(r->then);
	json_decref(r->next);
	config_free(r->like.config);
	people_free(r->like.people);
	json_decref(r->like.mistakes);
	free(r->like.dir);
	free(r->like.state_dir);
	free(r->line);
	free(r);
}
