/* verdict: what approve and reject share; and lock, unlock and resume, which ask something of an environment. */
#ifndef COMMAND_VERDICT_H
#define COMMAND_VERDICT_H

#include <jansson.h>

struct call;

/* POST /v1/deployments/ID/WORD for the plan that is shown now; prints the deployment, or follows it. The exit code. */
int verdict_give(struct call *c, const char *word);
/* POST /v1/environments/ENV/WORD with --reason and what is in `extra` (taken); prints the environment's line. */
int verdict_hold(struct call *c, const char *word, json_t *take_extra);

#endif
