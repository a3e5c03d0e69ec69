#include "demo/src/client.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TIMEOUT_S = 5 };

static int __attribute__((format(printf, 2, 3))) give_up(struct client *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->error, sizeof c->error, fmt, ap);
	va_end(ap);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->status = 0;
	c->len = 0;
	c->bytes[0] = '\0';
	c->head = c->body = c->bytes;
	return 0;
}

bool client_init(struct client *c, const char *url)
{
	*c = (struct client){ .fd = -1 };
	c->bytes = calloc(1, CLIENT_ANSWER_MAX + 1);
	if (!c->bytes)
		abort();
	c->head = c->body = c->bytes;
	return url && sscanf(url, "http://%255[^:/]:%7[0-9]", c->host, c->port) == 2;
}

void client_done(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->bytes);
	*c = (struct client){ .fd = -1 };
}

static bool connect_to(struct client *c)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timeval limit = { TIMEOUT_S, 0 };
	struct addrinfo *list;

	if (getaddrinfo(c->host, c->port, &hints, &list) != 0)
		return false;
	for (struct addrinfo *a = list; a && c->fd < 0; a = a->ai_next) {
		c->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);
		if (c->fd < 0)
			continue;
		setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
		if (connect(c->fd, a->ai_addr, a->ai_addrlen) != 0) {
			int number = errno;

			close(c->fd);
			c->fd = -1;
			errno = number;
		}
	}
	freeaddrinfo(list);
	c->connects += c->fd >= 0;
	return c->fd >= 0;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Reads more; false: nothing more comes, or the answer is too big. */
static bool read_more(struct client *c)
{
	ssize_t n;

	if (c->len == CLIENT_ANSWER_MAX)
		return false;
	n = recv(c->fd, c->bytes + c->len, CLIENT_ANSWER_MAX - c->len, 0);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	c->bytes[c->len] = '\0';
	return true;
}

const char *client_header(const struct client *c, const char *name, char *text, size_t size)
{
	size_t len = strlen(name);

	text[0] = '\0';
	for (const char *line = strchr(c->head, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			snprintf(text, size, "%.*s", (int)strcspn(line + len + 1 + strspn(line + len + 1, " "), "\r\n"),
			         line + len + 1 + strspn(line + len + 1, " "));
			break;
		}
	}
	return text;
}

/* The head is there; the body is as long as Content-Length says. Services here never answer in chunks. */
static bool read_body(struct client *c, size_t head_len, bool has_body)
{
	char text[32];
	size_t want = has_body ? strtoul(client_header(c, "Content-Length", text, sizeof text), NULL, 10) : 0;

	while (c->len < head_len + want)
		if (!read_more(c))
			return false;
	c->body = c->bytes + head_len;
	return true;
}

static int read_answer(struct client *c, bool has_body)
{
	char text[32];
	char *end;

	while (!(end = strstr(c->bytes, "\r\n\r\n")))
		if (!read_more(c))
			return give_up(c, "no answer: %s", c->len ? "it ends in the middle" : "the connection was closed");
	c->head = c->bytes;
	if (sscanf(c->head, "HTTP/1.1 %d", &c->status) != 1)
		return give_up(c, "that is no HTTP/1.1");
	end[2] = '\0';
	if (!read_body(c, (size_t)(end - c->bytes) + 4, has_body))
		return give_up(c, "the body ends too early");
	if (strcasecmp(client_header(c, "Connection", text, sizeof text), "close") == 0) {
		close(c->fd);
		c->fd = -1;
	}
	return c->status;
}

static int send_and_read(struct client *c, const char *bytes, size_t len, bool has_body)
{
	c->error[0] = '\0';
	c->len = 0;
	c->bytes[0] = '\0';
	c->head = c->body = c->bytes;
	if (c->fd < 0 && !connect_to(c))
		return give_up(c, "cannot connect to %s:%s: %s", c->host, c->port, strerror(errno));
	if (!write_all(c->fd, bytes, len))
		return give_up(c, "cannot send: %s", strerror(errno));
	return read_answer(c, has_body);
}

int client_send(struct client *c, const char *bytes, size_t len)
{
	return send_and_read(c, bytes, len, true);
}

int client_ask(struct client *c, const char *method, const char *path, const char *form)
{
	size_t room = 1024 + strlen(path) + (form ? strlen(form) : 0);
	char *text = malloc(room);
	int n, status;

	if (!text)
		abort();
	n = snprintf(text, room, "%s %s HTTP/1.1\r\nHost: %s:%s\r\n", method, path, c->host, c->port);
	if (form)
		n += snprintf(text + n, room - (size_t)n, "Content-Type: application/x-www-form-urlencoded\r\n"
		              "Content-Length: %zu\r\n\r\n%s", strlen(form), form);
	else
		n += snprintf(text + n, room - (size_t)n, "\r\n");
	status = send_and_read(c, text, (size_t)n, strcmp(method, "HEAD") != 0);
	free(text);
	return status;
}
