#include "backend/drivers/host/model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/mem.h"

#define SLOT_ADDRESS "127.0.0.1"

static void set_var(struct host_vars *vars, const char *name, const char *value)
{
	size_t at = 0;

	while (at < vars->n && strcmp(vars->items[at].name, name) < 0)
		at++;
	if (at < vars->n && strcmp(vars->items[at].name, name) == 0) {
		free(vars->items[at].value);
		vars->items[at].value = mem_dup(value);
		return;
	}
	vars->items = mem_grow(vars->items, vars->n, &vars->cap, sizeof *vars->items);
	memmove(&vars->items[at + 1], &vars->items[at], (vars->n - at) * sizeof *vars->items);
	vars->items[at] = (struct host_var){ .name = mem_dup(name), .value = mem_dup(value) };
	vars->n++;
}

void host_vars_done(struct host_vars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		free(vars->items[i].name);
		free(vars->items[i].value);
	}
	free(vars->items);
	*vars = (struct host_vars){ 0 };
}

static void fill_vars(struct host_part *part, const struct config_component *c, const struct config_environment *env)
{
	struct host_vars vars = { 0 };

	for (size_t i = 0; i < c->nvars; i++)
		set_var(&vars, c->vars[i].name, c->vars[i].value);
	for (size_t i = 0; i < env->nvars; i++)
		set_var(&vars, env->vars[i].name, env->vars[i].value);
	part->vars = vars.items;
	part->nvars = vars.n;
}

static void fill_needs(struct host_part *part, const struct config_component *c, const struct config_app *app)
{
	part->needs = mem_array(c->nneeds, sizeof *part->needs);
	for (size_t i = 0; i < c->nneeds; i++)
		for (size_t j = 0; j < app->ncomponents; j++)
			if (strcmp(c->needs[i], app->components[j].name) == 0)
				part->needs[part->nneeds++] = j;
}

static void fill_part(struct host_part *part, const struct config_component *c, const struct config_app *app,
                      const struct config_environment *env, const struct ports *ports)
{
	const struct ports_entry *entry = ports_find(ports, c->name);

	part->name = mem_dup(c->name);
	part->artifact = mem_dup(c->artifact ? c->artifact : c->name);
	part->start = mem_dup_list((const char *const *)c->start);
	part->migrate = c->migrate ? mem_dup_list((const char *const *)c->migrate) : NULL;
	part->protocol = c->protocol;
	part->health = mem_dup(c->health);
	part->health_within_ms = c->health_within_ms;
	fill_vars(part, c, env);
	fill_needs(part, c, app);
	if (!entry)
		return;
	part->public_port = config_port(env, c->name);
	part->preview_port = entry->preview;
	memcpy(part->port, entry->slot, sizeof part->port);
}

struct host_model *host_model_new(const struct config_app *app, const struct config_environment *env,
                                  const struct ports *ports)
{
	struct host_model *model = mem_alloc(sizeof *model);

	*model = (struct host_model){
		.refs = 1,
		.app = mem_dup(app->name),
		.env = mem_dup(env->name),
		.bind = mem_dup(env->bind ? env->bind : SLOT_ADDRESS),
		.parts = mem_array(app->ncomponents, sizeof *model->parts),
		.n = app->ncomponents,
		.verify_ms = app->verify_ms,
		.verify_interval_ms = app->verify_interval_ms,
		.verify_failures = app->verify_failures,
		.drain_ms = app->drain_ms,
	};
	for (size_t i = 0; i < app->ncomponents; i++)
		fill_part(&model->parts[i], &app->components[i], app, env, ports);
	return model;
}

struct host_model *host_model_ref(struct host_model *model)
{
	model->refs++;
	return model;
}

static void free_part(struct host_part *part)
{
	struct host_vars vars = { .items = part->vars, .n = part->nvars };

	mem_free_list(part->start);
	mem_free_list(part->migrate);
	free(part->name);
	free(part->artifact);
	free(part->health);
	free(part->needs);
	host_vars_done(&vars);
}

void host_model_unref(struct host_model *model)
{
	if (!model || --model->refs > 0)
		return;
	for (size_t i = 0; i < model->n; i++)
		free_part(&model->parts[i]);
	free(model->parts);
	free(model->app);
	free(model->env);
	free(model->bind);
	free(model);
}

bool host_part_serves(const struct host_part *part)
{
	return part->protocol != PROTOCOL_NONE;
}

const char *host_model_public_address(const struct host_model *model)
{
	if (strcmp(model->bind, "0.0.0.0") == 0 || strcmp(model->bind, "*") == 0)
		return "127.0.0.1";
	return strcmp(model->bind, "::") == 0 ? "::1" : model->bind;
}

static char *make_url(enum config_protocol protocol, const char *address, int port)
{
	bool is_v6 = strchr(address, ':');

	return mem_printf("%s://%s%s%s:%d", protocol == PROTOCOL_TCP ? "tcp" : "http", is_v6 ? "[" : "", address,
	                  is_v6 ? "]" : "", port);
}

char *host_part_url(const struct host_model *model, const struct host_part *part, bool preview)
{
	int port = preview ? part->preview_port : part->public_port;

	if (!port)
		return NULL;
	return make_url(part->protocol, preview ? SLOT_ADDRESS : host_model_public_address(model), port);
}

static void set_need(struct host_vars *vars, const struct host_part *need, enum colour colour)
{
	AUTO(mem_auto_free) char *stem = mem_printf("SLIPWAY_%s", need->name);
	AUTO(mem_auto_free) char *host = NULL;
	AUTO(mem_auto_free) char *port = NULL;
	AUTO(mem_auto_free) char *url = NULL;
	AUTO(mem_auto_free) char *number = mem_printf("%d", need->port[colour]);
	AUTO(mem_auto_free) char *address = make_url(need->protocol, SLOT_ADDRESS, need->port[colour]);

	for (char *p = stem; *p; p++)
		*p = (char)(isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_');
	host = mem_printf("%s_HOST", stem);
	port = mem_printf("%s_PORT", stem);
	url = mem_printf("%s_URL", stem);
	set_var(vars, host, SLOT_ADDRESS);
	set_var(vars, port, number);
	set_var(vars, url, address);
}

void host_part_vars(const struct host_model *model, const struct host_part *part, enum colour colour,
                    const char *version, const char *flags, struct host_vars *ret)
{
	AUTO(mem_auto_free) char *port = mem_printf("%d", part->port[colour]);
	const char *home = getenv("HOME");

	set_var(ret, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	set_var(ret, "HOME", home ? home : "/");
	set_var(ret, "LANG", "C.UTF-8");
	for (size_t i = 0; i < part->nvars; i++)
		set_var(ret, part->vars[i].name, part->vars[i].value);
	/* Ours come last: a process with another port than the one that is routed to would never be healthy. */
	if (host_part_serves(part))
		set_var(ret, "PORT", port);
	set_var(ret, "SLIPWAY_VERSION", version);
	set_var(ret, "SLIPWAY_COLOUR", colour_name(colour));
	set_var(ret, "SLIPWAY_ENVIRONMENT", model->env);
	set_var(ret, "SLIPWAY_FLAGS", flags);
	for (size_t i = 0; i < part->nneeds; i++)
		if (host_part_serves(&model->parts[part->needs[i]]))
			set_need(ret, &model->parts[part->needs[i]], colour);
}
