/* screen_keys: from keys as a person writes them to the bytes that xterm sends. */
#ifndef TESTS_TOOLS_SCREEN_KEYS_H
#define TESTS_TOOLS_SCREEN_KEYS_H

#include <stdbool.h>

struct buf;

/* Text is itself; <Up> <Enter> <Esc> <C-c> <F5> … are by name, "<<" is '<'. False: an unknown name. */
bool screen_keys(const char *keys, struct buf *ret);

#endif
