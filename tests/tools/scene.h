/*
 * scene: canned answers of an engine, from tests/screen/fixtures/SCENE/, else from …/shop/. A scene is a moment: its
 * status, with the builds, results and logs that go with it. All of them are at 2026-11-20T03:14:07Z. The scene
 * "many" is shop with 100,000 builds.
 */
#ifndef TESTS_TOOLS_SCENE_H
#define TESTS_TOOLS_SCENE_H

#include <jansson.h>
#include <stdint.h>

#define SCENE_CLOCK "2026-11-20T03:14:07Z"
#define SCENE_WALL_MS 1795144447000LL

/* Each is yours; NULL: there is no such thing (404). Shapes in proto/api.h. */
json_t *scene_status(const char *scene);
json_t *scene_builds(const char *scene, const char *q, int64_t offset, int64_t limit);
json_t *scene_build(const char *scene, const char *version);
json_t *scene_deployments(const char *scene, int64_t before);
json_t *scene_deployment(const char *scene, int64_t id);
json_t *scene_consistency(const char *scene);
json_t *scene_releases(const char *scene);
json_t *scene_tests(const char *scene, int64_t id, int64_t from);
json_t *scene_log(const char *scene, int64_t id, int64_t from, int64_t limit);
json_t *scene_metrics(const char *scene);
json_t *scene_maturity(const char *scene);
/* By method GET and path with query. */
json_t *scene_get(const char *scene, const char *path);

#endif
