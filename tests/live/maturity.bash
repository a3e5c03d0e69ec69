# Sourced after workspace.bash: the maturity level as jq works it out from the journal's export in $workspace/journal and
# from slipway.json, with all of its evidence, and as the program tells it. The period is the whole journal, which is
# shorter than a day; windows and usual hours are in UTC.

# A line for each indicator: {name, level, met, evidence}, the evidence of one that is met in its words.
maturity_by_hand() {
	jq -sc --slurpfile c "$workspace/slipway.json" '
		. as $rows | $c[0] as $c
		| [$c.environments[] | select(.optional | not)] as $pipeline
		| $pipeline[-1] as $last | $last.name as $l
		| def of($type): $rows[] | select(.type == $type);
		  def changes($e): [of("deployment.requested") | select(.body.environment == $e and .body.kind != "rollback")
			| .seq as $id
			| { id: $id, kind: .body.kind, digest: .body.digest,
			    state: ([of("deployment.finished") | select(.body.id == $id) | .body.state] | first),
			    at: ([of("environment.live") | select(.body.id == $id) | .at] | first),
			    first: ([of("environment.live") | select(.body.environment == $e)] | first | .body.id == $id),
			    approvals: [of("approval.given") | select(.body.id == $id and .body.verdict == "approve")] | length,
			    steps: [of("step.finished") | select(.body.id == $id and .body.state == "ok") | .body] }
			| select(.at and .state)
			| . + { probe: ([.steps[] | select(.stage == "switch")] | last | .detail.prober),
			        map_us: ([.steps[] | select(.stage == "switch")] | last | .detail.map_us // -1) }] | sort_by(.at);
		  def good($e): [changes($e)[] | select(.state == "succeeded")];
		  def ran($stage): any(.steps[]; .stage == $stage);
		  def build($d): [of("build.added") | select(.body.digest == $d) | .body];
		  def tested: any(build(.digest)[]; .tests.ok > 0 and .tests.fail == 0);
		  def drifts($e): [of("drift.found"), of("drift.cleared") | select(.body.environment == $e)]
			| sort_by(.seq) | group_by(.body.what) | map(last | select(.type == "drift.found"));
		  def usual: .at / 1000 | floor | gmtime | .[6] >= 1 and .[6] <= 5 and .[3] >= 8 and .[3] < 18;
		  def facts($e): reduce (of("facts.changed") | select(.body.environment == $e) | .body.facts) as $f ({}; . + $f)
			| with_entries(select(.value != null));
		  def same($what; $envs): [$envs[] | facts(.name)[$what]] | unique | length <= 1;
		  def count($one; $many): "\(.) \(if . == 1 then $one else $many end)";
		  def asked: [.after[]? | if type == "string" then . else .environment end];
		  changes($l) as $all | good($l) as $good
		| ([$all[].probe | select(.)] | {n: length, sent: (map(.sent) | add // 0), failed: (map(.failed) | add // 0)}) as $probes
		| [of("environment.live") | select(.body.environment == $l and .body.digest) | .body] as $stays
		| [$all[] | select(usual)] as $inside
		| ([$all[].map_us] | max // -1) as $slowest
		| [$good[] | select(ran("acceptance"))] as $accepted
		| [of("feature.set") | select(.body.environment == $l)] as $features
		| [$pipeline[] | select(.name != $l or .automatic)
			| {name, automatic, n: [good(.name)[] | select(.kind == "automatic")] | length}] as $automatic
		| ([$c.environments[] | facts(.name) | keys[]] | unique | map(select(startswith("digest.") | not))) as $whats
		| [$whats[] | select(same(.; $c.environments) | not)] as $differ
		| [$differ[] | . as $w | select(same($w; [$c.environments[] | select(.differs // [] | index($w) | not)]))] as $declared
		| [ [0, "not-by-hand", all($pipeline[]; (good(.name) | length) > 0 and drifts(.name) == []),
			"\([$pipeline[] | good(.name) | length] | add) deployments to all environments are in the journal, and what is live is what they brought"],
		    [0, "certain", ($good != [] and all($all[]; .state != "attention") and $c.verify.for != "0s"),
			"each switch is verified for \($c.verify.for | rtrimstr("ms") | tonumber / 1000) s; all \($all | length) changes on \($l) ended in a known state"],
		    [0, "built-elsewhere", ($last.signatures == "required" and $stays != [] and all($stays[]; any(build(.digest)[]; .signer))),
			"each of \($stays | length) times that a build came to be live on \($l), one of the signers had signed it"],
		    [0, "users-go-on", ($probes.sent > 0 and $probes.failed == 0),
			"traffic of \($l) moves between two colours; 0 of \($probes.sent) requests failed in \($probes.n) switches"],
		    [1, "pipeline", (($pipeline | length) > 1 and all($pipeline[]; good(.name) != [])),
			"\([$pipeline[].name] | join(" > ")), and builds went through it"],
		    [1, "only-successful", ($all != [] and $last.tests == "required" and all($pipeline[1:][]; asked != [])
			and all($pipeline[]; asked as $before | all(changes(.name)[];
				. as $one | all($before[]; any(good(.)[]; .digest == $one.digest and .at <= $one.at))))
			and all($all[]; tested)),
			"all \($all | length) changes on \($l) had succeeded in the environments before, and in CI; \([of("deployment.finished")
				| select(.body.state == "failed") | .body.id as $id | select([of("environment.live") | .body.id] | index($id) | not)
				| of("deployment.requested") | select(.seq == $id and .body.environment == $l)] | length) were caught there"],
		    [1, "approved", ($last.approval != null and $good != [] and $good[-1].approvals > 0),
			"\([$good[] | select(.approvals > 0)] | length) of \($good | length) deployments to \($l) were approved, the last one (#\($good[-1].id)) by \($good[-1].approvals | count("person"; "people")); \([$good[] | select(.kind == "scheduled")] | length | count("was"; "were")) scheduled"],
		    [1, "smoke-tests", ($good != [] and all($good[]; ran("smoke"))),
			"\($c.smoke | length | count("smoke test"; "smoke tests")); \([$good[] | select(ran("smoke"))] | length) of \($good | length) deployments to \($l) passed them"],
		    [1, "outside-hours", ($all != [] and all($inside[]; .first or (.probe != null and .probe.sent > 0 and .probe.failed == 0))),
			if $inside == [] then "\($all | length) of \($all | length) changes on \($l) were outside usual hours"
			else "\(($all | length) - ($inside | length)) of \($all | length) changes on \($l) were outside usual hours; users noticed nothing of the others: 0 of \([$inside[].probe.sent // 0] | add) requests failed" end],
		    [2, "automatic", ($automatic != [] and all($automatic[]; .automatic and .n > 0)),
			"\($c.components | length | count("component goes by itself"; "components go by themselves")) to \([$automatic[] | "\(.name) (\(.n))"] | join(", "))\(if $last.automatic then "" else "; when the team chooses to \($l)" end)"],
		    [2, "no-impact", ($probes.sent > 0 and $probes.failed == 0 and $slowest >= 0 and $slowest < 1000000),
			"0 of \($probes.sent) requests failed in \($probes.n) switches of \($l), the slowest took <\($slowest)> ms"],
		    [2, "acceptance-tests", ($good != [] and ($accepted | length) == ($good | length)),
			"\([$accepted[-1].steps[]? | select(.stage == "acceptance")] | last | .tests.ok // 0) tests passed before users of \($l) saw the last build; \($accepted | length) of \($good | length) deployments had them"],
		    [2, "features", ($features != []),
			"\($features | length | count("feature was"; "features were")) put into or pulled from \($l) without a deployment"],
		    [2, "several-a-day", (($good | length) >= 2),
			"\($good | length).0 deployments a day to \($l), \($good | group_by(.at / 86400000 | floor) | map(length) | max // 0) on the busiest day"],
		    [2, "consistent", (all($c.environments[]; drifts(.name) == []) and $last.drift == "refuse" and $declared == $differ
			and any($whats[]; startswith("facts."))
			and all($c.environments[] | facts(.name)[]; startswith("failed:") | not)),
			"\([$whats[] | select(startswith("facts."))] | length | count("fact"; "facts")) and \([$whats[] | select(startswith("variables."))] | length | count("variable"; "variables")) are the same across \($c.environments | length | count("environment"; "environments")) but for \($declared | length | count("declared difference"; "declared differences")); there is no drift, and \($l) refuses one"] ]
		| .[] | {name: .[1], level: .[0], met: .[2], evidence: (if .[2] then .[3] else null end)}
		' "$workspace/journal" |
		awk '{	# <MICROSECONDS> as milliseconds with one place
			while (match($0, /<[0-9]+>/))
				$0 = substr($0, 1, RSTART - 1) sprintf("%.1f", substr($0, RSTART + 1, RLENGTH - 2) / 1000) \
					substr($0, RSTART + RLENGTH)
			print
		}'
}

maturity_told() {
	slipway maturity --json | jq -c '.indicators[] | {name, level, met, evidence: (if .met then .evidence else null end)}'
}

# level_of LINES: the highest whose indicators, and those of the levels below, are all met
level_of() { jq -s '[.[] | select(.met | not) | .level] | if . == [] then 2 else [min - 1, 0] | max end' <<<"$1"; }
