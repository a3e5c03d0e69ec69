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

/* First in a test's main: when argv says so, plays the engine and never returns. */
void play_if_asked(int argc, char **argv);

/* JSON written with ' for ", so that it can be read in a test; yours. Stops the test when it is none. */
json_t *scene_of(const char *text);

/* A workspace with a slipway.json, the scene, and a folder PATH/slipwayd that starts us as its engine; yours: stage_free. */
struct stage { char *dir; char *bin; char *old_path; };
struct stage *stage_new(json_t *take_scene);
void stage_add_scene(struct stage *s, json_t *take_scene);
json_t *stage_calls(const struct stage *s);              /* array; yours */
int stage_count(const struct stage *s, const char *function);
bool stage_engine_runs(const struct stage *s);
/* Ends the engine that plays, by its pid, and removes the folder. */
void stage_free(struct stage *s);
void stage_kill_engine(struct stage *s);

#endif
