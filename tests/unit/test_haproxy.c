/* What HAProxy is told and what it tells: configuration, routes, map transactions, figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/drivers/host/haproxy.h"
#include "backend/drivers/host/model.h"
#include "backend/drivers/host/ports.h"
#include "backend/drivers/host/routes.h"

static char *words[] = { (char *)"bin/x", NULL };
static char *web_needs[] = { (char *)"api", (char *)"worker" };
static struct config_var web_vars[] = { { (char *)"LEVEL", (char *)"debug" }, { (char *)"TITLE", (char *)"Shop" } };
static struct config_var env_vars[] = { { (char *)"LEVEL", (char *)"info" } };

static struct config_component components[] = {
	{ .name = (char *)"web", .start = words, .protocol = PROTOCOL_HTTP, .health = (char *)"/health", .needs = web_needs,
	  .nneeds = 2, .vars = web_vars, .nvars = 2 },
	{ .name = (char *)"api", .start = words, .protocol = PROTOCOL_TCP },
	{ .name = (char *)"worker", .start = words, .protocol = PROTOCOL_NONE },
};
static struct config_env_port public_ports[] = { { (char *)"web", 8080 } };
static struct config_environment environment = {
	.name = (char *)"prod", .bind = (char *)"0.0.0.0", .ports = public_ports, .nports = 1, .slot_port_first = 20000,
	.slot_port_last = 20010, .vars = env_vars, .nvars = 1,
};
static const struct config_app app = {
	.name = (char *)"shop", .components = components, .ncomponents = 3, .environments = &environment,
	.nenvironments = 1,
};

static struct host_model *model_given(void)
{
	struct ports_entry entries[] = {
		{ .component = (char *)"web", .slot = { 0, 20000, 20001 }, .preview = 20002 },
		{ .component = (char *)"api", .slot = { 0, 20003, 20004 }, .preview = 20005 },
	};
	struct ports ports = { .entries = entries, .n = 2 };

	return host_model_new(&app, &environment, &ports);
}

static int set_up(void **state)
{
	*state = model_given();
	return 0;
}

static int tear_down(void **state)
{
	host_model_unref(*state);
	return 0;
}

static void the_configuration_names_every_frontend_and_both_colours(void **state)
{
	static const char *const expected[] = {
		"frontend public.web\n\tmode http\n\tbind 0.0.0.0:8080\n\toption forwardfor\n"
		"\tuse_backend %[str(public/web),map(routes.map,none)]\n",
		"frontend preview.web\n\tmode http\n\tbind 127.0.0.1:20002\n",
		"frontend preview.api\n\tmode tcp\n\tbind 127.0.0.1:20005\n\tuse_backend "
		"%[str(preview/api),map(routes.map,none)]\n",
		"backend web-blue\n\tmode http\n", "\tserver slot 127.0.0.1:20000\n",
		"backend web-green\n\tmode http\n", "\tserver slot 127.0.0.1:20001\n",
		"backend api-green\n\tmode tcp\n\tserver slot 127.0.0.1:20004\n",
	};
	AUTO(buf_done) struct buf text = { 0 };
	char mark[DIGEST_SIZE];

	haproxy_config(*state, &text, mark);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_non_null(strstr(text.data, expected[i]));
	assert_null(strstr(text.data, "public.api"));
	assert_null(strstr(text.data, "worker"));
}

static void the_mark_changes_with_the_configuration_and_is_found_in_show_info(void **state)
{
	struct host_model *model = *state;
	AUTO(buf_done) struct buf first = { 0 }, same = { 0 }, other = { 0 };
	char mark[DIGEST_SIZE], again[DIGEST_SIZE], changed[DIGEST_SIZE];
	AUTO(mem_auto_free) char *info = NULL;
	AUTO(mem_auto_free) char *found = NULL;
	AUTO(mem_auto_free) char *none = haproxy_mark("Name: HAProxy\nVersion: 2.6\n");

	haproxy_config(model, &first, mark);
	haproxy_config(model, &same, again);
	model->parts[0].public_port = 8081;
	haproxy_config(model, &other, changed);
	info = mem_printf("Name: HAProxy\nnode: x\ndescription: %s\nStopping: 0\n", mark);
	found = haproxy_mark(info);
	assert_string_equal(mark, again);
	assert_string_not_equal(mark, changed);
	assert_string_equal(found, mark);
	assert_string_equal(none, "");
}

static void routes_of_a_colour_are_read_back_as_that_colour(void **state)
{
	for (enum colour colour = COLOUR_NONE; colour < COLOUR_COUNT; colour++) {
		AUTO(routes_done) struct routes made = { 0 }, read = { 0 };
		AUTO(buf_done) struct buf text = { 0 };
		AUTO(mem_auto_free) char *why = NULL;
		enum colour live = COLOUR_COUNT;

		routes_make(*state, colour, COLOUR_GREEN, &made);
		routes_text(&made, &text);
		routes_parse(text.data, &read);
		assert_true(routes_equal(&made, &read));
		assert_true(routes_live(*state, &read, &live, &why));
		assert_int_equal(live, colour);
		assert_int_equal(routes_preview(*state, &read), COLOUR_GREEN);
	}
}

static void show_map_is_read_whatever_its_order(void **state)
{
	AUTO(routes_done) struct routes routes = { 0 };
	AUTO(mem_auto_free) char *why = NULL;
	enum colour live = COLOUR_NONE;

	routes_parse("0x55e1 public/web web-green\n0x55e2 live green\n0x55e3 public/api api-green\n\n", &routes);
	assert_int_equal(routes.n, 3);
	assert_string_equal(routes_get(&routes, "public/web"), "web-green");
	assert_true(routes_live(*state, &routes, &live, &why));
	assert_int_equal(live, COLOUR_GREEN);
}

static void routes_that_do_not_agree_have_no_live_colour(void **state)
{
	static const char *const given[] = {
		"live green\npublic/web web-green\npublic/api api-blue\n", "live blue\npublic/web web-green\npublic/api api-green\n",
		"live green\npublic/web web-green\n", "live red\n", "live blue\npublic/web shop-blue\npublic/api api-blue\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(given); i++) {
		AUTO(routes_done) struct routes routes = { 0 };
		AUTO(mem_auto_free) char *why = NULL;
		enum colour live = COLOUR_COUNT;

		routes_parse(given[i], &routes);
		assert_false(routes_live(*state, &routes, &live, &why));
		assert_non_null(why);
		assert_int_equal(live, COLOUR_COUNT);
	}
}

static void an_empty_map_routes_nothing(void **state)
{
	struct routes routes = { 0 };
	AUTO(mem_auto_free) char *why = NULL;
	enum colour live = COLOUR_COUNT;

	assert_true(routes_live(*state, &routes, &live, &why));
	assert_int_equal(live, COLOUR_NONE);
}

static void a_map_transaction_is_one_line_that_commits_last(void **state)
{
	AUTO(routes_done) struct routes routes = { 0 };
	char **lines;

	routes_parse("live blue\npublic/web web-blue\n", &routes);
	lines = haproxy_map_lines(&routes, 7);
	assert_string_equal(lines[0], "add map @7 routes.map live blue; add map @7 routes.map public/web web-blue; "
	                              "commit map @7 routes.map");
	assert_null(lines[1]);
	haproxy_lines_free(lines);
	(void)state;
}

static void a_large_map_is_split_and_commits_only_once_at_the_end(void **state)
{
	AUTO(routes_done) struct routes routes = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	size_t adds = 0, commits = 0, n = 0;
	char **lines;

	(void)state;
	buf_init(&text, 1024 * 1024);
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "public/component-%04d component-%04d-green\n", i, i);
	routes_parse(text.data, &routes);
	lines = haproxy_map_lines(&routes, 1);
	for (; lines[n]; n++) {
		assert_true(strlen(lines[n]) <= HAPROXY_LINE_MAX);
		for (const char *p = lines[n]; (p = strstr(p, "add map")); p++)
			adds++;
		commits += strstr(lines[n], "commit map") != NULL;
	}
	assert_true(n > 1);
	assert_int_equal(adds, 1000);
	assert_int_equal(commits, 1);
	assert_non_null(strstr(lines[n - 1], "commit map @1 routes.map"));
	haproxy_lines_free(lines);
}

static void answers_of_a_transaction_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(haproxy_version("New version created: 12\n\n"), 12);
	assert_int_equal(haproxy_version("Unknown map identifier. Please use #<id> or <file>.\n\n"), 0);
	assert_true(haproxy_is_quiet("\n\n\n"));
	assert_false(haproxy_is_quiet("\nVersion number out of range.\n"));
}

static void figures_are_found_by_proxy_server_and_column(void **state)
{
	static const char csv[] = "# pxname,svname,qcur,scur,hrsp_5xx,econ,\npublic.web,FRONTEND,,4,1,,\n"
	                          "web-blue,slot,0,3,7,2,\nweb-blue,BACKEND,1,3,8,2,\n\n";

	(void)state;
	assert_int_equal(haproxy_stat(csv, "web-blue", "BACKEND", "hrsp_5xx"), 8);
	assert_int_equal(haproxy_stat(csv, "web-blue", "slot", "econ"), 2);
	assert_int_equal(haproxy_stat(csv, "web-blue", "BACKEND", "qcur"), 1);
	assert_int_equal(haproxy_stat(csv, "public.web", "FRONTEND", "econ"), 0);
	assert_int_equal(haproxy_stat(csv, "web-green", "BACKEND", "scur"), 0);
	assert_int_equal(haproxy_stat(csv, "web-blue", "BACKEND", "nonsense"), 0);
	assert_int_equal(haproxy_stat("", "web-blue", "BACKEND", "scur"), 0);
}

static const char *var(const struct host_vars *vars, const char *name)
{
	for (size_t i = 0; i < vars->n; i++)
		if (strcmp(vars->items[i].name, name) == 0)
			return vars->items[i].value;
	return NULL;
}

static void a_process_is_wired_to_its_own_colour(void **state)
{
	struct host_model *model = *state;
	AUTO(host_vars_done) struct host_vars vars = { 0 };

	host_part_vars(model, &model->parts[0], COLOUR_GREEN, "2.14.0", "/w/flags.json", &vars);
	assert_string_equal(var(&vars, "PORT"), "20001");
	assert_string_equal(var(&vars, "SLIPWAY_API_PORT"), "20004");
	assert_string_equal(var(&vars, "SLIPWAY_API_HOST"), "127.0.0.1");
	assert_string_equal(var(&vars, "SLIPWAY_API_URL"), "tcp://127.0.0.1:20004");
	assert_string_equal(var(&vars, "SLIPWAY_VERSION"), "2.14.0");
	assert_string_equal(var(&vars, "SLIPWAY_COLOUR"), "green");
	assert_string_equal(var(&vars, "SLIPWAY_ENVIRONMENT"), "prod");
	assert_string_equal(var(&vars, "SLIPWAY_FLAGS"), "/w/flags.json");
	assert_string_equal(var(&vars, "LEVEL"), "info");
	assert_string_equal(var(&vars, "TITLE"), "Shop");
	assert_null(var(&vars, "SLIPWAY_WORKER_PORT"));
	for (size_t i = 1; i < vars.n; i++)
		assert_true(strcmp(vars.items[i - 1].name, vars.items[i].name) < 0);
}

static void urls_lead_to_the_public_port_or_the_preview(void **state)
{
	struct host_model *model = *state;
	AUTO(mem_auto_free) char *public_url = host_part_url(model, &model->parts[0], false);
	AUTO(mem_auto_free) char *preview = host_part_url(model, &model->parts[1], true);
	AUTO(mem_auto_free) char *no_public = host_part_url(model, &model->parts[1], false);
	AUTO(mem_auto_free) char *worker = host_part_url(model, &model->parts[2], true);

	assert_string_equal(public_url, "http://127.0.0.1:8080");
	assert_string_equal(preview, "tcp://127.0.0.1:20005");
	assert_null(no_public);
	assert_null(worker);
}

/* A listener on a port of the system's choice, or on the one that is given. */
static int listen_on(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                               .sin_port = htons((uint16_t)*port) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void a_taken_port_is_told_with_its_owner(void **state)
{
	int port = 0;
	int fd = listen_on(&port);
	AUTO(mem_auto_free) char *owner = port_owner(port);
	bool is_free = port_is_free("127.0.0.1", port);
	AUTO(buf_done) struct buf name = { 0 };
	AUTO(mem_auto_free) char *me = NULL;

	(void)state;
	close(fd);
	/* Not the program's own name when a debugger runs it. */
	assert_true(file_read("/proc/self/comm", 100, &name, NULL));
	me = mem_printf("pid %d (%.*s)", (int)getpid(), (int)name.len - 1, name.data);
	assert_false(is_free);
	assert_string_equal(owner, me);
	assert_true(port_is_free("127.0.0.1", port));
}

struct folder { char dir[64]; char *path; };

static struct folder folder_given(void)
{
	struct folder f = { .dir = "/tmp/slipway-ports.XXXXXX" };

	assert_non_null(mkdtemp(f.dir));
	f.path = mem_printf("%s/ports.json", f.dir);
	return f;
}

static void folder_end(struct folder *f)
{
	file_remove_tree(f->dir, NULL);
	free(f->path);
}

static void ports_stay_the_same_and_are_never_a_public_one(void **state)
{
	struct folder f = folder_given();
	AUTO(ports_done) struct ports first = { 0 }, again = { 0 };
	struct config_env_port taken[] = { { (char *)"web", 20001 } };
	struct config_environment env = environment;
	struct err err = { 0 };
	struct stat before, after;

	(void)state;
	env.ports = taken;
	assert_true(ports_assign(f.path, &app, &env, COLOUR_NONE, &first, &err));
	assert_int_equal(stat(f.path, &before), 0);
	assert_true(ports_assign(f.path, &app, &env, COLOUR_NONE, &again, &err));
	assert_int_equal(stat(f.path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(first.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_memory_equal(first.entries[i].slot, again.entries[i].slot, sizeof first.entries[i].slot);
		assert_int_not_equal(first.entries[i].slot[COLOUR_BLUE], 20001);
		assert_int_not_equal(first.entries[i].slot[COLOUR_GREEN], 20001);
		assert_int_not_equal(first.entries[i].preview, 20001);
	}
	assert_null(ports_find(&first, "worker"));
	folder_end(&f);
}

static bool can_listen(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;

	close(fd);
	return ok;
}

/* The first of `n` ports in a row that nobody listens on. */
static int free_ports(int n)
{
	for (int first = 22000; first < 30000; first += n) {
		int free_so_far = 0;

		while (free_so_far < n && can_listen(first + free_so_far))
			free_so_far++;
		if (free_so_far == n)
			return first;
	}
	fail_msg("no %d free ports in a row", n);
	return 0;
}

static void a_new_range_moves_all_but_the_live_colour(void **state)
{
	struct folder f = folder_given();
	AUTO(ports_done) struct ports first = { 0 }, moved = { 0 };
	struct config_environment env = environment;
	struct err err = { 0 };

	(void)state;
	assert_true(ports_assign(f.path, &app, &env, COLOUR_NONE, &first, &err));
	env.slot_port_first = free_ports(11);
	env.slot_port_last = env.slot_port_first + 10;
	assert_true(ports_assign(f.path, &app, &env, COLOUR_BLUE, &moved, &err));
	assert_int_equal(moved.entries[0].slot[COLOUR_BLUE], first.entries[0].slot[COLOUR_BLUE]);
	assert_in_range(moved.entries[0].slot[COLOUR_GREEN], env.slot_port_first, env.slot_port_last);
	assert_in_range(moved.entries[0].preview, env.slot_port_first, env.slot_port_last);
	folder_end(&f);
}

static void a_range_that_is_too_small_says_so(void **state)
{
	struct folder f = folder_given();
	AUTO(ports_done) struct ports ports = { 0 };
	struct config_environment env = environment;
	struct err err = { 0 };

	(void)state;
	env.slot_port_last = env.slot_port_first + 3;
	assert_false(ports_assign(f.path, &app, &env, COLOUR_NONE, &ports, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.text, "in the range 20000-20003"));
	assert_int_equal(access(f.path, F_OK), -1);
	folder_end(&f);
}

static void a_busy_port_is_not_given_out(void **state)
{
	struct folder f = folder_given();
	AUTO(ports_done) struct ports ports = { 0 };
	struct config_environment env = environment;
	struct err err = { 0 };
	int port = 0;
	int fd = listen_on(&port);

	(void)state;
	env.slot_port_first = port;
	env.slot_port_last = port + 20;
	assert_true(ports_assign(f.path, &app, &env, COLOUR_NONE, &ports, &err));
	close(fd);
	assert_int_not_equal(ports.entries[0].slot[COLOUR_BLUE], port);
	folder_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(the_configuration_names_every_frontend_and_both_colours),
		CASE(the_mark_changes_with_the_configuration_and_is_found_in_show_info),
		CASE(routes_of_a_colour_are_read_back_as_that_colour),
		CASE(show_map_is_read_whatever_its_order),
		CASE(routes_that_do_not_agree_have_no_live_colour),
		CASE(an_empty_map_routes_nothing),
		CASE(a_map_transaction_is_one_line_that_commits_last),
		CASE(a_large_map_is_split_and_commits_only_once_at_the_end),
		CASE(answers_of_a_transaction_are_told_apart),
		CASE(figures_are_found_by_proxy_server_and_column),
		CASE(a_process_is_wired_to_its_own_colour),
		CASE(urls_lead_to_the_public_port_or_the_preview),
		CASE(a_taken_port_is_told_with_its_owner),
		CASE(ports_stay_the_same_and_are_never_a_public_one),
		CASE(a_new_range_moves_all_but_the_live_colour),
		CASE(a_range_that_is_too_small_says_so),
		CASE(a_busy_port_is_not_given_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
