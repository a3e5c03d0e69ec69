/* Who listens on a port: /proc/net/tcp names the socket's inode, /proc/PID/fd who holds it (proc(5)). */
#include "backend/drivers/host/ports.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"

enum { TABLE_MAX = 8 * 1024 * 1024, STATE_LISTEN = 0x0a };

struct listener { unsigned long inode; unsigned uid; };

static bool find_listener(const char *table, int port, struct listener *ret)
{
	AUTO(buf_done) struct buf text = { 0 };
	char *save = NULL;

	if (!file_read(table, TABLE_MAX, &text, NULL))
		return false;
	for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned local, state, uid;
		unsigned long inode;

		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %u %*u %lu", &local, &state, &uid,
		           &inode) != 4 || (int)local != port || state != STATE_LISTEN)
			continue;
		*ret = (struct listener){ .inode = inode, .uid = uid };
		return true;
	}
	return false;
}

static bool holds_socket(const char *pid, const char *want)
{
	AUTO(mem_auto_free) char *dir = mem_printf("/proc/%s/fd", pid);
	struct dirent *entry;
	DIR *fds = opendir(dir);
	bool found = false;

	while (fds && !found && (entry = readdir(fds))) {
		char path[512], to[64];
		ssize_t n;

		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		n = readlink(path, to, sizeof to - 1);
		if (n <= 0)
			continue;
		to[n] = '\0';
		found = strcmp(to, want) == 0;
	}
	if (fds)
		closedir(fds);
	return found;
}

static char *program_of(const char *pid)
{
	AUTO(mem_auto_free) char *path = mem_printf("/proc/%s/comm", pid);
	AUTO(buf_done) struct buf name = { 0 };

	if (!file_read(path, 256, &name, NULL))
		return mem_dup("?");
	name.data[strcspn(name.data, "\n")] = '\0';
	return mem_dup(name.data);
}

static char *holder_of(unsigned long inode)
{
	AUTO(mem_auto_free) char *want = mem_printf("socket:[%lu]", inode);
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	char *owner = NULL;

	while (proc && !owner && (entry = readdir(proc))) {
		AUTO(mem_auto_free) char *program = NULL;

		if (!isdigit((unsigned char)entry->d_name[0]) || !holds_socket(entry->d_name, want))
			continue;
		program = program_of(entry->d_name);
		owner = mem_printf("pid %s (%s)", entry->d_name, program);
	}
	if (proc)
		closedir(proc);
	return owner;
}

char *port_owner(int port)
{
	struct listener listener;
	char *owner;

	if (!find_listener("/proc/net/tcp", port, &listener) && !find_listener("/proc/net/tcp6", port, &listener))
		return mem_dup("a process that cannot be seen from here");
	owner = holder_of(listener.inode);
	return owner ? owner : mem_printf("a process of uid %u", listener.uid);
}
