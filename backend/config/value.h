/*
 * value: the small languages inside a configuration's texts: durations, port ranges, names.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#define VALUE_NAME_PATTERN "^[a-z0-9][a-z0-9-]{0,39}$"
#define VALUE_DURATION_PATTERN "^[0-9]{1,9}(ms|s|m|h|d)$"
#define VALUE_RANGE_PATTERN "^[0-9]{1,5}-[0-9]{1,5}$"
#define VALUE_PERSON_PATTERN "^@?[A-Za-z0-9_#][A-Za-z0-9_.$-]{0,62}$"
#define VALUE_VARIABLE_PATTERN "^[A-Za-z_][A-Za-z0-9_]*$"

bool value_duration(const char *text, int64_t *ret_ms);        /* "250ms" "10s" "5m" "2h" "1d" */
char *value_duration_text(int64_t ms);                         /* the shortest of these; yours */
bool value_range(const char *text, int *ret_first, int *ret_last);
bool value_is_name(const char *text);                          /* [a-z0-9][a-z0-9-]*, at most NAME_MAX_LENGTH */
bool value_is_variable(const char *text);                      /* [A-Za-z_][A-Za-z0-9_]* */
bool value_is_person(const char *text);                         /* a user, or a group behind an @ */
bool value_is_address(const char *text);                       /* IPv4 or IPv6 */

#endif
