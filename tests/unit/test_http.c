/* HTTP requests on the loop, against a small server of our own on the same loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/http/http.h"

enum { CONNECTIONS_MAX = 32 };

/* One connection of the server: what came, and whether it is to send for ever. */
struct connection {
	struct server *server;
	int fd;
	struct loop_io *io;
	char in[8192];
	size_t len;
	bool floods;
};

struct server {
	struct loop *loop;
	int fd;
	struct loop_io *io;
	char url[64];
	char last[8192];                   /* the last whole request */
	int accepted;
	struct connection *connections[CONNECTIONS_MAX];
};

struct fixture {
	struct loop *loop;
	struct http *http;
	struct server server;
	struct loop_timer *guard;
	int answers;
	struct http_answer got;            /* body is copied */
	char body[4096];
	struct http_call *other;
};

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void connection_end(struct connection *c)
{
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (c->server->connections[i] == c)
			c->server->connections[i] = NULL;
	loop_io_free(c->io);
	close(c->fd);
	free(c);
}

static void answer(struct connection *c)
{
	static const char flood[] = "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";

	memcpy(c->server->last, c->in, c->len + 1);
	if (strstr(c->in, " /silent "))
		return;
	if (strstr(c->in, " /flood ")) {
		say(c->fd, flood);
		c->floods = true;
		loop_io_set(c->io, LOOP_READ | LOOP_WRITE);
	} else if (strstr(c->in, " /headers ")) {
		say(c->fd, "HTTP/1.1 200 OK\r\n");
		c->floods = true;
		loop_io_set(c->io, LOOP_READ | LOOP_WRITE);
	} else if (strstr(c->in, " /moved ")) {
		say(c->fd, "HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n");
	} else if (strstr(c->in, " /error ")) {
		say(c->fd, "HTTP/1.1 500 Broken\r\nContent-Length: 4\r\n\r\noops");
	} else if (strncmp(c->in, "HEAD", 4) == 0) {
		say(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	} else {
		say(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	}
}

static bool request_is_whole(const struct connection *c)
{
	const char *end = strstr(c->in, "\r\n\r\n");
	const char *length = strcasestr(c->in, "Content-Length: ");

	return end && c->len - (size_t)(end + 4 - c->in) >= (length ? strtoul(length + 16, NULL, 10) : 0);
}

static void connection_ready(int fd, int events, void *arg)
{
	struct connection *c = arg;
	ssize_t n;

	if (events & LOOP_WRITE && c->floods) {
		char header[1000];

		memset(header, 'x', sizeof header);
		memcpy(header, "X-A: ", 5);
		memcpy(header + sizeof header - 2, "\r\n", 2);
		if (send(fd, header, sizeof header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			connection_end(c);
		return;
	}
	n = recv(fd, c->in + c->len, sizeof c->in - c->len - 1, MSG_DONTWAIT);
	if (n <= 0) {
		connection_end(c);
		return;
	}
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	if (request_is_whole(c)) {
		answer(c);
		c->len = 0;
	}
}

static void server_ready(int fd, int events, void *arg)
{
	struct server *s = arg;
	struct connection *c = mem_alloc(sizeof *c);

	(void)events;
	c->server = s;
	c->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(c->fd >= 0);
	c->io = loop_io_new(s->loop, c->fd, LOOP_READ, connection_ready, c);
	s->connections[s->accepted++ % CONNECTIONS_MAX] = c;
}

static void server_listen(struct server *s, struct loop *loop, const struct sockaddr *address, socklen_t len)
{
	s->loop = loop;
	s->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, address, len), 0);
	assert_int_equal(listen(s->fd, 16), 0);
	s->io = loop_io_new(loop, s->fd, LOOP_READ, server_ready, s);
}

static void server_on_port(struct server *s, struct loop *loop)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;

	server_listen(s, loop, (struct sockaddr *)&address, len);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

static void server_end(struct server *s)
{
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (s->connections[i])
			connection_end(s->connections[i]);
	loop_io_free(s->io);
	close(s->fd);
}

static void too_late(void *arg)
{
	(void)arg;
	fail_msg("no answer within 10 s");
}

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	f->loop = loop_new();
	f->http = http_new(f->loop);
	f->guard = loop_timer_new(f->loop, too_late, NULL);
	loop_timer_set(f->guard, 10000);
	server_on_port(&f->server, f->loop);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	http_free(f->http);
	server_end(&f->server);
	loop_timer_free(f->guard);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void came(void *arg, const struct http_answer *got)
{
	struct fixture *f = arg;

	f->answers++;
	f->got = *got;
	snprintf(f->body, sizeof f->body, "%s", got->body);
	loop_stop(f->loop);
}

static void ask(struct fixture *f, struct http_request request, const char *path)
{
	AUTO(mem_auto_free) char *url = mem_printf("%s%s", f->server.url, path);
	int before = f->answers;

	request.url = url;
	http_send(f->http, &request, came, f);
	assert_int_equal(f->answers, before);       /* never from inside http_send */
	loop_run(f->loop);
	assert_int_equal(f->answers, before + 1);
}

static void an_answer_comes_with_status_body_and_time(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct http_request){ 0 }, "/hello");
	assert_true(f->got.ok);
	assert_int_equal(f->got.status, 200);
	assert_string_equal(f->body, "hello");
	assert_true(f->got.took_us > 0);
	ask(f, (struct http_request){ .method = "HEAD" }, "/hello");
	assert_true(f->got.ok);
	assert_int_equal(f->got.body_len, 0);
}

static void a_bad_status_is_an_answer_too(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct http_request){ 0 }, "/error");
	assert_true(f->got.ok);
	assert_int_equal(f->got.status, 500);
	assert_string_equal(f->body, "oops");
}

static void method_headers_and_body_arrive_as_given(void **state)
{
	struct fixture *f = *state;
	const char *headers[] = { "X-Colour: green", NULL };

	ask(f, (struct http_request){ .method = "PUT", .headers = headers, .body = "a\0b", .body_len = 3 }, "/cart");
	assert_true(f->got.ok);
	assert_memory_equal(f->server.last, "PUT /cart HTTP/1.1\r\n", 20);
	assert_non_null(strstr(f->server.last, "\r\nX-Colour: green\r\n"));
	assert_non_null(strstr(f->server.last, "\r\nContent-Length: 3\r\n"));
	assert_null(strstr(f->server.last, "Expect:"));
	assert_memory_equal(strstr(f->server.last, "\r\n\r\n") + 4, "a\0b", 3);
}

static void redirects_are_not_followed(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct http_request){ 0 }, "/moved");
	assert_true(f->got.ok);
	assert_int_equal(f->got.status, 302);
}

static void an_answer_over_the_limit_is_refused(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct http_request){ .max_answer = 1000 }, "/flood");
	assert_false(f->got.ok);
	assert_int_equal(f->got.err.kind, ERR_TOO_BIG);
	assert_non_null(strstr(f->got.err.text, "larger than 1000 bytes"));
	ask(f, (struct http_request){ 0 }, "/headers");
	assert_false(f->got.ok);
	assert_int_equal(f->got.err.kind, ERR_TOO_BIG);
}

static void silence_ends_at_the_deadline(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct http_request){ .timeout_ms = 50 }, "/silent");
	assert_false(f->got.ok);
	assert_int_equal(f->got.err.kind, ERR_TIMEOUT);
	assert_non_null(strstr(f->got.err.text, "/silent: no whole answer within 50 ms"));
}

static void a_closed_port_is_unreachable_and_a_strange_address_is_refused(void **state)
{
	struct fixture *f = *state;
	struct http_request request = { .url = "file:///etc/passwd" };

	http_send(f->http, &request, came, f);
	loop_run(f->loop);
	assert_false(f->got.ok);
	assert_int_equal(f->got.err.kind, ERR_USAGE);
	request.url = "http://127.0.0.1:1/";
	http_send(f->http, &request, came, f);
	loop_run(f->loop);
	assert_false(f->got.ok);
	assert_int_equal(f->got.err.kind, ERR_UNREACHABLE);
}

static void connections_are_reused_unless_a_fresh_one_is_asked_for(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct http_request){ 0 }, "/hello");
	ask(f, (struct http_request){ 0 }, "/hello");
	assert_int_equal(f->server.accepted, 1);
	ask(f, (struct http_request){ .fresh = true }, "/hello");
	ask(f, (struct http_request){ .fresh = true }, "/hello");
	assert_int_equal(f->server.accepted, 3);
}

static void a_proxy_in_the_environment_is_not_used(void **state)
{
	struct fixture *f = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	ask(f, (struct http_request){ 0 }, "/hello");
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_true(f->got.ok);
}

static void a_unix_socket_can_be_asked(void **state)
{
	struct fixture *f = *state;
	struct server on_path = { 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct http_request request = { .url = "http://localhost/hello", .unix_path = address.sun_path };

	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/slipway-http-%d.sock", (int)getpid());
	server_listen(&on_path, f->loop, (struct sockaddr *)&address, sizeof address);
	http_send(f->http, &request, came, f);
	loop_run(f->loop);
	server_end(&on_path);
	unlink(address.sun_path);
	assert_true(f->got.ok);
	assert_string_equal(f->body, "hello");
}

/* A certificate that nobody signed but itself, for "localhost"; key and certificate in one file, as HAProxy wants it. */
static void write_certificate(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_true(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL));
	assert_true(PEM_write_X509(out, cert));
	fclose(out);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* HAProxy with that certificate answers 200 to everybody who accepts it. */
static pid_t start_tls_server(const char *dir, int port)
{
	AUTO(mem_auto_free) char *pem = mem_printf("%s/tls.pem", dir);
	AUTO(mem_auto_free) char *config = mem_printf("%s/tls.cfg", dir);
	FILE *out = fopen(config, "w");
	pid_t pid;

	write_certificate(pem);
	fprintf(out, "defaults\n mode http\n timeout client 10s\n timeout server 10s\n timeout connect 10s\n"
	        "frontend tls\n bind 127.0.0.1:%d ssl crt %s\n http-request return status 200\n", port, pem);
	fclose(out);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/usr/sbin/haproxy", "haproxy", "-q", "-db", "-f", config, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/slipway-tls.XXXXXX";
	int port = free_port();
	AUTO(mem_auto_free) char *url = mem_printf("https://localhost:%d/", port);
	bool is_up = true;
	pid_t server;

	assert_non_null(mkdtemp(dir));
	server = start_tls_server(dir, port);
	do {
		http_send(f->http, &(struct http_request){ .url = url, .fresh = true }, came, f);
		loop_run(f->loop);
		is_up = waitpid(server, NULL, WNOHANG) == 0;
	} while (is_up && !f->got.ok && !strstr(f->got.err.text, "certificate"));
	if (is_up) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	file_remove_tree(dir, NULL);
	assert_false(f->got.ok);
	assert_int_equal(f->got.err.kind, ERR_UNREACHABLE);
	assert_non_null(strstr(f->got.err.text, "certificate"));
}

static void came_and_cancels_the_other(void *arg, const struct http_answer *got)
{
	struct fixture *f = arg;

	came(f, got);
	http_cancel(f->other);
}

static void a_cancelled_call_never_calls_back(void **state)
{
	struct fixture *f = *state;
	AUTO(mem_auto_free) char *silent = mem_printf("%s/silent", f->server.url);
	AUTO(mem_auto_free) char *hello = mem_printf("%s/hello", f->server.url);

	f->other = http_send(f->http, &(struct http_request){ .url = silent, .timeout_ms = 100 }, came, f);
	http_send(f->http, &(struct http_request){ .url = hello }, came_and_cancels_the_other, f);
	loop_run(f->loop);
	assert_int_equal(f->answers, 1);
	ask(f, (struct http_request){ .timeout_ms = 150 }, "/silent");
	assert_int_equal(f->answers, 2);
	/* one that is still under way is freed with the http (tear_down; a leak would show under ASan) */
	http_send(f->http, &(struct http_request){ .url = silent }, came, f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(an_answer_comes_with_status_body_and_time),
		CASE(a_bad_status_is_an_answer_too),
		CASE(method_headers_and_body_arrive_as_given),
		CASE(redirects_are_not_followed),
		CASE(an_answer_over_the_limit_is_refused),
		CASE(silence_ends_at_the_deadline),
		CASE(a_closed_port_is_unreachable_and_a_strange_address_is_refused),
		CASE(connections_are_reused_unless_a_fresh_one_is_asked_for),
		CASE(a_proxy_in_the_environment_is_not_used),
		CASE(a_unix_socket_can_be_asked),
		CASE(a_certificate_that_nobody_vouches_for_is_refused),
		CASE(a_cancelled_call_never_calls_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
