/*
 * term_priv: what term tells the part of it that runs in signal handlers (term_restore.c).
 */
#ifndef TUI_TERM_PRIV_H
#define TUI_TERM_PRIV_H

#include <termios.h>

enum { TERM_RESTORE_MAX = 512 };

/* From now on term_restore_now writes `leave` (shorter than TERM_RESTORE_MAX) and sets the modes. */
void term_restore_set(int fd, const struct termios *modes, const char *leave);
void term_restore_clear(void);

#endif
