/*
 * builds: adding builds, the watched folder, and retention.
 *
 * Adding runs in child processes (artifact-import copies and digests, report-read reads the tests) and ends in one
 * journal row. The digest of a build is the SHA-256 of its manifest (artifact/manifest.h): the same version with the same
 * artifacts is the same build, and added again is a no-op. A signature is verified before anything is written.
 *
 * The watched folder: CI writes the artifacts, then NAME.json (complete, or renamed into place) with the members of
 * POST /v1/builds, paths relative to the folder. It is renamed NAME.json.added, or NAME.json.refused with the reason in
 * NAME.json.why.
 */
#ifndef ENGINE_BUILDS_H
#define ENGINE_BUILDS_H

struct builds;
struct engine;

struct builds *builds_new(struct engine *e);
void builds_free(struct builds *b);
/* A configuration is in force: follow its watched folders. */
void builds_configure(struct builds *b);

#endif
