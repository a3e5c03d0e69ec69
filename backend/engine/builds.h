/*
 * builds: adding builds, and retention.
 *
 * Adding runs in child processes (artifact-import copies and digests, report-read reads the tests) and ends in one
 * journal row. The digest of a build is the SHA-256 of its manifest (artifact/manifest.h): the same version with the same
 * artifacts is the same build, and added again is a no-op. A signature is verified before anything is written.
 */
#ifndef ENGINE_BUILDS_H
#define ENGINE_BUILDS_H

struct builds;
struct engine;

struct builds *builds_new(struct engine *e);
/* What is being added is given up; whoever asked hears nothing. */
void builds_free(struct builds *b);

#endif
