/*
 * teardown: ends every runsv below a folder, with what it supervises: applications and HAProxy. For `slipwayd teardown
 * STATE-DIR`, when a workspace is given up (`make demo-stop`, tests); the engine itself never stops an application so.
 */
#ifndef HOST_TEARDOWN_H
#define HOST_TEARDOWN_H

/* Blocks, 20 s at most; what ignores SIGTERM for 5 s is killed. Exit code: 0 when nothing is left; else it says what. */
int host_teardown(const char *state_dir);

#endif
