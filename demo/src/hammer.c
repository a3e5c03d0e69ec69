/*
 * hammer: visitors of the shop that never stop, and that count what went wrong.
 * usage: hammer [-t SECONDS] [-k CONNECTIONS] [-f CONNECTIONS] [-r RATE] [-p PATH] http://HOST:PORT
 *
 *   -t  ends after so many seconds (10); SIGTERM and SIGINT end it earlier, running requests are waited for
 *   -k  visitors who keep their connection (4)          -f  visitors who open one for each request (2)
 *   -r  requests a second, all together (200); 0: as many as possible
 *   -p  GET this path only; without it, visitors look around, fill carts and pay
 *
 * Prints "requests N lost N errors N", then a line for each version that answered. Lost: no whole answer came (refused,
 * reset, closed, 10 s passed). Error: a status other than 2xx. SIGUSR1 prints the first line at once. The first 20
 * failures are told on standard error. Exit code 1 when there was one.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>

enum { VERSIONS_MAX = 32, TOLD_MAX = 20, ANSWER_TIMEOUT_S = 10, GRACE_S = 5, VISITORS_MAX = 1000 };

struct seen { char version[64]; int64_t first_us, last_us; long answers, errors; };

struct hammer {
	struct event_base *base;
	char host[256], port[8];
	const char *path;                  /* the only one; NULL: the usual mix */
	long pause_us;                     /* of one visitor, from one request's start to the next */
	int64_t began_us;
	bool ending;
	int busy;                          /* visitors with a request under way */
	long requests, lost, errors, told;
	struct seen seen[VERSIONS_MAX];
	size_t nseen;
};

struct visitor {
	struct hammer *h;
	bool keeps_alive;
	struct bufferevent *conn;          /* NULL: not connected */
	struct event *timer;               /* waits for the next request, or for the answer's deadline */
	bool is_waiting;                   /* for an answer */
	int step;                          /* which request of the mix */
	int on_conn;                       /* requests on this connection so far */
	int64_t sent_us;
};

static const struct { const char *method, *path, *form; } mix[] = {
	{ "GET", "/", NULL },
	{ "GET", "/product/cup", NULL },
	{ "POST", "/cart", "item=cup:3&item=espresso:10&coupon=SAVE10" },
	{ "GET", "/slow?ms=30", NULL },
	{ "POST", "/checkout", "item=kettle:1&item=filter:2" },
	{ "GET", "/search?q=beans", NULL },
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static double seconds(const struct hammer *h, int64_t at_us)
{
	return (double)(at_us - h->began_us) / 1e6;
}

static void visitor_next(struct visitor *v);

static void wait_for(struct visitor *v, int64_t us)
{
	struct timeval tv = { us / 1000000, us % 1000000 };

	event_add(v->timer, &tv);
}

static const char *what(const struct visitor *v)
{
	return v->h->path ? v->h->path : mix[v->step].path;
}

static void tell(struct visitor *v, const char *why)
{
	struct hammer *h = v->h;

	if (h->told++ < TOLD_MAX)
		fprintf(stderr, "hammer: at %.3f s: %s: %s (%s connection, request %d on it)\n", seconds(h, now_us()), what(v), why,
		        v->keeps_alive ? "kept" : "fresh", v->on_conn);
}

static void disconnect(struct visitor *v)
{
	if (v->conn)
		bufferevent_free(v->conn);
	v->conn = NULL;
	v->on_conn = 0;
}

static void request_over(struct visitor *v)
{
	struct hammer *h = v->h;
	int64_t spent = now_us() - v->sent_us;

	v->is_waiting = false;
	v->step = (v->step + 1) % (int)(sizeof mix / sizeof mix[0]);
	h->busy--;
	if (h->ending && h->busy == 0)
		event_base_loopbreak(h->base);
	wait_for(v, spent < h->pause_us ? h->pause_us - spent : 0);
}

static void request_lost(struct visitor *v, const char *why)
{
	v->h->lost++;
	tell(v, why);
	disconnect(v);
	request_over(v);
}

static struct seen *seen_of(struct hammer *h, const char *version)
{
	for (size_t i = 0; i < h->nseen; i++)
		if (strcmp(h->seen[i].version, version) == 0)
			return &h->seen[i];
	if (h->nseen == VERSIONS_MAX)
		return &h->seen[VERSIONS_MAX - 1];
	snprintf(h->seen[h->nseen].version, sizeof h->seen[0].version, "%s", version);
	h->seen[h->nseen].first_us = now_us();
	return &h->seen[h->nseen++];
}

/* The value of a header in the head of an answer, cut off at its line's end; "" when it is not there. */
static void header(const char *head, const char *name, char *text, size_t size)
{
	size_t len = strlen(name);

	text[0] = '\0';
	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			line += len + 1;
			line += strspn(line, " ");
			snprintf(text, size, "%.*s", (int)strcspn(line, "\r\n"), line);
			return;
		}
	}
}

static void answered(struct visitor *v, const char *head, int status)
{
	char version[64], connection[32], why[128];
	struct seen *seen;

	header(head, "X-Shop-Version", version, sizeof version);
	header(head, "Connection", connection, sizeof connection);
	seen = seen_of(v->h, *version ? version : "(no version)");
	seen->answers++;
	seen->last_us = now_us();
	if (status < 200 || status > 299) {
		v->h->errors++;
		seen->errors++;
		snprintf(why, sizeof why, "status %d from %s", status, seen->version);
		tell(v, why);
	}
	if (!v->keeps_alive || strcasecmp(connection, "close") == 0)
		disconnect(v);
	request_over(v);
}

/* Looks whether a whole answer is there. */
static void on_read(struct bufferevent *conn, void *arg)
{
	struct visitor *v = arg;
	struct evbuffer *in = bufferevent_get_input(conn);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	char head[4096], length[24];
	size_t head_len, body_len;
	int status = 0;

	if (!v->is_waiting) {
		request_lost(v, "an answer to nothing");
		return;
	}
	if (end.pos < 0)
		return;
	head_len = (size_t)end.pos + 4;
	if (head_len >= sizeof head) {
		request_lost(v, "a head of more than 4 kB");
		return;
	}
	evbuffer_copyout(in, head, head_len);
	head[head_len] = '\0';
	header(head, "Content-Length", length, sizeof length);
	body_len = strtoul(length, NULL, 10);
	if (sscanf(head, "HTTP/1.1 %d", &status) != 1) {
		request_lost(v, "what came is no HTTP/1.1");
	} else if (evbuffer_get_length(in) >= head_len + body_len) {
		evbuffer_drain(in, head_len + body_len);
		answered(v, head, status);
	}
}

static void on_event(struct bufferevent *conn, short events, void *arg)
{
	struct visitor *v = arg;
	char why[128];

	(void)conn;
	if (events & BEV_EVENT_CONNECTED)
		return;
	if (!v->is_waiting) {
		/* A kept connection may be closed while nothing is under way: the next request opens another. */
		disconnect(v);
		return;
	}
	if (events & BEV_EVENT_EOF)
		snprintf(why, sizeof why, "the connection was closed before the answer");
	else
		snprintf(why, sizeof why, "%s", strerror(EVUTIL_SOCKET_ERROR()));
	request_lost(v, why);
}

static bool connect_to(struct visitor *v)
{
	struct hammer *h = v->h;

	v->conn = bufferevent_socket_new(h->base, -1, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(v->conn, on_read, NULL, on_event, v);
	bufferevent_enable(v->conn, EV_READ | EV_WRITE);
	return bufferevent_socket_connect_hostname(v->conn, NULL, AF_INET, h->host, (int)strtol(h->port, NULL, 10)) == 0;
}

static void visitor_next(struct visitor *v)
{
	struct hammer *h = v->h;
	const char *method = h->path ? "GET" : mix[v->step].method;
	const char *form = h->path ? NULL : mix[v->step].form;
	struct evbuffer *out;

	if (h->ending)
		return;
	h->requests++;
	h->busy++;
	v->is_waiting = true;
	v->sent_us = now_us();
	if (!v->conn && !connect_to(v)) {
		request_lost(v, "cannot connect");
		return;
	}
	v->on_conn++;
	out = bufferevent_get_output(v->conn);
	evbuffer_add_printf(out, "%s %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: %s\r\n", method, what(v), h->host, h->port,
	                    v->keeps_alive ? "keep-alive" : "close");
	if (form)
		evbuffer_add_printf(out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n", strlen(form));
	evbuffer_add_printf(out, "\r\n%s", form ? form : "");
	wait_for(v, ANSWER_TIMEOUT_S * 1000000LL);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct visitor *v = arg;

	(void)fd, (void)events;
	if (v->is_waiting)
		request_lost(v, "no answer within 10 s");
	else
		visitor_next(v);
}

static void report(const struct hammer *h)
{
	printf("requests %ld lost %ld errors %ld\n", h->requests, h->lost, h->errors);
	fflush(stdout);
}

static void on_usr1(evutil_socket_t signo, short events, void *arg)
{
	(void)signo, (void)events;
	report(arg);
}

static void on_end(evutil_socket_t fd, short events, void *arg)
{
	static const struct timeval grace = { GRACE_S, 0 };
	struct hammer *h = arg;

	(void)fd, (void)events;
	h->ending = true;
	if (h->busy == 0)
		event_base_loopbreak(h->base);
	else
		event_base_loopexit(h->base, &grace);
}

static void hammer_run(struct hammer *h, struct visitor *visitors, int n, double limit_s)
{
	struct timeval limit = { (time_t)limit_s, (suseconds_t)((limit_s - (double)(time_t)limit_s) * 1e6) };
	struct event *end = evtimer_new(h->base, on_end, h), *term = evsignal_new(h->base, SIGTERM, on_end, h);
	struct event *interrupt = evsignal_new(h->base, SIGINT, on_end, h), *usr1 = evsignal_new(h->base, SIGUSR1, on_usr1, h);

	event_add(end, &limit);
	event_add(term, NULL);
	event_add(interrupt, NULL);
	event_add(usr1, NULL);
	h->began_us = now_us();
	for (int i = 0; i < n; i++) {
		visitors[i].timer = evtimer_new(h->base, on_timer, &visitors[i]);
		visitors[i].step = i % (int)(sizeof mix / sizeof mix[0]);
		wait_for(&visitors[i], h->pause_us * i / n);
	}
	event_base_dispatch(h->base);
	for (int i = 0; i < n; i++) {
		if (visitors[i].is_waiting)
			request_lost(&visitors[i], "no answer until the end");
		disconnect(&visitors[i]);
		event_free(visitors[i].timer);
	}
	event_free(end);
	event_free(term);
	event_free(interrupt);
	event_free(usr1);
}

static int usage(void)
{
	fprintf(stderr, "usage: hammer [-t SECONDS] [-k CONNECTIONS] [-f CONNECTIONS] [-r RATE] [-p PATH] http://HOST:PORT\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct hammer h = { 0 };
	struct visitor *visitors;
	double limit_s = 10;
	long kept = 4, fresh = 2, rate = 200;

	for (int option; (option = getopt(argc, argv, "t:k:f:r:p:")) != -1;) {
		switch (option) {
		case 't': limit_s = strtod(optarg, NULL); break;
		case 'k': kept = strtol(optarg, NULL, 10); break;
		case 'f': fresh = strtol(optarg, NULL, 10); break;
		case 'r': rate = strtol(optarg, NULL, 10); break;
		case 'p': h.path = optarg; break;
		default: return usage();
		}
	}
	if (optind != argc - 1 || sscanf(argv[optind], "http://%255[^:/]:%7[0-9]", h.host, h.port) != 2 || limit_s <= 0 ||
	    kept < 0 || fresh < 0 || kept + fresh < 1 || kept + fresh > VISITORS_MAX || rate < 0)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	h.base = event_base_new();
	h.pause_us = rate ? (kept + fresh) * 1000000 / rate : 0;
	visitors = calloc((size_t)(kept + fresh), sizeof *visitors);
	if (!h.base || !visitors)
		abort();
	for (long i = 0; i < kept + fresh; i++)
		visitors[i] = (struct visitor){ .h = &h, .keeps_alive = i < kept };
	hammer_run(&h, visitors, (int)(kept + fresh), limit_s);
	report(&h);
	for (size_t i = 0; i < h.nseen; i++)
		printf("version %s answers %ld errors %ld first %.3f last %.3f\n", h.seen[i].version, h.seen[i].answers,
		       h.seen[i].errors, seconds(&h, h.seen[i].first_us), seconds(&h, h.seen[i].last_us));
	free(visitors);
	event_base_free(h.base);
	return h.lost + h.errors > 0;
}
