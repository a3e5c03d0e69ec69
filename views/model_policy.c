#include "views/model_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/clean.h"
#include "backend/base/clock.h"
#include "backend/base/json.h"
#include "backend/base/mem.h"

static char *line(const json_t *object, const char *key)
{
	return clean_dup(json_text(object, key), CLEAN_LINE);
}

void model_features_read(const json_t *answer, struct model_features *ret)
{
	model_features_done(ret);
	ret->n = json_array_size(answer);
	ret->items = mem_array(ret->n + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->n; i++) {
		const json_t *one = json_array_get(answer, i);

		ret->items[i] = (struct model_feature){
			.name = line(one, "name"), .on = json_flag(one, "on"), .since = json_int(one, "since", 0),
			.by = line(one, "by"), .reason = line(one, "reason"),
		};
	}
}

void model_features_done(struct model_features *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].name);
		free(f->items[i].by);
		free(f->items[i].reason);
	}
	free(f->items);
	*f = (struct model_features){ 0 };
}

const struct model_feature *model_feature(const struct model_features *f, const char *name)
{
	for (size_t i = 0; name && i < f->n; i++)
		if (strcmp(f->items[i].name, name) == 0)
			return &f->items[i];
	return NULL;
}

const struct model_feature *model_feature_put_in(const struct model_features *f, int64_t live_since)
{
	const struct model_feature *last = NULL;

	for (size_t i = 0; i < f->n; i++) {
		const struct model_feature *one = &f->items[i];

		/* One that was pulled since is a smaller step that was taken already. */
		if (one->on && live_since && one->since > live_since && (!last || one->since > last->since))
			last = one;
	}
	return last;
}

void model_blockers_read(const json_t *answer, struct model_blockers *ret)
{
	model_blockers_done(ret);
	ret->n = json_array_size(answer);
	ret->items = mem_array(ret->n + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->n; i++) {
		const json_t *one = json_array_get(answer, i);

		ret->items[i] = (struct model_blocker){
			.gate = line(one, "gate"), .why = line(one, "why"), .who = line(one, "who"),
			.clears_at = json_int(one, "clears_at", 0),
		};
	}
}

void model_blockers_done(struct model_blockers *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->items[i].gate);
		free(b->items[i].why);
		free(b->items[i].who);
	}
	free(b->items);
	*b = (struct model_blockers){ 0 };
}

const struct model_blocker *model_blocker(const struct model_blockers *b, const char *gate)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->items[i].gate, gate) == 0)
			return &b->items[i];
	return NULL;
}

char *model_blocker_text(const struct model_blocker *b)
{
	char iso[CLOCK_ISO_SIZE] = "", at[CLOCK_ISO_SIZE + 16] = "";

	if (b->clears_at)
		snprintf(at, sizeof at, " until %.16sZ", clock_iso(b->clears_at, iso));
	return mem_printf("%s%s: %s%s%s%s", b->gate, at, b->why, *b->who ? " (" : "", b->who, *b->who ? ")" : "");
}

char *model_blockers_text(const struct model_blockers *b)
{
	return b->n ? model_blocker_text(&b->items[0]) : mem_dup("");
}

void model_approvals_read(const json_t *answer, struct model_approvals *ret)
{
	model_approvals_done(ret);
	ret->n = json_array_size(answer);
	ret->items = mem_array(ret->n + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->n; i++) {
		const json_t *one = json_array_get(answer, i);

		ret->items[i] = (struct model_approval){
			.name = line(one, "name"), .reason = line(one, "reason"), .plan_hash = line(one, "plan_hash"),
			.approved = strcmp(json_text(one, "verdict"), "approve") == 0, .at = json_int(one, "at", 0),
			.ends = json_int(one, "ends", 0),
		};
	}
}

void model_approvals_done(struct model_approvals *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->items[i].name);
		free(a->items[i].reason);
		free(a->items[i].plan_hash);
	}
	free(a->items);
	*a = (struct model_approvals){ 0 };
}

size_t model_approvals_for(const struct model_approvals *a, const char *plan_hash)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->items[i].approved && strcmp(a->items[i].plan_hash, plan_hash) == 0;
	return n;
}

void model_lock_read(const json_t *answer, struct model_lock *ret)
{
	model_lock_done(ret);
	if (!json_is_object(answer))
		return;
	*ret = (struct model_lock){
		.owner = line(answer, "owner"), .reason = line(answer, "reason"), .taken = json_int(answer, "taken", 0),
		.expires = json_int(answer, "expires", 0),
	};
}

void model_lock_done(struct model_lock *l)
{
	free(l->owner);
	free(l->reason);
	*l = (struct model_lock){ 0 };
}

char *model_lock_text(const struct model_lock *l)
{
	char iso[CLOCK_ISO_SIZE] = "", until[CLOCK_ISO_SIZE + 16] = "";

	if (!l->owner)
		return mem_dup("");
	if (l->expires)
		snprintf(until, sizeof until, " until %.16sZ", clock_iso(l->expires, iso));
	return mem_printf("locked by %s%s: %s", l->owner, until, l->reason);
}
