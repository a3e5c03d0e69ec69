/*
 * starter: what `slipway init` writes: a small application that runs on a machine with nothing but what Slipway itself
 * needs, so that the first deployment comes before the first line of configuration.
 */
#ifndef CONFIG_STARTER_H
#define CONFIG_STARTER_H

#include <stdbool.h>

#include "backend/base/err.h"

/*
 * Writes the starter into the folder `dir`, which is made when it is not there. When any of its files is there already
 * nothing is written: ERR_CONFLICT names all of them.
 */
bool config_starter(const char *dir, struct err *err);
/* The names of the files, relative to the folder; ends with NULL. */
const char *const *config_starter_files(void);
/* What comes next: three commands, one a line, to be given in the folder. */
const char *config_starter_next(void);

#endif
