/*
 * text: a configuration file's text as it is kept: compact JSON in which the values of secrets are left out.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <jansson.h>

/* What stands where a secret's value stood. */
#define CONFIG_SECRET_LEFT_OUT "(secret)"

/* Of a file that was read without a mistake; yours. */
char *config_text(const json_t *file);

#endif
