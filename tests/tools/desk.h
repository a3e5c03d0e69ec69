/*
 * desk: a console's core with somebody sitting at it: keys are fed as a terminal sends them, requests are answered from
 * a scene, the clock goes only when the test says so. No terminal, no socket.
 */
#ifndef TESTS_TOOLS_DESK_H
#define TESTS_TOOLS_DESK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "views/console.h"

struct canvas;
struct input;

struct desk;

/* Looks over the shoulder: each event before the core gets it, each request that changes something as it goes out. */
struct desk_watch {
	void (*event)(void *arg, const struct desk *d, const struct console_event *e);
	void (*post)(void *arg, const struct desk *d, const struct effect *effect);
	void *arg;
};

/* For so long a panel takes no key, and until a protected environment acts. */
enum { DESK_DEAF_MS = 450, DESK_COUNTDOWN_MS = 3100 };

struct desk {
	struct desk_watch watch;
	struct console *console;
	struct canvas *canvas;
	struct input *input;
	const char *scene;
	const char *told;            /* the scene of the last status that was answered */
	int64_t now_ms, wall_ms;
	int64_t beat_ms;             /* when the next beat is due */
	bool silent;                 /* no beats come */
	bool mute;                   /* requests are not answered */
	bool hidden;                 /* frames do not reach the terminal */
	const char *refusing, *refusal;      /* the gate that refuses what is sent, and what it says; NULL */
	const json_t *blocked;       /* all gates that refuse it then; NULL: only the text */
	const char *held_by;         /* what the answer says that holds it, as JSON; NULL: nothing */
	json_t *posts;               /* array of {"path","body","at"} in order */
	json_t *gets;                /* array of paths */
	int64_t frame_every_ms;      /* frames that no key asked for are at least so far apart */
	int64_t drawn_ms;
	int frames;
	int quit;                    /* exit code, -1: goes on */
	int suspends;
	int starts;                  /* of the engine; the test says what came of each */
	char *copied, *saved, *saved_file;
	char *dump;                  /* what desk_screen gave */
};

/* Connected and settled. Its first frame is drawn. */
struct desk *desk_new(const char *scene, int rows, int cols);
struct desk *desk_new_with(const char *scene, const struct console_options *options);
void desk_free(struct desk *d);
void desk_auto_free(struct desk **d);                          /* AUTO(desk_auto_free) */

void desk_watch(struct desk *d, struct desk_watch watch);
void desk_feed(struct desk *d, const char *bytes, size_t len);     /* as a terminal sends them; time stands still */
void desk_event(struct desk *d, struct console_event e);       /* the time is filled in; answers follow */
void desk_type(struct desk *d, const char *bytes);             /* as a terminal sends them, then settles */
void desk_keys(struct desk *d, const char *keys);              /* one by one, each with its frame, 10 ms apart */
void desk_key(struct desk *d, uint32_t key);
void desk_paste(struct desk *d, const char *text);
void desk_wait(struct desk *d, int64_t ms);                    /* ticks and beats come when they are due */
void desk_down(struct desk *d, const char *why);
void desk_up(struct desk *d);
void desk_started(struct desk *d, enum err_kind kind, const char *why);        /* ERR_NONE: the engine runs */
void desk_resize(struct desk *d, int rows, int cols);
void desk_set_scene(struct desk *d, const char *scene);        /* with the journal row that tells of it */
void desk_row(struct desk *d, const char *type);

/* The screen as it was drawn last, without spaces at the ends of lines; borrowed until the next call. */
const char *desk_screen(struct desk *d);
char *desk_line(struct desk *d, int row);                      /* yours */
bool desk_sees(struct desk *d, const char *text);
const json_t *desk_post(const struct desk *d, size_t i);       /* NULL: fewer were sent */
const json_t *desk_body(const struct desk *d, size_t i);       /* of that post */
const char *desk_path(const struct desk *d, size_t i);
size_t desk_posts(const struct desk *d);

/* Typed into a panel once it listens. */
void desk_answer_panel(struct desk *d, const char *keys);
/* The name that a protected environment asks for, and its countdown; false: one of them was not seen. */
bool desk_arm_and_wait(struct desk *d, const char *name_and_enter);

#endif
