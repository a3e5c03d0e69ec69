#include "backend/config/starter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/base/buf.h"
#include "backend/base/file.h"
#include "backend/base/mem.h"
#include "backend/config/config.h"

#define NEXT \
	"tar -C hello -czf hello.tar.gz .\n" \
	"slipway build add 1.0.0 --artifact hello=hello.tar.gz\n" \
	"slipway\n"

/* The slots are none that the sample application takes, also where it moved on: both are tried on one machine. */
static const char slipway_json[] =
	"{\n"
	"  \"$schema\": \"./slipway.schema.json\",\n"
	"  \"application\": \"hello\",\n"
	"  \"components\": {\n"
	"    \"hello\": {\n"
	"      \"start\": [\"haproxy\", \"-db\", \"-f\", \"app.cfg\"],\n"
	"      \"health\": \"/health\"\n"
	"    }\n"
	"  },\n"
	"  \"environments\": [\n"
	"    { \"name\": \"dev\", \"protection\": \"open\",\n"
	"      \"ports\": { \"hello\": 8081 }, \"slots\": \"23100-23119\" },\n"
	"    { \"name\": \"prod\", \"protection\": \"protected\",\n"
	"      \"ports\": { \"hello\": 8080 }, \"slots\": \"23120-23139\" }\n"
	"  ],\n"
	"  \"smoke\": [\n"
	"    { \"name\": \"front page\", \"component\": \"hello\", \"get\": \"/\", \"body\": \"Hello\" }\n"
	"  ],\n"
	"  \"acceptance\": [\n"
	"    { \"name\": \"hello\", \"command\": [\"tests/accept\"], \"report\": \"tap\", \"timeout\": \"60s\" }\n"
	"  ],\n"
	"  \"verify\": { \"for\": \"5s\", \"failures\": 3 },\n"
	"  \"drain\": \"10s\",\n"
	"  \"warm\": \"15m\"\n"
	"}\n";

/* HAProxy is there anyway, since it carries the traffic; it can answer by itself, which makes it a web server. */
static const char app_cfg[] =
	"# A web server in a few lines: HAProxy answers by itself. Put your own program in its place.\n"
	"# Slipway gives each process its port in PORT; it must listen there, on 127.0.0.1.\n"
	"global\n"
	"\tmaxconn 200\n"
	"\n"
	"defaults\n"
	"\tmode http\n"
	"\ttimeout connect 1s\n"
	"\ttimeout client 10s\n"
	"\ttimeout server 10s\n"
	"\n"
	"frontend hello\n"
	"\tbind \"127.0.0.1:${PORT}\"\n"
	"\thttp-request return status 200 content-type text/plain string \"ok\\n\" if { path /health }\n"
	"\thttp-request return status 200 content-type text/plain lf-file page.txt if { path / }\n"
	"\thttp-request return status 404 content-type text/plain string \"There is no such page.\\n\"\n";

static const char page_txt[] =
	"Hello from version %[env(SLIPWAY_VERSION)] in %[env(SLIPWAY_ENVIRONMENT)].\n";

/* bash opens TCP connections by itself: no other program is needed. */
static const char accept_sh[] =
	"#!/bin/bash\n"
	"# Acceptance tests that print TAP (https://testanything.org): the plan, then ok or not ok for each test.\n"
	"# Slipway gives the address of the build under test in SLIPWAY_URL_HELLO, as http://HOST:PORT, and the build's\n"
	"# version in SLIPWAY_VERSION.\n"
	"address=${SLIPWAY_URL_HELLO#http://}\n"
	"host=${address%:*}\n"
	"port=${address##*:}\n"
	"number=0\n"
	"\n"
	"# get PATH: the whole answer, status line first\n"
	"get() {\n"
	"\texec 3<>\"/dev/tcp/$host/$port\" || return 1\n"
	"\tprintf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' \"$1\" \"$address\" >&3\n"
	"\tcat <&3\n"
	"\texec 3>&-\n"
	"}\n"
	"\n"
	"# check NAME PATH TEXT: the answer to PATH holds TEXT\n"
	"check() {\n"
	"\tlocal answer\n"
	"\tnumber=$((number + 1))\n"
	"\tanswer=$(get \"$2\")\n"
	"\tif [[ $answer == *\"$3\"* ]]; then\n"
	"\t\techo \"ok $number - $1\"\n"
	"\telse\n"
	"\t\techo \"not ok $number - $1\"\n"
	"\t\techo \"# GET $2 should answer with: $3\"\n"
	"\t\techo \"# it answered: ${answer%%$'\\r'*}\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"echo 1..4\n"
	"check 'the front page is there' / ' 200 '\n"
	"check 'the front page names the version' / \"$SLIPWAY_VERSION\"\n"
	"check 'it says that it is well' /health ok\n"
	"check 'an unknown page is not found' /nowhere ' 404 '\n";

static const char readme[] =
	"The three commands that bring it to life, given in the folder above:\n"
	"\n"
	NEXT
	"\n"
	"The last one opens the console: choose 1.0.0 and dev, press d. Then http://127.0.0.1:8081/ answers.\n"
	"Change page.txt, pack it again, add it as 1.0.1, press d, and b to go back. The tests want the word Hello and the\n"
	"version to stay in it: without them a build does not get past them, which is worth seeing once.\n"
	"\n"
	"app.cfg          the component: a web server\n"
	"page.txt         what it says\n"
	"../slipway.json  the application: components, environments, tests; `slipway check` reads it\n"
	"../tests/accept  the acceptance tests\n";

static const struct { const char *name; mode_t mode; const char *text; } files[] = {
	{ "slipway.json", 0644, slipway_json },
	{ "slipway.schema.json", 0644, NULL /* from the key table */ },
	{ "hello/app.cfg", 0644, app_cfg },
	{ "hello/page.txt", 0644, page_txt },
	{ "hello/README", 0644, readme },
	{ "tests/accept", 0755, accept_sh },
};

static char *schema_text(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	config_write_schema(out);
	fclose(out);
	return text;
}

static bool refuse_existing(const char *dir, struct err *err)
{
	AUTO(buf_done) struct buf there = { 0 };
	struct stat st;

	buf_init(&there, 500);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(mem_auto_free) char *path = file_join(dir, files[i].name);

		if (lstat(path, &st) == 0)
			buf_printf(&there, "%s%s", there.len ? ", " : "", files[i].name);
	}
	if (there.len == 0)
		return true;
	return err_set(err, ERR_CONFLICT, "%s holds %s already; nothing was written. Move what is there away or begin "
	               "in an empty folder", dir, there.data);
}

static bool write_one(const char *dir, const char *name, mode_t mode, const char *text, struct err *err)
{
	AUTO(mem_auto_free) char *path = file_join(dir, name);
	AUTO(mem_auto_free) char *folder = mem_dupn(path, (size_t)(strrchr(path, '/') - path));

	return file_make_dirs(folder, 0755, err) && file_write_atomic(path, text, strlen(text), mode, err);
}

bool config_starter(const char *dir, struct err *err)
{
	AUTO(mem_auto_free) char *schema = schema_text();

	if (!refuse_existing(dir, err))
		return false;
	if (!schema)
		return err_set(err, ERR_INTERNAL, "the schema cannot be made");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (!write_one(dir, files[i].name, files[i].mode, files[i].text ? files[i].text : schema, err))
			return false;
	return true;
}

const char *const *config_starter_files(void)
{
	static const char *const names[] = {
		"slipway.json", "slipway.schema.json", "hello/app.cfg", "hello/page.txt", "hello/README",
		"tests/accept", NULL,
	};

	_Static_assert(ARRAY_LEN(names) == ARRAY_LEN(files) + 1, "every file is named");
	return names;
}

const char *config_starter_next(void)
{
	return NEXT;
}
