#include "backend/base/thread.h"

#include <signal.h>

bool thread_start(pthread_t *ret, void *(*fn)(void *arg), void *arg, const char *what, struct err *err)
{
	sigset_t all, before;
	int number;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	number = pthread_create(ret, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return number == 0 || err_errno(err, number, "start the thread that %s", what);
}
