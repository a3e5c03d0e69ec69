/*
 * json: jansson with the checks of the house. Readers give a default instead of NULL, so that a missing member of a
 * peer's answer is never a crash.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"

void json_auto_decref(json_t **value);                                      /* for AUTO */

const char *json_text(const json_t *object, const char *key);              /* "" when absent or no string; borrowed */
const char *json_text_or(const json_t *object, const char *key, const char *otherwise);
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);
bool json_flag(const json_t *object, const char *key);                     /* false when absent */
/* json_string that turns text which is no UTF-8 into one with U+FFFD for each bad byte; NULL becomes null. */
json_t *json_safe_string(const char *text);
void json_put_text(json_t *object, const char *key, const char *text);     /* NULL text: the key is left out */
/* One line, keys in the order they were set; yours. */
char *json_line(const json_t *value);
/* At most 16 MB; the error names line and column. NULL with err set when it is no JSON. */
json_t *json_read(const char *text, size_t len, struct err *err);

#endif
