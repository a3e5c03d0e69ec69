#include "backend/drivers/host/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

enum { FILE_MAX = 1024 * 1024 };

void ports_done(struct ports *ports)
{
	for (size_t i = 0; i < ports->n; i++)
		free(ports->entries[i].component);
	free(ports->entries);
	*ports = (struct ports){ 0 };
}

const struct ports_entry *ports_find(const struct ports *ports, const char *component)
{
	for (size_t i = 0; i < ports->n; i++)
		if (strcmp(ports->entries[i].component, component) == 0)
			return &ports->entries[i];
	return NULL;
}

bool port_is_free(const char *address, int port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	bool is_v6 = inet_pton(AF_INET, address, &v4.sin_addr) != 1;
	AUTO(mem_auto_close) int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (is_v6)
		inet_pton(AF_INET6, address, &v6.sin6_addr);
	/* What is left of closed connections does not count, a listener does. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4, is_v6 ? sizeof v6 : sizeof v4) == 0
	       || errno != EADDRINUSE;
}

static bool read_file(const char *path, json_t **ret, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };

	if (access(path, F_OK) != 0) {
		*ret = json_object();
		return true;
	}
	if (!file_read(path, FILE_MAX, &text, err))
		return false;
	*ret = json_read(text.data, text.len, err);
	return *ret || err_wrap(err, "%s", path);
}

static json_t *to_json(const struct ports *ports)
{
	json_t *all = json_object();

	for (size_t i = 0; i < ports->n; i++) {
		const struct ports_entry *e = &ports->entries[i];
		json_t *one = json_object();

		json_object_set_new(one, "blue", json_integer(e->slot[COLOUR_BLUE]));
		json_object_set_new(one, "green", json_integer(e->slot[COLOUR_GREEN]));
		json_object_set_new(one, "preview", json_integer(e->preview));
		json_object_set_new(all, e->component, one);
	}
	return all;
}

static bool in_range(const struct config_environment *env, int port)
{
	return port >= env->slot_port_first && port <= env->slot_port_last;
}

/* What the file says of a component, without what is outside of the range now. */
static struct ports_entry kept(const json_t *known, const struct config_environment *env, const char *component,
                               enum colour live)
{
	const json_t *was = json_object_get(known, component);
	struct ports_entry e = { .component = mem_dup(component), .preview = (int)json_int(was, "preview", 0) };

	e.slot[COLOUR_BLUE] = (int)json_int(was, "blue", 0);
	e.slot[COLOUR_GREEN] = (int)json_int(was, "green", 0);
	for (enum colour c = COLOUR_BLUE; c <= COLOUR_GREEN; c++)
		if (c != live && !in_range(env, e.slot[c]))
			e.slot[c] = 0;
	if (!in_range(env, e.preview))
		e.preview = 0;
	return e;
}

static bool is_used(const struct ports *ports, const struct config_environment *env, int port)
{
	for (size_t i = 0; i < env->nports; i++)
		if (env->ports[i].port == port)
			return true;
	for (size_t i = 0; i < ports->n; i++) {
		const struct ports_entry *e = &ports->entries[i];

		if (e->slot[COLOUR_BLUE] == port || e->slot[COLOUR_GREEN] == port || e->preview == port)
			return true;
	}
	return false;
}

static bool fill(struct ports *ports, const struct config_environment *env, int *port)
{
	for (int p = env->slot_port_first; p <= env->slot_port_last && !*port; p++)
		if (!is_used(ports, env, p) && port_is_free("127.0.0.1", p))
			*port = p;
	return *port != 0;
}

static bool fill_all(struct ports *ports, const struct config_environment *env, struct err *err)
{
	for (size_t i = 0; i < ports->n; i++) {
		struct ports_entry *e = &ports->entries[i];

		if (!fill(ports, env, &e->slot[COLOUR_BLUE]) || !fill(ports, env, &e->slot[COLOUR_GREEN])
		    || !fill(ports, env, &e->preview))
			return err_set(err, ERR_CONFIG, "%s: no free port for %s in the range %d-%d; give environment %s a larger "
			               "range in \"slots\"", env->name, e->component, env->slot_port_first, env->slot_port_last,
			               env->name);
	}
	return true;
}

bool ports_assign(const char *path, const struct config_app *app, const struct config_environment *env,
                  enum colour live, struct ports *ret, struct err *err)
{
	AUTO(json_auto_decref) json_t *known = NULL;
	AUTO(json_auto_decref) json_t *now = NULL;
	AUTO(mem_auto_free) char *line = NULL;
	AUTO(ports_done) struct ports ports = { 0 };

	if (!read_file(path, &known, err))
		return false;
	for (size_t i = 0; i < app->ncomponents; i++) {
		if (app->components[i].protocol == PROTOCOL_NONE)
			continue;
		ports.entries = mem_grow(ports.entries, ports.n, &ports.cap, sizeof *ports.entries);
		ports.entries[ports.n++] = kept(known, env, app->components[i].name, live);
	}
	if (!fill_all(&ports, env, err))
		return false;
	now = to_json(&ports);
	line = json_line(now);
	if (!json_equal(known, now) && !file_write_atomic(path, line, strlen(line), 0600, err))
		return false;
	*ret = ports;
	ports = (struct ports){ 0 };
	return true;
}
