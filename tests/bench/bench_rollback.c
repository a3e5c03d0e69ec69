/*
 * Rollback to a warm colour, from the request to the first answer of the other version, next to a bare map transaction
 * of the same HAProxy, measured the same way in the same run; alone, and while visitors load the public port. In both a
 * visitor asks from the moment on in which the last word was sent; what the engine and HAProxy answer is read afterwards.
 *
 * A rollback comes out of rest: the deployment before it has to be over. So the bare transaction is measured out of rest
 * too, and once more without, where processors and connections are warm from the one before.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 100, ANSWER_MAX = 65536, REST_US = 200000 };

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_rollback: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		die(path);
	return fd;
}

static int connect_public(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	address.sin_port = htons((uint16_t)strtol(getenv("BENCH_PORT"), NULL, 10));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		die("connect to the public port");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void send_all(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		die("send");
}

/* Everything up to the peer's end. */
static void read_all(int fd, char answer[static ANSWER_MAX])
{
	size_t used = 0;
	ssize_t n;

	while (used < ANSWER_MAX - 1 && (n = read(fd, answer + used, ANSWER_MAX - 1 - used)) > 0)
		used += (size_t)n;
	answer[used] = '\0';
	close(fd);
}

/* The version that answers on a connection of its own, kept alive over the whole switch. */
static bool answers_with(int fd, const char *version)
{
	char answer[4096];
	ssize_t n;

	send_all(fd, "GET /version HTTP/1.1\r\nHost: bench\r\n\r\n");
	n = read(fd, answer, sizeof answer - 1);
	if (n <= 0)
		die("no answer on the public port: a request was lost");
	answer[n] = '\0';
	if (!strstr(answer, "200 OK"))
		die("a bad status on the public port");
	return strstr(answer, version) != NULL;
}

/* The connection on which the answer comes. */
static int send_rollback(const char *version)
{
	char body[200], request[500];
	int fd = connect_unix(getenv("BENCH_SOCKET"));

	/* With a reason, because each rollback puts the build that it leaves into quarantine. */
	snprintf(body, sizeof body,
	         "{\"environment\":\"dev\",\"kind\":\"rollback\",\"version\":\"%s\",\"reason\":\"to and fro\"}", version);
	snprintf(request, sizeof request, "POST /v1/deployments HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n"
	         "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
	send_all(fd, request);
	return fd;
}

/* What came of it: 202 of the engine, empty lines of HAProxy. */
static void expect_taken(int fd, bool bare)
{
	static char answer[ANSWER_MAX];

	read_all(fd, answer);
	if (bare ? answer[strspn(answer, "\n")] == '\0' : strstr(answer, " 202 ") != NULL)
		return;
	fprintf(stderr, "%s\n", answer);
	exit(1);
}

static void wait_idle(void)
{
	static char answer[ANSWER_MAX];

	do {
		int fd = connect_unix(getenv("BENCH_SOCKET"));

		usleep(20000);
		send_all(fd, "GET /v1/status HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n");
		read_all(fd, answer);
	} while (!strstr(answer, "\"state\":\"succeeded\""));
}

static void ask_admin(const char *command, char answer[static ANSWER_MAX])
{
	int fd = connect_unix(getenv("BENCH_ADMIN"));

	send_all(fd, command);
	read_all(fd, answer);
}

/* Every route to the other colour, in one transaction; the connection on which the answer comes. */
static int send_swap(void)
{
	static char map[ANSWER_MAX], command[ANSWER_MAX], answer[ANSWER_MAX];
	char *rest = map, *line, *number;
	size_t used = 0;
	int fd;

	ask_admin("show map routes.map\n", map);
	ask_admin("prepare map routes.map\n", answer);
	number = strstr(answer, "created: ");
	if (!number)
		die("prepare map");
	number[strcspn(number, "\r\n")] = '\0';
	number += strlen("created: ");
	while ((line = strsep(&rest, "\n"))) {
		char key[200], value[200], *colour;

		if (sscanf(line, "%*s %199s %199s", key, value) != 2 || !(colour = strrchr(value, '-')))
			continue;
		*colour++ = '\0';
		used += (size_t)snprintf(command + used, sizeof command - used, "add map @%s routes.map %s %s-%s; ", number,
		                         key, value, strcmp(colour, "blue") == 0 ? "green" : "blue");
	}
	snprintf(command + used, sizeof command - used, "commit map @%s routes.map\n", number);
	fd = connect_unix(getenv("BENCH_ADMIN"));
	send_all(fd, command);
	return fd;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void measure(bool bare, bool rests, const char *title)
{
	int64_t took[ROUNDS];
	int fd = connect_public(), asked;

	for (int i = 0; i < ROUNDS; i++) {
		const char *to = answers_with(fd, "1.1.0") ? "1.0.0" : "1.1.0";
		int64_t began;

		if (!bare)
			wait_idle();
		else if (rests)
			usleep(REST_US);
		began = now_us();
		asked = bare ? send_swap() : send_rollback(to);
		while (!answers_with(fd, to))
			if (now_us() - began > 10000000)
				die("10 s without the other version");
		took[i] = now_us() - began;
		expect_taken(asked, bare);
	}
	close(fd);
	qsort(took, ROUNDS, sizeof took[0], compare);
	printf("%-42s median %.2f ms  p99 %.2f ms  (%d times, 0 requests lost)\n", title, (double)took[ROUNDS / 2] / 1000,
	       (double)took[ROUNDS * 99 / 100] / 1000, ROUNDS);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		execlp("bash", "bash", "tests/bench/rollback.bash", argv[0], (char *)NULL);
		die("bash");
	}
	measure(strcmp(argv[1], "slipway") != 0, strcmp(argv[1], "haproxy-at-once") != 0, argv[2]);
	return 0;
}
