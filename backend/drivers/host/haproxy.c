#include "backend/drivers/host/haproxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"

enum { CONFIG_MAX = 4 * 1024 * 1024 };

/*
 * retry-on: a GET that met a closed connection (the application restarted) is sent again, other methods never are.
 * hard-stop-after: an old worker after a reload leaves even when a client streams for ever.
 */
static const char head[] =
	"\tstats socket unix@" HAPROXY_SOCKET " mode 600 level admin expose-fd listeners\n"
	"\thard-stop-after 10m\n"
	"defaults\n"
	"\ttimeout connect 5s\n"
	"\ttimeout client 10m\n"
	"\ttimeout server 10m\n"
	"\ttimeout http-request 30s\n"
	"\ttimeout http-keep-alive 60s\n"
	"\ttimeout queue 10s\n"
	"\tretries 3\n";

static const char *mode_of(const struct host_part *part)
{
	return part->protocol == PROTOCOL_TCP ? "tcp" : "http";
}

static void add_frontend(struct buf *out, const struct host_part *part, const char *kind, const char *address, int port)
{
	bool is_v6 = strchr(address, ':');

	if (!port)
		return;
	buf_printf(out, "frontend %s.%s\n\tmode %s\n", kind, part->name, mode_of(part));
	buf_printf(out, "\tbind %s%s%s:%d\n", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
	if (part->protocol == PROTOCOL_HTTP)
		buf_printf(out, "\toption forwardfor\n");
	buf_printf(out, "\tuse_backend %%[str(%s/%s),map(" ROUTES_FILE ",none)]\n", kind, part->name);
}

static void add_backend(struct buf *out, const struct host_part *part, enum colour colour)
{
	buf_printf(out, "backend %s-%s\n\tmode %s\n", part->name, colour_name(colour), mode_of(part));
	if (part->protocol == PROTOCOL_HTTP)
		buf_printf(out, "\tretry-on conn-failure empty-response\n\thttp-request disable-l7-retry if ! METH_GET\n");
	buf_printf(out, "\tserver slot 127.0.0.1:%d\n", part->port[colour]);
}

void haproxy_config(const struct host_model *model, struct buf *ret, char ret_mark[static DIGEST_SIZE])
{
	AUTO(buf_done) struct buf body = { 0 };

	buf_init(&body, CONFIG_MAX);
	buf_add_text(&body, head);
	for (size_t i = 0; i < model->n; i++) {
		const struct host_part *part = &model->parts[i];

		if (!host_part_serves(part))
			continue;
		add_frontend(&body, part, "public", model->bind, part->public_port);
		add_frontend(&body, part, "preview", "127.0.0.1", part->preview_port);
		add_backend(&body, part, COLOUR_BLUE);
		add_backend(&body, part, COLOUR_GREEN);
	}
	digest_bytes(body.data, body.len, ret_mark);
	buf_init(ret, CONFIG_MAX + 1024);
	buf_printf(ret, "# Written by slipwayd for %s/%s; changes made here are lost.\n", model->app, model->env);
	buf_printf(ret, "global\n\tdescription %s\n%s", ret_mark, body.data);
}

char *haproxy_mark(const char *show_info)
{
	static const char key[] = "\ndescription: ";
	const char *at = strstr(show_info, key);

	if (!at)
		return mem_dup("");
	at += sizeof key - 1;
	return mem_dupn(at, strcspn(at, "\r\n"));
}

int haproxy_version(const char *answer)
{
	int version = 0;

	return sscanf(answer, "New version created: %d", &version) == 1 && version > 0 ? version : 0;
}

static char *join(const char *line, const char *command)
{
	return line ? mem_printf("%s; %s", line, command) : mem_dup(command);
}

char **haproxy_map_lines(const struct routes *routes, int version)
{
	AUTO(mem_auto_free) char *commit = mem_printf("commit map @%d " ROUTES_FILE, version);
	char **lines = NULL;
	size_t n = 0, cap = 0;
	char *line = NULL;

	for (size_t i = 0; i <= routes->n; i++) {
		AUTO(mem_auto_free) char *add = i == routes->n ? NULL : mem_printf("add map @%d " ROUTES_FILE " %s %s", version,
		                                                                  routes->items[i].key, routes->items[i].value);
		char *longer = join(line, add ? add : commit);

		if (line && strlen(longer) > HAPROXY_LINE_MAX) {
			lines = mem_grow(lines, n, &cap, sizeof *lines);
			lines[n++] = line;
			free(longer);
			longer = mem_dup(add ? add : commit);
		} else {
			free(line);
		}
		line = longer;
	}
	lines = mem_grow(lines, n, &cap, sizeof *lines);
	lines[n++] = line;
	lines = mem_grow(lines, n, &cap, sizeof *lines);
	lines[n] = NULL;
	return lines;
}

void haproxy_lines_free(char **lines)
{
	for (char **line = lines; line && *line; line++)
		free(*line);
	free(lines);
}

bool haproxy_is_quiet(const char *answer)
{
	return answer[strspn(answer, " \r\n")] == '\0';
}

/* The n-th field of a line of CSV without quotes: what `show stat` writes for names like ours. */
static bool field_at(const char *line, size_t index, const char **ret, size_t *ret_len)
{
	for (; index > 0; index--) {
		line += strcspn(line, ",\n");
		if (*line != ',')
			return false;
		line++;
	}
	*ret = line;
	*ret_len = strcspn(line, ",\n");
	return true;
}

static bool field_is(const char *line, size_t index, const char *want)
{
	const char *text;
	size_t len;

	return field_at(line, index, &text, &len) && len == strlen(want) && memcmp(text, want, len) == 0;
}

int64_t haproxy_stat(const char *csv, const char *proxy, const char *server, const char *field)
{
	const char *header = strncmp(csv, "# ", 2) == 0 ? csv + 2 : csv;
	size_t column = 0;
	const char *text;
	size_t len;

	while (!field_is(header, column, field))
		if (!field_at(header, ++column, &text, &len))
			return 0;
	for (const char *line = strchr(csv, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (field_is(line, 0, proxy) && field_is(line, 1, server))
			return field_at(line, column, &text, &len) ? strtoll(text, NULL, 10) : 0;
	}
	return 0;
}
