/*
 * store: the engine's memory: SQLite in WAL mode, synchronous=FULL, one connection.
 *
 * What is committed survives the end of the process. It is on its way to the disk then, and survives a power cut from
 * store_is_kept on (disk.h): whoever tells somebody of it, or does what outlives a power cut, waits for that.
 *
 * The journal is the spine. store_append writes a row (sequence number, wall time, actor, type, JSON body, hash of the
 * row before and of itself) and changes the projections from that body alone, by the table in project.c, in the same
 * transaction. So the projections can be made again from the journal at any sequence number. A row's hash is
 *   SHA-256( prev_hash_hex "\n" seq "\n" at "\n" actor "\n" type "\n" body )     (decimal, body as stored)
 * and the first row's prev_hash is 64 zeros: anyone can check an export with sha256sum.
 *
 * Types and bodies (project.c has the table; unknown types are journalled and change nothing):
 *   engine.started       {version,pid}                     engine.stopped {}
 *   config.file          {name,sha256,text}                a file of it that is new or changed; values of secrets left out
 *   config.loaded        {files:[…],names:[…]}             names: those of which the last config.file is in force
 *   config.refused       {mistakes:[…]}
 *   build.added          {app,version,digest,commit,branch,author,message,at,size,artifacts:[{component,sha256,size}],
 *                         tests:TOTALS|null,results_sha256,features:[…],migrations:[{id,reversible}],signature,signer,
 *                         commit_time}                   when the commit was made, where CI told it
 *   build.removed        {app,version,why}                 artifacts gone by retention; the record stays
 *   deployment.requested {app,environment,kind,version,digest,from,expect,key,reason,uid,target,plan_hash,
 *                         steps:[{stage,deadline_ms}],override:{reason},not_before,release}   the row's seq is the deployment's
 *                         id; release: the one of a group that it is part of
 *   deployment.moved     {id,not_before}                   it was scheduled and waits; another time
 *   deployment.started   {id} and, when the plan changed while it waited, {target,plan_hash,from,steps}
 *   step.started         {id,step,log}                     the intent: on disk before the effect begins; log: how long the
 *                        deployment's log was (also in step.finished and deployment.undoing)
 *   step.finished        {id,step,state,message,layer,tail,detail,tests,log}
 *   environment.live     {id,app,environment,colour,version,digest}      the traffic is on it, observed;
 *                        colour "none", version and digest null: on nothing any more (a first deployment was undone)
 *   slot.set             {app,environment,colour,state,version,digest}   state: empty preparing live warm stopped
 *   deployment.undoing   {id,why,layer,stopped,log}
 *   deployment.recovered {id,step,probe,decision}          after a restart: what was found and what is done about it
 *   deployment.finished  {id,state,message,layer}
 *   environment.repaired {app,environment,what,…}          driver notes
 *   approval.given       {id,plan_hash,digest,environment,app,uid,verdict:"approve"|"reject",reason,
 *                         not_before}                    the actor's; not_before: of the schedule that it was given for
 *   gate.overridden      {id,gate,reason}                  it would have refused; told for ever
 *   lock.taken           {app,environment,uid,owner,reason,expires}      expires 0: when it is released
 *   lock.stolen          {app,environment,uid,owner,reason,expires,from} taken from another owner
 *   lock.released        {app,environment,uid,owner,reason}
 *   build.quarantined    {app,environment,version,digest,id}             with the rollback `id` that leaves it
 *   build.released_from_quarantine {app,environment,version,digest,id}   a person's deployment of it succeeded
 *   automation.passed    {app,environment,id,version,digest,passed_over:[{version,why}]}     with the request `id`
 *   automation.paused    {app,environment,why,id}          by a rollback or what nobody knows the end of; id 0: a person
 *   automation.resumed   {app,environment,reason}
 *   migration.ran        {app,environment,migration,version,reversible,id}     with the intent: never run twice;
 *                                                        where nothing is configured to migrate, that of the start or switch
 *   migration.failed     {app,environment,migration,version,reversible,id}     known not to have run: may run (again)
 *   facts.changed        {app,environment,facts:{WHAT:"value"|null}}     "variables.X" and "facts.X"; null: gone
 *                        {app,environment,gone:true}                     the configuration names it no more
 *   feature.set          {app,environment,feature,on,reason}             the actor put it in or pulled it
 *   release.requested    {group,environment,from,undo,members:[{app,version,digest,expect}],reason,uid,key,override,
 *                         not_before,when_allowed}         several applications in order; the row's seq is its id
 *   release.started      {id}                              with its members' requests: each waits for the one before
 *   release.member       {id,app,state,why}                what no deployment tells: unchanged back stays
 *   release.stopping     {id,why,stopped}                  nothing more of it begins; it is undone if its group says so
 *   release.finished     {id,state,message}
 *   drift.found          {app,environment,what,expected,found}           drift.cleared {app,environment,what}
 * Test results and step output are not journalled (size); results are rows of test_result, output is in files.
 *
 * Struct results own their strings; free them with their _done. JSON results are yours.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/base/err.h"
#include "backend/proto/words.h"

struct store;

/* Told of each row after its transaction was committed, in order. `row` is ROW of proto/api.h, borrowed. */
typedef void (*store_appended_fn)(void *arg, const json_t *row);

/* Makes or migrates the file. A file from a newer version is refused (ERR_CONFIG) and left byte for byte untouched. */
bool store_open(const char *path, struct store **ret, struct err *err);
void store_close(struct store *s);
void store_on_append(struct store *s, store_appended_fn fn, void *arg);
/*
 * The disk is full and the reserve of 256 kB beside the database was given back: what is written now may be the last.
 * Only what brings things to an end (a rollback, undoing, finishing) should still be journalled. It becomes false again
 * when there is room.
 */
bool store_is_full(struct store *s);

/*
 * A view: a store in memory, filled from another's journal up to a moment or row by row (what is exported). All queries
 * answer from it as they would have then; test results are no part of it, only their sums (see view.c). Give it to
 * store_close.
 */
bool store_open_view(struct store **ret, struct err *err);
/* At most `rows` rows more, none from the first one on that is later than `until`. *ret_end: that was the last. */
bool store_view_read(struct store *view, struct store *from, int64_t until, int rows, bool *ret_end, struct err *err);
/* The next ROW; ERR_CONFLICT names one that does not continue the chain. */
bool store_view_add(struct store *view, const json_t *row, struct err *err);

/* The configuration that is in force: array of {"name","text"}; empty: the journal does not tell. */
bool store_config(struct store *s, json_t **ret, struct err *err);
bool store_config_has(struct store *s, const char *name, const char *sha256);
/* Another number for each configuration of this journal. */
bool store_config_stand(struct store *s, int64_t *ret, struct err *err);

/* One row in a transaction of its own, or in the one that store_begin opened. The body is consumed, also on failure. */
bool store_append(struct store *s, const char *actor, const char *type, json_t *take_body, int64_t *ret_seq,
                  struct err *err);
bool store_begin(struct store *s, struct err *err);
bool store_commit(struct store *s, struct err *err);       /* on failure everything since store_begin is undone */
void store_rollback(struct store *s);
int64_t store_seq(struct store *s);                        /* of the last committed row; 0 when there is none */

int64_t store_mark(const struct store *s);                 /* stands for all that is committed until now */
/* All of that survives a power cut; ERR_INTERNAL (err may be NULL): the disk failed, and nothing more ever will. */
bool store_is_kept(struct store *s, int64_t mark, struct err *err);
/* Readable when more is kept than before, until store_heard. Not for a view, of which everything is kept. */
int store_kept_fd(const struct store *s);
void store_heard(struct store *s);
/*
 * Brings the WAL's rows into the database when they are many and all of them are kept: in two calls, the second when
 * what the first one wrote is kept too, so that neither waits for the disk. For a moment in which nothing else goes on.
 */
void store_rest(struct store *s);

/* Walks at most `rows` rows of the chain from where `walk` stands (zeroed: the beginning). */
struct store_walk { int64_t seq; char hash[65]; int64_t rows; bool end; int64_t bad_seq; char why[200]; };
bool store_walk(struct store *s, struct store_walk *walk, int rows, struct err *err);
/* Rows after `since`, at most `limit`: array of ROW. */
bool store_rows(struct store *s, int64_t since, int limit, json_t **ret, struct err *err);

struct store_slot { char *state; char *version; char *digest; };    /* state "empty" when it was never used */
struct store_env {
	enum colour live;
	char *live_version, *live_digest;                      /* NULL: nothing was ever deployed */
	int64_t live_since;
	int64_t live_deployment;                               /* which one brought it; 0 none */
	char *previous_version, *previous_digest;              /* last known-good that is not live: the rollback target */
	struct store_slot slots[COLOUR_COUNT];
};
bool store_env(struct store *s, const char *app, const char *environment, struct store_env *ret, struct err *err);
void store_env_done(struct store_env *e);

struct store_artifact { char *component; char *sha256; int64_t size; };
struct store_migration { char *id; bool reversible; };
struct store_build {
	char *version, *digest;
	struct store_artifact *artifacts; size_t nartifacts;
	int64_t at;
	int tests_ok, tests_fail;                              /* -1 when CI reported none */
	bool removed;
	char **features; size_t nfeatures;
	struct store_migration *migrations; size_t nmigrations;
	char *signature, *signer;                              /* NULL: not signed */
	char *results_sha256;                                  /* "" when CI reported none */
};
/* By version, or by digest when version is NULL. ERR_NOT_FOUND offers the nearest version there is. */
bool store_build(struct store *s, const char *app, const char *version, const char *digest, struct store_build *ret,
                 struct err *err);
void store_build_done(struct store_build *b);

struct store_step { enum stage stage; enum step_state state; int64_t deadline_ms; };
struct store_deployment {
	int64_t id;
	char *app, *environment, *version, *digest, *key, *reason, *actor, *plan_hash;      /* "" where there is none */
	char *from, *expect;                                   /* NULL where the request left it out */
	char *override;                                        /* why windows and freezes were passed over; NULL: they hold */
	int64_t not_before;                                    /* scheduled for then; 0: it is not */
	int64_t uid;                                           /* who asked for it; -1 unknown */
	int64_t release;                                       /* of a group, that it is part of; 0 none */
	char *message, *layer;                                 /* of deployment.undoing, then of deployment.finished */
	enum deployment_kind kind;
	enum deployment_state state;
	enum colour target;
	bool switched;                                         /* environment.live was journalled for it */
	bool stopped;                                          /* by a person or a rollback: deployment.undoing said so */
	struct store_step *steps; size_t nsteps;
};
bool store_deployment(struct store *s, int64_t id, struct store_deployment *ret, struct err *err);
/* How long its log was at the last row that told; -1: none did. */
bool store_deployment_log(struct store *s, int64_t id, int64_t *ret, struct err *err);
/* ret_id 0 when no deployment has the key. */
bool store_deployment_by_key(struct store *s, const char *key, int64_t *ret_id, struct err *err);
/* Ids of deployments that are not over, oldest first; yours. */
bool store_unfinished(struct store *s, int64_t **ret_ids, size_t *ret_n, struct err *err);
void store_deployment_done(struct store_deployment *d);

/* One test result of a deployment's step or (deployment 0) of a build. */
struct store_result {
	const char *suite, *name, *message;
	enum test_outcome outcome;
	int64_t ms;                                            /* -1 unknown */
};
/* n counts from 1 within the deployment; results are kept with synchronous=FULL when the next row is appended. */
bool store_add_result(struct store *s, int64_t deployment, int step, const struct store_result *r, int *ret_n,
                      struct err *err);
/* Forgets a step's results: it runs again after a restart. */
bool store_clear_results(struct store *s, int64_t deployment, int step, struct err *err);
/* Replaces what the build has; call inside the transaction of build.added. */
bool store_set_build_results(struct store *s, const char *app, const char *version, const struct store_result *r,
                             size_t n, struct err *err);

/* The queries behind the API; shapes in proto/api.h. Each under 50 ms at 100,000 builds. */
bool store_query_builds(struct store *s, const char *app, const char *q, int offset, int limit, json_t **ret,
                        struct err *err);
bool store_query_build(struct store *s, const char *app, const char *version, json_t **ret, struct err *err);
bool store_query_deployments(struct store *s, const char *app, const char *environment, int64_t before, int limit,
                             json_t **ret, struct err *err);
/* DEPLOYMENT without "log_size", which the engine knows. */
bool store_query_deployment(struct store *s, int64_t id, json_t **ret, struct err *err);
/* From the result numbered `from` on. */
bool store_query_results(struct store *s, int64_t deployment, int from, int limit, json_t **ret, struct err *err);
/* ENVIRONMENT's "live", "deployment", "queue" and rollback's version and digest; the engine adds the rest. */
bool store_query_environment(struct store *s, const char *app, const char *environment, json_t **ret, struct err *err);
/* Artifact digests that some build which was not removed still names; "ref" for the artifact store's sweep. */
bool store_artifact_in_use(struct store *s, const char *sha256, bool *ret, struct err *err);

#endif
