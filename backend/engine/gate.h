/*
 * gate: the rules that must hold before a deployment goes on. Pure functions of the facts, in one const table; judged
 * when a deployment is asked for and again when its gate step runs. Adding one is one function and one row.
 */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"

struct config_app;
struct config_environment;
struct store_build;
struct store_env;

struct gate_facts {
	const struct config_app *app;
	const struct config_environment *env;
	const struct store_build *build;
	const struct store_env *state;
	enum deployment_kind kind;
	const char *expect;                /* the live version the caller saw; "" none; NULL: not said */
	int64_t id;                        /* the deployment's, 0 while it is being asked for */
};

struct gate {
	const char *name;                  /* stable: in refusals, in the journal */
	const char *help;
	bool (*judge)(const struct gate_facts *facts, struct err *err);
};

extern const struct gate gates[];
extern const size_t ngates;

/* The first refusal, as "NAME gate: why"; the kind is the gate's. */
bool gate_judge(const struct gate_facts *facts, struct err *err);

#endif
