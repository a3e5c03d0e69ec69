#include "backend/base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/base/mem.h"

enum { QUEUE = 128 };    /* connections that wait to be accepted: more than the viewers of one engine */

/* ret_dir is a descriptor that must stay open while the address is used, or -1. */
static bool address(const char *path, struct sockaddr_un *ret, int *ret_dir, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(mem_auto_free) char *folder = NULL;
	int dir;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*ret_dir = -1;
	if (strlen(path) < sizeof ret->sun_path) {
		memcpy(ret->sun_path, path, strlen(path) + 1);
		return true;
	}
	if (!slash || strlen(slash) > 64)
		return err_set(err, ERR_USAGE, "%s: the name is too long for a socket", path);
	folder = mem_dupn(path, (size_t)(slash - path) + 1);
	dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		err_errno(err, errno, "open the folder %s", folder);
		if (err && errno == ENOENT)
			err->kind = ERR_UNREACHABLE;
		return false;
	}
	snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d%.80s", dir, slash);
	*ret_dir = dir;
	return true;
}

bool sock_connect(const char *path, int *ret_fd, struct err *err)
{
	AUTO(mem_auto_close) int dir = -1;
	struct sockaddr_un to;
	int fd, number;

	if (!address(path, &to, &dir, err))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, errno, "make a socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
		*ret_fd = fd;
		return true;
	}
	number = errno;
	close(fd);
	if (number == EAGAIN)
		return err_set(err, ERR_TIMEOUT, "%s: too many wait to be heard", path);
	err_errno(err, number, "connect to %s", path);
	if (err && (number == ENOENT || number == ECONNREFUSED || number == ENOTDIR))
		err->kind = ERR_UNREACHABLE;
	if (err && (number == EACCES || number == EPERM))
		err->kind = ERR_DENIED;
	return false;
}

bool sock_listen(const char *path, int *ret_fd, struct err *err)
{
	AUTO(mem_auto_close) int dir = -1;
	struct sockaddr_un at;
	mode_t mask;
	int fd, number = 0;

	if (!address(path, &at, &dir, err))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, errno, "make a socket");
	/* With the mask the socket is never open to others, not even between bind and a chmod. */
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, QUEUE) != 0)
		number = errno;
	umask(mask);
	if (number == 0) {
		*ret_fd = fd;
		return true;
	}
	close(fd);
	err_errno(err, number, "listen on %s", path);
	if (err && number == EADDRINUSE)
		err->kind = ERR_CONFLICT;
	return false;
}
