/* release_print: releases of several applications as lines. */
#ifndef COMMAND_RELEASE_PRINT_H
#define COMMAND_RELEASE_PRINT_H

#include <jansson.h>
#include <stdbool.h>

/* The release, its members and what it waits for; as JSON one line. */
void release_print(const json_t *release, bool json);
/* "release 12  suite -> prod  running 1/3 …": one line. */
void release_print_head(const json_t *release);
/* "release 12  api 1.0.0 -> 2.0.0  succeeded  deployment 40  why": one line. */
void release_print_member(const json_t *release, const json_t *member);

#endif
