/*
 * home: which application is looked at, and the lists of it.
 */
#ifndef VIEWS_HOME_H
#define VIEWS_HOME_H

struct console;

/* Looks at this application from now on, on its Releases screen. */
void home_choose_app(struct console *c, const char *name);
/* After each status: the only application, the one that --app named, or the fleet; and the lists as they are now. */
void home_settle(struct console *c);

#endif
