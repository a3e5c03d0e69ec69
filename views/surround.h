/*
 * surround: what every screen has: the title with the environment that keys act on, the banner when the engine is lost,
 * the message line and the footer, which names version and environment of the very objects that would be sent.
 */
#ifndef VIEWS_SURROUND_H
#define VIEWS_SURROUND_H

#include <stdbool.h>

#include "views/intent.h"

struct console;

int surround_body_rows(const struct console *c);        /* rows between title (and banner) and message line */
bool surround_shows_time(const struct console *c);      /* the screen tells how long something runs already */
bool surround_has_banner(const struct console *c);
/* Whether the footer names what this key would do; if not, the key does nothing. */
bool surround_offers(const struct console *c, enum intent_kind kind);

#endif
