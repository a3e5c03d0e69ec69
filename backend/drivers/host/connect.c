/* The TCP half of health: a connection that is made and closed. */
#include "backend/drivers/host/health.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"

struct health_tcp {
	int fd;
	int port;
	int number;                        /* errno of connect, 0 while it is under way */
	struct loop_io *io;
	struct loop_timer *timer;
	health_fn fn;
	void *arg;
};

void health_connect_cancel(struct health_tcp *tcp)
{
	if (!tcp)
		return;
	loop_io_free(tcp->io);
	loop_timer_free(tcp->timer);
	if (tcp->fd >= 0)
		close(tcp->fd);
	free(tcp);
}

static void finish(struct health_tcp *tcp, int number)
{
	AUTO(mem_auto_free) char *why = number ? mem_printf("connect to port %d: %s", tcp->port, strerror(number)) : NULL;

	tcp->fn(tcp->arg, number == 0, why);
	health_connect_cancel(tcp);
}

static void connected(int fd, int events, void *arg)
{
	int number = 0;
	socklen_t len = sizeof number;

	(void)events;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len);
	finish(arg, number);
}

static void timer_fired(void *arg)
{
	struct health_tcp *tcp = arg;

	finish(tcp, tcp->number ? tcp->number : ETIMEDOUT);
}

static int begin_connect(int fd, const char *address, int port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return connect(fd, (struct sockaddr *)&v4, sizeof v4);
	inet_pton(AF_INET6, address, &v6.sin6_addr);
	return connect(fd, (struct sockaddr *)&v6, sizeof v6);
}

struct health_tcp *health_connect(struct loop *loop, const char *address, int port, int64_t timeout_ms, health_fn fn,
                                  void *arg)
{
	struct health_tcp *tcp = mem_alloc(sizeof *tcp);
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	*tcp = (struct health_tcp){ .port = port, .fn = fn, .arg = arg };
	tcp->timer = loop_timer_new(loop, timer_fired, tcp);
	tcp->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (tcp->fd < 0 || (begin_connect(tcp->fd, address, port) != 0 && errno != EINPROGRESS)) {
		tcp->number = errno;
		loop_timer_set(tcp->timer, 0);
		return tcp;
	}
	tcp->io = loop_io_new(loop, tcp->fd, LOOP_WRITE, connected, tcp);
	loop_timer_set(tcp->timer, timeout_ms);
	return tcp;
}
