/*
 * metrics_case: journals written by hand, for the tests of metrics and maturity. A line is a row:
 *   SEQ MINUTE TYPE BODY       BODY with ' for "; a build's 'at' and 'commit_time' are in minutes too
 * Minute 0 is METRICS_CASE_ZERO, a Monday at midnight, UTC.
 */
#ifndef TESTS_UNIT_METRICS_CASE_H
#define TESTS_UNIT_METRICS_CASE_H

#include <stdint.h>

#include "backend/report/metrics.h"

#define METRICS_CASE_ZERO 1793577600000LL      /* 2026-11-02T00:00:00Z */

#define BUILT(seq, minute, version, at) #seq " " #minute " build.added {'app':'shop','version':'" version \
	"','digest':'" version "','at':" #at "}\n"
/* … whose commit was made at minute `commit` */
#define COMMITTED(seq, minute, version, at, commit) #seq " " #minute " build.added {'app':'shop','version':'" version \
	"','digest':'" version "','at':" #at ",'commit_time':" #commit "}\n"
#define ASKED(seq, minute, kind, version, env) #seq " " #minute " deployment.requested {'app':'shop','environment':'" \
	env "','kind':'" kind "','version':'" version "','digest':'" version "'}\n"
#define LIVE(seq, minute, id, version, env) #seq " " #minute " environment.live {'id':" #id \
	",'app':'shop','environment':'" env "','version':'" version "','digest':'" version "'}\n"
#define STEP(seq, minute, id, stage, more) #seq " " #minute " step.finished {'id':" #id ",'stage':'" stage \
	"','state':'ok'" more "}\n"
#define OVER(seq, minute, id, state) #seq " " #minute " deployment.finished {'id':" #id ",'state':'" state "'}\n"

/* Fed with every line; yours. Stops the test when a line is no row. */
struct metrics *metrics_case(const char *journal);
int64_t metrics_case_at(int64_t minute);

#endif
