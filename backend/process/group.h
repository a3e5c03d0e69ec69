/*
 * group: what is left of a process group whose starter died before it. The starter's own child dies with it, but not
 * what that child had started. A group's number can be given away after its end, so its members are only taken for what
 * is left when their environment holds the mark ("NAME=value") that they were started with.
 */
#ifndef PROCESS_GROUP_H
#define PROCESS_GROUP_H

#include <stddef.h>
#include <sys/types.h>

/* How many processes are left, without zombies. Reads /proc: for rare moments. */
size_t group_count(pid_t group, const char *mark);
/* Sends the signal to each of them; how many there were. */
size_t group_signal(pid_t group, const char *mark, int signo);

#endif
