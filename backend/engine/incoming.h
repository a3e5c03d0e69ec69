/*
 * incoming: the watched folders, in which CI drops builds.
 *
 * CI writes the artifacts, then NAME.json (complete, or renamed into place) with the members of POST /v1/builds, paths
 * relative to the folder. One after the other is added, and is renamed NAME.json.added when it is on the disk, or
 * NAME.json.refused with the reason in NAME.json.why. What was not renamed is looked at again after a restart.
 */
#ifndef ENGINE_INCOMING_H
#define ENGINE_INCOMING_H

struct engine;
struct incoming;

struct incoming *incoming_new(struct engine *e);
/* After builds_free. */
void incoming_free(struct incoming *in);
/* A configuration is in force: follow its folders. */
void incoming_configure(struct incoming *in);

#endif
