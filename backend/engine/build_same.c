#include "backend/engine/build_same.h"

#include <string.h>

#include "backend/artifact/digest.h"
#include "backend/artifact/manifest.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

enum { SHOWN = 100 };

static bool refuse(const struct build_again *again, const char *with, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "%s is there already with %s; a version never changes, use a new one",
	               json_text(again->request, "version"), with);
}

/* The digest would be the known one if only this list were the known one. */
static bool is_all_that_differs(const struct build_again *again, const json_t *known, const char *list)
{
	bool features = strcmp(list, "features") == 0;
	AUTO(mem_auto_free) char *manifest = manifest_text(again->app, json_text(again->request, "version"), again->artifacts,
	                                                   json_object_get(features ? known : again->request, "features"),
	                                                   json_object_get(features ? again->request : known, "migrations"));
	char digest[DIGEST_SIZE];

	digest_bytes(manifest, strlen(manifest), digest);
	return strcmp(digest, json_text(known, "digest")) == 0;
}

static bool same_content(const struct build_again *again, const json_t *known, struct err *err)
{
	if (strcmp(again->digest, json_text(known, "digest")) == 0)
		return true;
	return refuse(again, is_all_that_differs(again, known, "features") ? "other features"
	              : is_all_that_differs(again, known, "migrations") ? "other migrations" : "other content", err);
}

static bool same_fact(const struct build_again *again, const json_t *known, const char *fact, struct err *err)
{
	const char *now = json_text(again->request, fact), *was = json_text(known, fact);
	AUTO(mem_auto_free) char *with = NULL;

	if (!*now || strcmp(now, was) == 0)
		return true;
	with = *was ? mem_printf("the %s \"%.*s\", not \"%.*s\"", fact, SHOWN, was, SHOWN, now)
	            : mem_printf("no %s, not \"%.*s\"", fact, SHOWN, now);
	return refuse(again, with, err);
}

bool build_same(const struct build_again *again, const json_t *known, const char *results_sha256, struct err *err)
{
	static const char *const facts[] = { "commit", "branch", "author", "message" };

	if (!same_content(again, known, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (!same_fact(again, known, facts[i], err))
			return false;
	if (!again->results_sha256 || strcmp(again->results_sha256, results_sha256) == 0)
		return true;
	return refuse(again, *results_sha256 ? "other tests" : "no tests", err);
}
