# Sourced after workspace.bash: the delivery metrics of an environment as jq works them out from the journal's export in
# $workspace/journal, by the definitions of `slipway metrics --help`, and as the program tells them.

by_hand() {
	jq -sc --arg e "$1" '
		def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
			else (.[length / 2 - 1] + .[length / 2]) / 2 | floor end;
		. as $rows
		| [$rows[] | select(.type == "environment.live" and .body.environment == $e)] as $lives
		| [$rows[] | select(.type == "deployment.requested" and .body.environment == $e)
			| .seq as $id | .body + {
				id: $id,
				state: ([$rows[] | select(.type == "deployment.finished" and .body.id == $id) | .body.state] | first),
				ended: ([$rows[] | select(.type == "deployment.finished" and .body.id == $id) | .at] | first),
				lives: [$lives[] | select(.body.id == $id) | .at],
				left: (([$lives[] | select(.body.id == $id) | .seq] | first) as $seq
					| [$lives[] | select(.seq < $seq)] | last | .body.digest) }] as $all
		| [$all[] | select(.kind == "rollback" and .state == "succeeded")] as $back
		| [$all[] | select(.kind != "rollback" and .state != null and (.lives | length) > 0)
			| .digest as $d | .lives[0] as $at
			| [$back[] | select(.left == $d and .lives[0] > $at)] as $by
			| . + { bad: (.state != "succeeded" or ($by | length) > 0),
			        cured: (if .state != "succeeded" then .lives[1] else $by[0].lives[0]? end) }] as $changes
		| { deployments: [$changes[] | select(.state == "succeeded")] | length,
		    changes: $changes | length,
		    failed: [$changes[] | select(.bad)] | length,
		    failure_rate: (([$changes[] | select(.bad)] | length) / ($changes | length) * 10000 | round / 10000),
		    lead_ms: ([$changes[] | select(.state == "succeeded")] | group_by(.digest) | map(.[0])
			| map(.digest as $d | .lives[0] - ([$rows[] | select(.type == "build.added" and .body.digest == $d)
				| .body.commit_time // .body.at] | first)) | median),
		    leads_from_build: ([$changes[] | select(.state == "succeeded") | .digest] | unique
			| map(. as $d | select([$rows[] | select(.type == "build.added" and .body.digest == $d)
				| .body.commit_time] | first | not)) | length),
		    restore_ms: ([$changes[] | select(.bad and .cured) | .cured - .lives[0]] | median),
		    rollbacks: $back | length,
		    caught: [$all[] | select(.kind != "rollback" and .state == "failed" and (.lives | length) == 0)] | length }
		' "$workspace/journal"
}
told() {
	slipway metrics --json | jq -c --arg e "$1" 'select(.name == $e)
		| {deployments, changes, failed, failure_rate, lead_ms, leads_from_build, restore_ms, rollbacks, caught}'
}
