/*
 * maturity: which level of the deployment maturity model an application has reached, judged from its configuration and
 * from what its journal shows, never from what somebody says of himself. Pure. What is configured and never happened in
 * the period is not met, nor what happened and broke in it.
 *
 * Level 0 is where copying by hand, uncertain outcomes, developers' builds and stopped users are; its indicators are
 * met when these are left behind. Level 1 is reached with all of levels 0 and 1, level 2 with all there are. Each gives
 * the evidence it rests on and, when it is not met, the next step: a key of this configuration or a command.
 */
#ifndef REPORT_MATURITY_H
#define REPORT_MATURITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_app;
struct metrics;

struct maturity_facts {
	const struct config_app *app;      /* it has an environment */
	const struct metrics *metrics;
	const json_t *consistency;         /* consistency_rows() of it; NULL: not known */
	int64_t from, to;                  /* the period that counts */
};

struct maturity_verdict {
	bool met;
	char evidence[300];
	char next[300];                    /* "" when it is met */
};

struct maturity_indicator {
	int level;
	const char *name;                  /* stable: in the API */
	const char *text;                  /* what is so when it is met */
	void (*judge)(const struct maturity_facts *f, struct maturity_verdict *ret);
};

enum { MATURITY_LEVELS = 3 };

/* In the order of the levels. */
extern const struct maturity_indicator maturity_indicators[];
extern const size_t nmaturity_indicators;

/* One verdict for each indicator; returns the level reached. */
int maturity_judge(const struct maturity_facts *f, struct maturity_verdict *verdicts);
/* APP_MATURITY of proto/api.h; yours. */
json_t *maturity_json(const struct maturity_facts *f);

#endif
