/*
 * screenshots: the pictures in screenshots/: the real console on a terminal of our own, before a scene, with a fixed
 * clock. The same tree always makes the same bytes, so that CI notices a picture that has fallen behind.
 *
 * usage: screenshots FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "tests/screen/fixture.h"
#include "tests/tools/picture.h"
#include "tests/tools/scene.h"
#include "tests/tools/screen.h"

enum { LIMIT_MS = 10000, QUIET_MS = 200, DEAF_MS = 600, TRIES = 10 };

static const struct picture {
	const char *name, *title, *scene;
	int rows, cols;
	const char *keys, *see;
	const char *more, *then;     /* after the panel's deaf time */
} pictures[] = {
	{ "releases", "Releases: environments, builds and the running pipeline", "shop", 24, 80, NULL, "d deploy 2.14.1",
	  NULL, NULL },
	{ "armed", "prod is armed: its name was typed, one key acts now", "shop", 24, 80, "<Tab>jjj<Tab>a", "Type its name",
	  "prod<Enter>", "ARMED prod 5:00" },
	{ "countdown", "Rolling back prod: a countdown that Esc cancels", "shop", 24, 80, "b", "Type its name",
	  "prod<Enter>", "in 3 s" },
	{ "deployment", "A deployment with its tests, live", "shop", 24, 80, "<Enter>", "total is rounded", NULL, NULL },
	{ "rollback", "Verification failed under real traffic: switched back by itself", "switched-back", 24, 80, "<Enter>",
	  "total of an empty basket", NULL, NULL },
	{ "log", "The log of a deployment that was undone", "switched-back", 24, 80, "lt", "== undo", NULL, NULL },
	{ "waiting", "What waits: whom for, since when, and what else stands in its way", "policy", 24, 80, "vj",
	  "approve #822", NULL, NULL },
	{ "features", "Features: in or out, here and in the other environments", "policy", 24, 80, "f", "elsewhere", NULL,
	  NULL },
	{ "fleet", "Fleet: all applications and their environments", "fleet-many", 24, 80, NULL, "APPLICATION", NULL, NULL },
	{ "groups", "Releases of several applications together", "fleet", 24, 80, "r", "under way", NULL, NULL },
	{ "consistency", "Environments side by side: what differs, and since when", "shop", 24, 80, "c", "LOG_LEV", NULL,
	  NULL },
	{ "delivery", "Delivery metrics and the maturity level, from the journal", "shop", 24, 80, "m", "MATURITY", NULL,
	  NULL },
	{ "as-of", "As it was: every screen at a moment that is over", "past", 24, 80, ":at 2026-11-20 03:13:40<Enter>",
	  "row 806", NULL, NULL },
	{ "wide", "On a wall: environments, builds, the deployment and its log", "shop", 50, 200, NULL, "d deploy 2.14.1",
	  NULL, NULL },
};

static struct screen *open_console(const struct fixture *f, const struct picture *p, struct err *err)
{
	static const char *const env[] = { "SLIPWAY_CLOCK=" SCENE_CLOCK, NULL };
	const char *build = getenv("SLIPWAY_BUILD");
	AUTO(mem_auto_free) char *program = mem_printf("%s/slipway", build ? build : "build");
	const char *argv[] = { program, "-C", fixture_dir(f), NULL };

	return screen_start(&(struct screen_options){ .rows = p->rows, .cols = p->cols, .env = env }, argv, err);
}

static bool see(struct screen *s, const char *text, struct err *err)
{
	if (screen_wait_text(s, text, LIMIT_MS))
		return true;
	return err_set(err, ERR_TIMEOUT, "\"%s\" was not seen within %d s", text, LIMIT_MS / 1000);
}

/* Typed when the panel that came up takes keys; nothing on the screen tells when that is. */
static bool type_more(struct screen *s, const struct picture *p, struct err *err)
{
	screen_settle(s, DEAF_MS, LIMIT_MS);
	return screen_type(s, p->more) && see(s, p->then, err);
}

static bool take_once(const struct picture *p, const char *folder, struct err *err)
{
	AUTO(fixture_auto_free) struct fixture *f = fixture_start(p->scene, err);
	AUTO(screen_auto_free) struct screen *s = f ? open_console(f, p, err) : NULL;
	AUTO(mem_auto_free) char *png = mem_printf("%s/%s.png", folder, p->name);
	AUTO(mem_auto_free) char *svg = mem_printf("%s/%s.svg", folder, p->name);

	if (!s || !see(s, strncmp(p->scene, "fleet", 5) == 0 ? "APPLICATION" : "2.13", err) || !screen_settle(s, QUIET_MS, LIMIT_MS))
		return false;
	if (p->keys && !screen_type(s, p->keys))
		return err_set(err, ERR_INTERNAL, "keys \"%s\" cannot be typed", p->keys);
	if (!see(s, p->see, err) || (p->more && !type_more(s, p, err)))
		return false;
	/* A countdown never settles: its first second is the picture. */
	screen_settle(s, QUIET_MS, QUIET_MS * 2);
	if (!screen_has(s, p->then ? p->then : p->see))
		return err_set(err, ERR_STALE, "the moment has passed");
	return picture_png(s, png, err) && picture_svg(s, p->title, svg, err);
}

/* A figure that runs on while the machine is busy is caught the next time. */
static bool take(const struct picture *p, const char *folder, struct err *err)
{
	for (int i = 1; i < TRIES; i++)
		if (take_once(p, folder, err))
			return true;
		else if (err->kind != ERR_STALE)
			return false;
	return take_once(p, folder, err);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };

	if (argc != 2 || !file_make_dirs(argv[1], 0755, &err)) {
		fprintf(stderr, "usage: screenshots FOLDER\n%s\n", err.text);
		return 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(pictures); i++) {
		if (!take(&pictures[i], argv[1], &err)) {
			fprintf(stderr, "screenshots: %s: %s\n", pictures[i].name, err.text);
			return 1;
		}
		printf("%s/%s.png, .svg: %s\n", argv[1], pictures[i].name, pictures[i].title);
	}
	return 0;
}
