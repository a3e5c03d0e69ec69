/*
 * tool: `slipwayd report-read FILE…` reads test reports (JUnit XML or TAP, told apart by content) in a process of its
 * own, because files can be large and hostile, and prints one JSON object a result on a line of its own:
 *   {"suite":"checkout","name":"total is rounded","outcome":"fail","message":"…","ms":12}
 */
#ifndef REPORT_TOOL_H
#define REPORT_TOOL_H

/* Returns the exit code: 1 with one line on standard error, naming the file and the place, when one cannot be read. */
int report_tool(int argc, char **argv);

#endif
