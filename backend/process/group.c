#include "backend/process/group.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"

enum { STAT_MAX = 4096, ENVIRON_MAX = 4 * 1024 * 1024 };

static bool is_in_group(pid_t pid, pid_t group)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%d/stat", pid);
	AUTO(buf_done) struct buf stat = { 0 };
	const char *after_name;
	char state;
	int parent, of;

	if (!file_read(path, STAT_MAX, &stat, NULL))
		return false;
	after_name = strrchr(stat.data, ')');
	return after_name && sscanf(after_name + 1, " %c %d %d", &state, &parent, &of) == 3 && of == group && state != 'Z'
		&& state != 'X';
}

static bool has_mark(pid_t pid, const char *mark)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%d/environ", pid);
	AUTO(buf_done) struct buf all = { 0 };

	if (!file_read(path, ENVIRON_MAX, &all, NULL))
		return false;
	for (size_t at = 0; at < all.len; at += strlen(all.data + at) + 1)
		if (strcmp(all.data + at, mark) == 0)
			return true;
	return false;
}

size_t group_signal(pid_t group, const char *mark, int signo)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || !is_in_group(pid, group) || !has_mark(pid, mark))
			continue;
		n++;
		if (signo)
			kill(pid, signo);
	}
	if (proc)
		closedir(proc);
	return n;
}

size_t group_count(pid_t group, const char *mark)
{
	return group_signal(group, mark, 0);
}
