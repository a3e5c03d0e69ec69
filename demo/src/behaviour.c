#include "demo/src/behaviour.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool set(struct behaviour *b, const char *key, const char *value)
{
	bool yes = strcmp(value, "yes") == 0;

	if (strcmp(key, "version") == 0)
		snprintf(b->version, sizeof b->version, "%s", value);
	else if (strcmp(key, "crash_at_start") == 0)
		b->crash_at_start = yes;
	else if (strcmp(key, "round_total") == 0)
		b->round_total = yes;
	else if (strcmp(key, "free_above_only") == 0)
		b->free_above_only = yes;
	else if (strcmp(key, "recommendations") == 0)
		b->recommendations = yes;
	else if (strcmp(key, "leak_after") == 0)
		b->leak_after = (int)strtol(value, NULL, 10);
	else
		return false;
	return true;
}

bool behaviour_read(const char *path, struct behaviour *ret)
{
	char line[256], key[64], value[64];
	FILE *f = fopen(path, "re");

	*ret = (struct behaviour){ .version = "dev" };
	if (!f)
		return true;
	while (fgets(line, sizeof line, f)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%63s %63s", key, value) != 2 || !set(ret, key, value)) {
			fprintf(stderr, "%s: not understood: %s", path, line);
			fclose(f);
			return false;
		}
	}
	fclose(f);
	return true;
}

bool behaviour_own(struct behaviour *ret)
{
	char self[PATH_MAX] = "", path[PATH_MAX + 32];

	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) {
		perror("/proc/self/exe");
		return false;
	}
	snprintf(path, sizeof path, "%s/../behaviour", dirname(self));
	return behaviour_read(path, ret);
}
