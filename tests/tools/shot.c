/*
 * shot: runs a program on a terminal, types keys and takes pictures of what is seen.
 *
 * usage: shot [--size COLSxROWS] [--term TERM] [--env NAME=VALUE]… [--dir DIR] STEP… -- COMMAND…
 * Steps are done in the order they are given:
 *   --wait TEXT     until the text is seen (20 s at most)
 *   --settle MS     until nothing was written for so long
 *   --keys KEYS     typed: text, and <Up> <Enter> <Esc> <C-c> … by name
 *   --paste TEXT    pasted
 *   --resize COLSxROWS
 *   --png FILE, --svg FILE, --text FILE, --golden FILE (cells and how they are drawn)
 *   --title TEXT    of the SVGs that follow
 *   --exit CODE     until it has ended, with this exit code
 * Exit code 0: all steps were done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/tools/golden.h"
#include "tests/tools/picture.h"
#include "tests/tools/screen.h"

enum { WAIT_MS = 20000, ENV_MAX = 32 };

struct shot {
	struct screen *screen;
	const char *title;
};

static bool parse_size(const char *text, int *ret_rows, int *ret_cols)
{
	char *end;
	long cols = strtol(text, &end, 10), rows = *end == 'x' ? strtol(end + 1, &end, 10) : 0;

	if (*end || cols < 1 || rows < 1 || cols > 1000 || rows > 1000)
		return false;
	*ret_rows = (int)rows;
	*ret_cols = (int)cols;
	return true;
}

static bool step_wait(struct shot *shot, const char *text, struct err *err)
{
	AUTO(mem_auto_free) char *seen = NULL;

	if (screen_wait_text(shot->screen, text, WAIT_MS))
		return true;
	seen = screen_text(shot->screen);
	fputs(seen, stderr);
	return err_set(err, ERR_TIMEOUT, "\"%s\" was not seen within %d s", text, WAIT_MS / 1000);
}

static bool step_settle(struct shot *shot, const char *text, struct err *err)
{
	if (screen_settle(shot->screen, (int)strtol(text, NULL, 10), WAIT_MS))
		return true;
	return err_set(err, ERR_TIMEOUT, "the screen did not settle within %d s", WAIT_MS / 1000);
}

static bool step_keys(struct shot *shot, const char *text, struct err *err)
{
	return screen_type(shot->screen, text) || err_set(err, ERR_USAGE, "keys \"%s\" cannot be typed", text);
}

static bool step_paste(struct shot *shot, const char *text, struct err *err)
{
	return screen_paste(shot->screen, text) || err_set(err, ERR_FAILED, "\"%s\" cannot be pasted", text);
}

static bool step_resize(struct shot *shot, const char *text, struct err *err)
{
	int rows, cols;

	if (!parse_size(text, &rows, &cols))
		return err_set(err, ERR_USAGE, "%s is no size, write COLSxROWS", text);
	screen_resize(shot->screen, rows, cols);
	return true;
}

static bool step_png(struct shot *shot, const char *path, struct err *err)
{
	return picture_png(shot->screen, path, err);
}

static bool step_svg(struct shot *shot, const char *path, struct err *err)
{
	return picture_svg(shot->screen, shot->title, path, err);
}

static bool write_text(const char *path, char *take_text, struct err *err)
{
	AUTO(mem_auto_free) char *text = take_text;

	return file_write_atomic(path, text, strlen(text), 0644, err);
}

static bool step_text(struct shot *shot, const char *path, struct err *err)
{
	return write_text(path, screen_text(shot->screen), err);
}

static bool step_golden(struct shot *shot, const char *path, struct err *err)
{
	return write_text(path, golden_of(shot->screen), err);
}

static bool step_title(struct shot *shot, const char *text, struct err *err)
{
	(void)err;
	shot->title = text;
	return true;
}

static bool step_exit(struct shot *shot, const char *text, struct err *err)
{
	int code = screen_wait_exit(shot->screen, WAIT_MS);

	if (code < 0)
		return err_set(err, ERR_TIMEOUT, "the program has not ended within %d s", WAIT_MS / 1000);
	return code == (int)strtol(text, NULL, 10) || err_set(err, ERR_FAILED, "exit code %d, not %s", code, text);
}

static const struct step {
	const char *name;
	bool (*run)(struct shot *shot, const char *value, struct err *err);     /* NULL: decides how the program starts */
} steps[] = {
	{ "--size", NULL }, { "--term", NULL }, { "--env", NULL }, { "--dir", NULL },
	{ "--wait", step_wait }, { "--settle", step_settle }, { "--keys", step_keys }, { "--paste", step_paste },
	{ "--resize", step_resize }, { "--png", step_png }, { "--svg", step_svg }, { "--text", step_text },
	{ "--golden", step_golden }, { "--title", step_title }, { "--exit", step_exit },
};

static const struct step *find_step(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return NULL;
}

/* Reads what decides how the program starts and checks the rest; returns where the command is, NULL with err set. */
static char **read_options(char **argv, struct screen_options *options, const char **env, struct err *err)
{
	size_t n = 0;

	for (; argv[0] && strcmp(argv[0], "--") != 0; argv += 2) {
		if (!find_step(argv[0]) || !argv[1]) {
			err_set(err, ERR_USAGE, "%s: no such step, or its value is missing", argv[0]);
			return NULL;
		}
		if (strcmp(argv[0], "--term") == 0)
			options->term = argv[1];
		else if (strcmp(argv[0], "--dir") == 0)
			options->dir = argv[1];
		else if (strcmp(argv[0], "--env") == 0 && n < ENV_MAX)
			env[n++] = argv[1];
		else if (strcmp(argv[0], "--size") == 0 && !parse_size(argv[1], &options->rows, &options->cols)) {
			err_set(err, ERR_USAGE, "%s is no size, write COLSxROWS", argv[1]);
			return NULL;
		}
	}
	if (!argv[0] || !argv[1]) {
		err_set(err, ERR_USAGE, "usage: shot OPTION… STEP… -- COMMAND…");
		return NULL;
	}
	return argv + 1;
}

static bool run(char **argv, struct err *err)
{
	const char *env[ENV_MAX + 1] = { 0 };
	struct screen_options options = { .env = env };
	AUTO(screen_auto_free) struct screen *screen = NULL;
	char **command = read_options(argv, &options, env, err);
	struct shot shot = { .title = "Slipway" };

	if (!command || !(screen = screen_start(&options, (const char *const *)command, err)))
		return false;
	shot.screen = screen;
	for (; strcmp(argv[0], "--") != 0; argv += 2) {
		const struct step *step = find_step(argv[0]);

		if (step->run && !step->run(&shot, argv[1], err))
			return err_wrap(err, "%s", argv[0]);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };

	(void)argc;
	if (run(argv + 1, &err))
		return 0;
	fprintf(stderr, "shot: %s\n", err.text);
	return err_exit_code(err.kind);
}
