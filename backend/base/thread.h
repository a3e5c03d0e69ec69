/*
 * thread: starts one of the few threads there are. Signals are for the thread that runs the loop.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "backend/base/err.h"

/* To be joined. `what` it does, for the message. */
bool thread_start(pthread_t *ret, void *(*fn)(void *arg), void *arg, const char *what, struct err *err);

#endif
