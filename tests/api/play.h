/*
 * play: a process that plays the engine, for tests of what starts one and of the commands. The real server and the
 * double of the engine, on a scene that a test wrote into the workspace.
 *
 * DIR/scene.1 is the first engine's, DIR/scene.2 that of the one that is started after it, and so on (the last there is
 * goes on counting for later ones). A scene is JSON:
 *   {"answers": {"status": …}, "errors": {"deploy": {"kind": "stale", "text": "…"}}, "http": 202, "rows": [{"type", "body"}…],
 *    "say": "line for the log", "refuse": 3 (exit at once), "die_on": "deploy" (before it answers),
 *    "acts": {"deploy": [ACT…], "start": [ACT…]}}
 *   ACT = {"row": {"type", "body"}} | {"event": "live", "data": {…}} | {"answers": {…}} | {"wait": FUNCTION}
 *       | {"die": true}        one after the other, in the loop, after the function was called; "wait" goes on when FUNCTION
 *                              is asked next
 * `slipwayd audit-verify FILE` prints "verified FILE". Every call goes to DIR/calls as a JSON line, the pid to DIR/.slipway/play.pid. It ends by itself after 60 s.
 */
#ifndef TESTS_API_PLAY_H
#define TESTS_API_PLAY_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* First in a test's main: when argv says so, plays the engine and never returns. */
void play_if_asked(int argc, char **argv);

/* JSON written with ' for ", so that it can be read in a test; yours. Stops the test when it is none. */
json_t *scene_of(const char *text);

/* A workspace with a slipway.json, the scene, and a folder PATH/slipwayd that starts us as its engine; yours: theatre_free. */
struct theatre { char *dir; char *bin; char *old_path; struct theatre *next; pid_t by; };
struct theatre *theatre_new(json_t *take_scene);
void theatre_add_scene(struct theatre *s, json_t *take_scene);
json_t *theatre_calls(const struct theatre *s);              /* array; yours */
int theatre_count(const struct theatre *s, const char *function);
bool theatre_engine_runs(const struct theatre *s);
/* Ends the engine that plays, by its pid, and removes the folder. */
void theatre_free(struct theatre *s);
void theatre_kill_engine(struct theatre *s);

#endif
