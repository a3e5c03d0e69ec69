/*
 * api: what the two programs say to each other: HTTP/1.1 with JSON bodies over a Unix socket.
 *
 * This header is the manual of the protocol. Times are milliseconds since 1970 UTC; an absent fact is null, never a
 * made-up value. Names of states, kinds, stages: words.h. Every error answer is
 *   {"error": {"kind": "stale", "text": "prod runs 2.13.5 now, not 2.13.4"}}   kinds, statuses, exit codes: base/err.h
 * A gate's refusal is a 409 (a lock's a 423, a stale view's a 412; a missing right is a 403) and has the gate's name, when it
 * is expected to clear, and all that refuses, the one that "text" tells among them: "gate":"window","clears_at":…|null,
 * "blocked":[BLOCKED…].
 * Unknown members are ignored by both sides. Strings from outside (authors, messages, test names) arrive as they are:
 * whoever shows them cleans them (base/clean.h).
 *
 * Every GET but /v1/events takes at=MS and answers as of then, from the journal: status then has "as_of":{"at","seq",
 *   "speed":null}, "now" is that time, and what only an observation knows (health, warm, ms, attention) is null. The
 *   configuration is the present one. In a replay (engine/replay.h) every answer is as of its own time, "speed" is a
 *   number, 0 at its end, and what changes something is refused with 409.
 *
 * GET /v1/status[?app=A]
 *   {"api":1, "seq":812, "now":…, "engine":{"pid":…,"version":"0.1.0","started":…,"workspace":"/srv/shop","slow":0},
 *    "config":{"valid":true,"mistakes":["slipway.json:3:9: …"]}, "you":{"uid":1000,"name":"alice"},
 *    "apps":[{"name":"shop","components":["api","web"],"environments":[ENVIRONMENT…]}],
 *    "groups":[{"name":"payments","undo":true,"applications":["api","web"]}…],      groups.json, in its order
 *    "releases":[RELEASE…]}                        those that are not over, oldest first
 *   ENVIRONMENT = {"name":"prod","protected":true,"arming":true,"driver":"host","has_preview":true,
 *    "live":{"version":"2.13.5","digest":"…","colour":"blue","since":…}|null,
 *    "health":{"ok":true,"text":"OK","at":…}|null,
 *    "rollback":{"version":"2.13.4","digest":"…","warm":true,"ms":900|null,"blocked":[BLOCKED…]}|null,    the target, named
 *                                                 beforehand, and what would refuse the caller's rollback to it
 *    "deployment":DEPLOYMENT|null,                the running one, else the last one
 *    "queue":[DEPLOYMENT…],                       waiting ones, in order
 *    "features":[{"name":"search","on":true,"since":…|null,"by":…|null,"reason":…|null}…],  null: never touched here
 *    "ports":{"web":8080}, "attention":"…"|null,
 *    "blocked":[BLOCKED…],                        what keeps the caller from deploying there now, whatever the build
 *    "lock":{"uid","owner","reason","taken","expires":…|null}|null, "drift":"…"|null,
 *    "automatic":false, "paused":{"why","by","since"}|null,                  its automation: a rollback or a person paused it;
 *    "next":{"version","gate","why","clears_at":…|null}|null}                 the new build that it does not take yet, and why
 * BLOCKED = {"gate":"approval","why":"…","who":"who or what can clear it","clears_at":…|null}
 * DEPLOYMENT = {"id":812,"app":"shop","environment":"prod","kind":"deploy","version":"2.14.0","digest":"…",
 *    "from":"2.13.5"|null,"state":"running","actor":"alice","reason":""|…,"requested":…,"started":…|null,
 *    "ended":…|null,"message":""|…,"layer":""|…,"step":3|null,"stage":"smoke"|null,
 *    "steps":[STEP…], "tests":TOTALS, "log_size":1234, "uid":1000, "override":"why"|null, "plan_hash":"…",
 *    "approvals":[{"uid","name","verdict":"approve"|"reject","at","reason","plan_hash","not_before":…|null,"ends":MS}…],
 *                               not_before: of the schedule that it was given for; ends: while it is queued
 *    "release":{"id":12,"group":"payments","index":2,"of":3}|null,      the release that it is part of, and where
 *    "position":2|null,"queue_size":3|null,      while it is queued: where in its environment's queue, a rollback before all
 *    "blocked":[BLOCKED…],      while it is queued; its gate step is then "held", its plan_hash the one it would have now.
 *    One that is scheduled is judged for its time: a window that will be closed then is named, and when it opens after it.
 *    "expected":MS|null}        while it is queued: when nothing holds it any more; null: not a matter of time alone
 * STEP = {"index":3,"stage":"smoke","state":"run","started":…|null,"ended":…|null,"deadline_ms":60000,"message":"",
 *    "layer":"","tail":""|…,"detail":{…}|null,"tests":TOTALS|null}
 * TOTALS = {"ok":188,"fail":1,"skip":0,"todo":0,"planned":212|null}
 *
 * GET /v1/builds?app=A[&q=TEXT][&offset=N][&limit=N]             newest first; limit 50 by default, 500 at most
 *   {"seq":…,"total":100000,"offset":0,"builds":[BUILD…]}        q matches version, commit, branch, author, message
 *   BUILD = {"version":"2.14.0","digest":"…","commit":"9f3c1ab…","branch":"main","author":"…","message":"…","at":…,
 *    "commit_time":…|null,"added_by":"ci","tests":TOTALS|null,"live":["prod"],"size":12345,"removed":false,
 *    "features":["checkout"],"migrations":[{"id":"0007","reversible":false}],"signer":"ci@example.org"|null}       removed: only the record is left
 * GET /v1/builds/VERSION?app=A     BUILD + "artifacts":[{"component","sha256","size"}], "results":[RESULT…] (failures first)
 * POST /v1/builds  {"app":"shop","version":"2.14.0","artifacts":{"web":"/abs/web.tar.gz"},"commit","branch","author",
 *    "message","tests":["/abs/junit.xml"],"features":[…],"migrations":[{"id","reversible"}],"signature":"-----BEGIN…","commit_time"}
 *   "commit_time": when the commit was made, "2026-11-25T10:00:00Z" or seconds since 1970 (a number or a text)
 *   the signature is over the build's manifest (artifact/manifest.h)  -> 201 BUILD + "known":false; 200 and true when
 *   the same was there; 409 other content or other facts, same version
 *
 * GET /v1/deployments?[app=A][&environment=E][&before=ID][&limit=N]   newest first  {"seq":…,"deployments":[DEPLOYMENT…]}
 * GET /v1/deployments/ID                                              DEPLOYMENT
 * GET /v1/deployments/ID/tests[?from=N][&limit=N]   {"total":N,"results":[RESULT…]}    as they came, from number N on
 *   RESULT = {"n":17,"step":4,"suite":"checkout","name":"total is rounded","outcome":"fail","message":"…","ms":12}
 * GET /v1/deployments/ID/log[?from=OFFSET][&limit=BYTES]   {"size":…,"from":…,"next":OFFSET,"text":"…"}   whole characters
 * POST /v1/deployments {"app","environment","kind":"deploy"|"rollback","version","digest","expect":"2.13.5"|"",
 *    "key":"UUID","reason":""}   -> 202 DEPLOYMENT; the same key again -> 200 and the same DEPLOYMENT
 *   "expect" is the live version that the caller saw ("" none); another one is live -> 412 stale. Left out: not checked.
 *   "override":"why" passes over windows and freezes where the caller may; "when_allowed":true waits in the queue for
 *   what clears by itself (a window, a lock, a soak) instead of being refused; an approval is always waited for.
 *   "digest" may be left out by a command; the console always sends it. Rollback: "version" left out = the target.
 *   "not_before":MS waits until then (kind "scheduled"); DEPLOYMENT tells it, null for the others.
 * POST /v1/deployments/ID/move {"not_before":MS}   -> 200 DEPLOYMENT; one that is not scheduled or waits no more -> 409
 *
 * Several applications together, in a group's order (groups.json; engine/release.h says how):
 * POST /v1/releases {"group":"payments","environment":"prod","from":"preprod","members":[{"app","version","digest",
 *    "expect":LIVE}…],"reason","key","override","when_allowed":false,"not_before":MS,"dry_run":false}
 *   A member takes the version that is live in "from" when it names none; without "from" only those named are released.
 *   -> 202 RELEASE; 200 the key was seen before, or "dry_run": judged alone. One member that a gate refuses for good
 *   refuses all, named; errors as of POST /v1/deployments.
 * GET /v1/releases[?before=ID][&limit=N]         newest first: {"seq":…,"releases":[RELEASE…]}
 * GET /v1/releases/ID                            RELEASE
 * POST /v1/releases/ID/stop {"reason":""}        -> 202 RELEASE; one that is over or being stopped -> 409
 *   RELEASE = {"id":12|null (dry run),"group","environment","from":"preprod"|null,"state":"running","undo":true,"actor",
 *    "uid","reason","override":…|null,"not_before":…|null,"requested":…,"started":…|null,"ended":…|null,"message":"",
 *    "members":[MEMBER…],"blocked":[BLOCKED and "app":"web"|null…]}      states: those of a deployment; undoing: nothing
 *    more begins; failed and stopped: undone where "undo" says so; attention: some member could not be taken back
 *   MEMBER = {"app","version","digest","expect":…|null,"from":"2.13.5"|null,"state","deployment":ID|null,"rollback":ID|null,
 *    "why":""}      its state: its deployment's, or "wait", "unchanged" (it was live already), "undoing", "undone", "stays"
 *    (it could not be taken back), "skip" (it was never asked for)
 *
 * POST /v1/features {"app","environment","feature":"search","on":true|false,"reason":"","expect":true|false}
 *   -> 200 {"app","environment","name","on","since","by","reason"}; done already: the same. "expect" is what the caller
 *   saw; it is otherwise now -> 412 stale. The components read it from the file in SLIPWAY_FLAGS (flagd's format).
 * POST /v1/deployments/ID/stop {"reason":""}     -> 202 DEPLOYMENT; a finished one -> 409
 * POST /v1/deployments/ID/approve|reject {"reason","plan_hash":"the one that was seen"}   -> 200 DEPLOYMENT; one's own, or
 *   not among those who may -> 403; another plan by now -> 412; it does not wait -> 409. A rejected one is over.
 * POST /v1/environments/E/lock   {"app","reason","for_ms":0,"steal":false}    -> 200 ENVIRONMENT; held by another -> 423;
 *   for_ms 0 or left out: as long as the environment's "lock_for" says
 * POST /v1/environments/E/unlock|resume {"app","reason"}                      -> 200 ENVIRONMENT; nothing to end -> 409
 * POST /v1/environments/E/pause  {"app","reason"}     its automation -> 200 ENVIRONMENT; not automatic, or paused -> 409
 *
 * GET /v1/consistency[?app=A]   {"seq":…,"apps":[{"name":"shop","environments":["dev","prod"],"rows":[ROW…]}]}
 *   ROW = {"what":"variables.LOG_LEVEL","values":{"dev":"debug","prod":null},"same":false,"declared":false,"since":…|null}
 *   what: "digest.COMPONENT" of what is live, "variables.NAME" (secret values as "hmac-sha256:…", by a key of the workspace), "facts.NAME". null: it has
 *   none. Those that differ come first, then those "declared" to differ on purpose, then the same ones.
 *
 * GET /v1/journal?[since=SEQ][&limit=N]  {"seq":…,"rows":[ROW…]}  ROW = {"seq","at","actor","type","body","hash"}
 * GET /v1/audit                          {"ok":true,"rows":812,"head":"hex","bad":{"seq":17,"why":"…"}|null}
 * GET /v1/metrics[?app=A][&since=MS]     what counts from MS on (wall milliseconds; 30 days by default) until now
 *   {"seq":…,"from":MS,"to":MS,"unit":"day"|"week","apps":[{"name":"shop","environments":[{"name":"prod","last":true,
 *    FIGURES…,"history":[{"from":MS,FIGURES…}…]}…]}…]}            last: where the pipeline ends, users are there
 *   FIGURES = "deployments":12,"per_day":0.4,"changes":13,"failed":1,"failure_rate":0.0769|null,"lead_ms":…|null,
 *    "restore_ms":…|null,"unrestored":0,"rollbacks":1,"caught":2,"leads":12,"leads_from_build":3     what each means: report/metrics.h. Medians in ms
 *   "history" is there for one application: each day or week (UTC, from Monday) that the period touches, oldest first
 * GET /v1/maturity[?app=A][&since=MS]    {"seq":…,"from":MS,"to":MS,"apps":[APP_MATURITY…]}    judged over the same period
 *   APP_MATURITY = {"name":"shop","level":1,"indicators":[{"level":0,"name":"not-by-hand","text":"nothing is copied by
 *    hand","met":true,"evidence":"…","next":null|"add \"after\": [\"preprod\"] to …"}…]}     report/maturity.h
 * GET /metrics                           the same and the engine's health as Prometheus text (version 0.0.4)
 * GET /v1/events[?since=SEQ]             text/event-stream, never ends; no SEQ or -1: only new rows; SEQ after the
 *   journal's end -> 412 stale (another journal than the one followed). First comes "id: SEQ\n\n": where it stands. Then
 *   "id: 813\nevent: journal\ndata: ROW\n\n"       every row after SEQ, then as they are committed
 *   "event: live\ndata: {"deployment":812,"log_size":…,"tests":TOTALS,"results":[RESULT…]}\n\n"   not in the journal;
 *        at most 10 a second for each deployment; a RESULT may come twice (it has n), a gap is filled from …/tests
 *   "event: health\ndata: {"app","environment","health":{…},"attention":"…"|null}\n\n"   when it changes
 *   ": beat\n\n" every 10 s, so that a reader knows the age of its data
 * POST /v1/engine/stop                   -> 202; no application and no HAProxy is stopped
 */
#ifndef PROTO_API_H
#define PROTO_API_H

#define API_SOCKET_NAME "slipway.sock"     /* in the workspace's .slipway folder */
#define API_ENGINE_LOCK "engine.lock"      /* beside the socket: flock()ed and naming its pid while an engine runs */
#define API_FLAGS_NAME "flags.json"         /* in an environment's folder: its features, see engine/features.h */
#define API_STATE_DIR ".slipway"           /* the engine's folder in a workspace, mode 0700 */
#define API_BODY_MAX (8u * 1024 * 1024)    /* of a request or an answer */

#endif
