#include "backend/base/mem.h"
#include "views/command/verbs.h"

const struct command *const commands[] = {
	&command_approve, &command_audit, &command_build, &command_builds, &command_check, &command_consistency,
	&command_deploy, &command_engine, &command_feature, &command_history, &command_init, &command_lock,
	&command_log, &command_maturity, &command_metrics, &command_pause, &command_reject, &command_release,
	&command_resume, &command_rollback, &command_schedule, &command_status, &command_stop, &command_tests,
	&command_unlock, &command_watch,
};
const size_t ncommands = ARRAY_LEN(commands);
