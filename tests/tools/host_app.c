#include "tests/tools/host_app.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/http/http.h"

enum { SLOW_MS = 1500, HAMMERS = 8, REQUEST_MAX = 8192 };

struct app { struct loop *loop; const char *behaviour; char text[256], own[16] /* ":PORT" */; bool fell_ill; };

struct peer {
	struct app *app;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	char in[REQUEST_MAX];
	size_t len;
};

static void peer_end(struct peer *p)
{
	loop_io_free(p->io);
	loop_timer_free(p->timer);
	close(p->fd);
	free(p);
}

static void reply(struct peer *p, int status, const char *body)
{
	char text[1024];
	int n = snprintf(text, sizeof text, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);

	if (send(p->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		fprintf(stderr, "a peer went away\n");
}

static void reply_late(void *arg)
{
	struct peer *p = arg;

	reply(p, 200, p->app->text);
}

static bool is(const struct app *app, const char *behaviour)
{
	return strcmp(app->behaviour, behaviour) == 0;
}

static void answer(struct peer *p)
{
	bool health = strncmp(p->in, "GET /health ", 12) == 0;

	if (health && (is(p->app, "sick") || p->app->fell_ill || (is(p->app, "shy") && !strstr(p->in, p->app->own))))
		reply(p, 503, "warming up");
	else if (!health && is(p->app, "broken"))
		reply(p, 500, "the total is rounded");
	else if (!health && is(p->app, "fragile"))
		exit(7);
	else if (!health && is(p->app, "slow"))
		loop_timer_set(p->timer, SLOW_MS);
	else
		reply(p, 200, p->app->text);
}

static bool is_whole(const struct peer *p)
{
	const char *end = strstr(p->in, "\r\n\r\n");
	const char *length = strcasestr(p->in, "Content-Length: ");

	return end && p->len - (size_t)(end + 4 - p->in) >= (length ? strtoul(length + 16, NULL, 10) : 0);
}

static void peer_ready(int fd, int events, void *arg)
{
	struct peer *p = arg;
	ssize_t n = recv(fd, p->in + p->len, sizeof p->in - p->len - 1, 0);

	(void)events;
	if (n <= 0) {
		peer_end(p);
		return;
	}
	if (is(p->app, "tcp")) {
		send(fd, p->in, (size_t)n, MSG_NOSIGNAL);
		return;
	}
	p->len += (size_t)n;
	p->in[p->len] = '\0';
	if (!is_whole(p))
		return;
	p->len = 0;
	answer(p);
}

static void peer_came(int fd, int events, void *arg)
{
	struct app *app = arg;
	struct peer *p = mem_alloc(sizeof *p);

	(void)events;
	p->app = app;
	p->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (p->fd < 0) {
		free(p);
		return;
	}
	p->io = loop_io_new(app->loop, p->fd, LOOP_READ, peer_ready, p);
	p->timer = loop_timer_new(app->loop, reply_late, p);
	if (is(app, "tcp"))
		send(p->fd, app->text, strlen(app->text), MSG_NOSIGNAL);
}

static void fall_ill(void *arg)
{
	struct app *app = arg;

	app->fell_ill = true;
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 128) == 0)
		return fd;
	perror("listen");
	exit(1);
}

static int serve(const char *behaviour)
{
	struct app app = { .behaviour = behaviour };
	const char *port = getenv("PORT");

	snprintf(app.text, sizeof app.text, "%s %s\n", getenv("SLIPWAY_VERSION"), getenv("SLIPWAY_COLOUR"));
	snprintf(app.own, sizeof app.own, ":%.8s\r\n", port ? port : "");
	printf("reading the configuration\n");
	if (is(&app, "crash")) {
		fprintf(stderr, "no database at db:5432\n");
		return 3;
	}
	while (is(&app, "worker"))
		pause();
	fflush(stdout);
	app.loop = loop_new();
	loop_signal_new(app.loop, SIGUSR1, fall_ill, &app);
	loop_io_new(app.loop, listen_on(port), LOOP_READ, peer_came, &app);
	loop_run(app.loop);
	return 0;
}

/* ---- the load ---- */

struct hammer {
	struct loop *loop;
	struct http *http;
	const char *url;
	int64_t sent, failed;
	int under_way;
	bool stopping;
	char error[1024];
};

struct blow { struct hammer *hammer; bool fresh, post; };

static void hit(struct blow *blow);

static void hit_came(void *arg, const struct http_answer *answer)
{
	struct blow *blow = arg;
	struct hammer *h = blow->hammer;

	h->sent++;
	if (!answer->ok || answer->status != 200) {
		if (!h->failed++)
			snprintf(h->error, sizeof h->error, "%.999s", answer->ok ? answer->body : answer->err.text);
	}
	if (!h->stopping) {
		hit(blow);
		return;
	}
	if (--h->under_way == 0)
		loop_stop(h->loop);
}

static void hit(struct blow *blow)
{
	struct hammer *h = blow->hammer;

	http_send(h->http, &(struct http_request){
		.method = blow->post ? "POST" : "GET", .url = h->url, .fresh = blow->fresh, .timeout_ms = 20000,
		.body = blow->post ? "cart=1" : NULL, .body_len = blow->post ? 6 : 0,
	}, hit_came, blow);
}

static void told_to_stop(void *arg)
{
	struct hammer *h = arg;

	h->stopping = true;
}

static int hammer(const char *url)
{
	struct hammer h = { .loop = loop_new(), .url = url, .under_way = HAMMERS };
	struct blow blows[HAMMERS];

	h.http = http_new(h.loop);
	loop_signal_new(h.loop, SIGTERM, told_to_stop, &h);
	for (int i = 0; i < HAMMERS; i++) {
		blows[i] = (struct blow){ .hammer = &h, .fresh = i % 2, .post = i % 4 > 1 };
		hit(&blows[i]);
	}
	printf("ready\n");
	fflush(stdout);
	loop_run(h.loop);
	printf("%" PRId64 " %" PRId64 " %s\n", h.sent, h.failed, h.error);
	return 0;
}

int host_app_main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc == 3 && strcmp(argv[1], "hammer") == 0)
		return hammer(argv[2]);
	return -1;
}
