/*
 * client: one HTTP/1.1 connection that waits for its answers, for tests. Everything is bounded: 5 s, 1 MB.
 */
#ifndef DEMO_CLIENT_H
#define DEMO_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

enum { CLIENT_ANSWER_MAX = 1024 * 1024 };

struct client {
	char host[256], port[8];
	int fd;                            /* -1: not connected; the next request connects */
	int connects;                      /* how often it had to */
	int status;                        /* of the last answer; 0: there was none */
	char *head, *body;                 /* of the last answer, NUL-terminated; "" when there was none */
	char error[160];                   /* why there was none */
	char *bytes; size_t len;           /* head and body point in here */
};

/* `url` is "http://HOST:PORT", with or without a slash at the end. false: it is not. */
bool client_init(struct client *c, const char *url);
void client_done(struct client *c);
/* `form` NULL: no body. Returns the status, 0 for none. */
int client_ask(struct client *c, const char *method, const char *path, const char *form);
/* Sends bytes as they are, then reads an answer. */
int client_send(struct client *c, const char *bytes, size_t len);
/* The value of a header of the last answer, in `text`; "" when it has none. */
const char *client_header(const struct client *c, const char *name, char *text, size_t size);

#endif
