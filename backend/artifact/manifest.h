/*
 * manifest: what a build is, as text. Its SHA-256 is the build's digest, and it is what CI signs:
 *
 *   shop 2.14.0
 *   api 9f86d081884c7d65…            component and SHA-256 of its artifact, in the order of the names
 *   +feature new-checkout            in the order of the names
 *   +migration 0007 irreversible     in the build's order
 */
#ifndef ARTIFACT_MANIFEST_H
#define ARTIFACT_MANIFEST_H

#include <jansson.h>

/* Artifacts: [{"component","sha256"}…]; features: texts; migrations: [{"id","reversible"}…]. All may be NULL. Yours. */
char *manifest_text(const char *app, const char *version, const json_t *artifacts, const json_t *features,
                    const json_t *migrations);

/* `slipwayd manifest APP VERSION COMPONENT=FILE… [+FEATURE…] [@MIGRATION[:irreversible]…]`: prints it. */
int manifest_tool(int argc, char **argv);

#endif
