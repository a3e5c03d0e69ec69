# Sourced with the action, deploy or rollback: kill -9 of the engine before and after each write that it makes durable.
# After a restart the deployment has ended in success or was undone, and journal, HAProxy's map and the answers agree.
action=$1
. "$(dirname "${BASH_SOURCE[0]}")/../live/workspace.bash"

# given: two good builds, the first one live on dev; nothing in the pipeline takes longer than it must
begin '.acceptance = [] | .environments = [.environments[0]] | .drain = "2s"'
shim=$build/tests/crash/crash_at.so
from=$workspace/count-from
counted=$workspace/counted
add_builds 1.0.0 1.1.0 >/dev/null || { echo "Bail out! builds"; exit 1; }
slipway deploy 1.0.0 dev --wait >/dev/null || { echo "Bail out! first deployment"; exit 1; }

start_doomed() {
	slipway engine stop >/dev/null
	rm -f "$from" "$counted"
	env LD_PRELOAD="$shim" CRASH_AT="$1" CRASH_WHEN="$2" CRASH_FROM="$from" CRASH_COUNT="$counted" \
		"$build/slipwayd" -C "$workspace" >/dev/null 2>>"$workspace/.slipway/engine.log" &
	doomed=$!
	pids=("$doomed")
	wait_for 5 ask_engine /v1/status
	touch "$from"
}

ask() {
	if [ "$action" = deploy ]; then slipway deploy 1.1.0 dev --reason "once more"; else slipway rollback dev; fi
}

bring_back() {
	if [ "$(live dev)" != "$1" ]; then slipway deploy "$1" dev --wait --reason "once more" || return 1; fi >/dev/null
}

# Brings dev to where the action begins: deploy from 1.0.0, rollback from 1.1.0 (deployed after 1.0.0).
prepare() {
	wait_for 30 is_idle dev || return 1
	if [ "$action" = deploy ]; then bring_back 1.0.0; else bring_back 1.0.0 && bring_back 1.1.0; fi
}

how_many() {
	prepare || return 1
	start_doomed 0 never
	ask >/dev/null
	wait_for 30 is_idle dev || return 1
	cat "$counted"
}

check() {
	local n=$1 when=$2 reach=$3 name="$action, killed $2 write $1" state live map answer audit
	prepare || { fail "$name" "could not be prepared"; return; }
	# when: the engine dies at that write
	start_doomed "$n" "$when"
	ask >"$workspace/asked" 2>&1
	if ! wait_for 12 bash -c "! kill -0 $doomed"; then
		# How many writes there are differs by a few from run to run: those at the end may not come.
		if [ "$n" -gt $((reach - 4)) ] && [ "$(cat "$counted")" -lt "$n" ]; then
			pass "$name: this time it needed only $(cat "$counted") writes"
		else
			fail "$name" "the engine did not die"
		fi
		return
	fi
	{ wait "$doomed"; } 2>/dev/null
	pids=()
	# then: a restart settles it, and all that can be asked says the same
	slipway engine start >/dev/null || { fail "$name" "the engine did not start"; return; }
	wait_for 40 is_idle dev || { fail "$name" "not settled: $(field dev .deployment)"; return; }
	state=$(field dev .deployment.state)
	live=$(live dev)
	map=$(map_of dev)
	answer=$(answers 0)
	audit=$(slipway audit verify 2>&1) || { fail "$name" "$audit"; return; }
	case $state in succeeded|failed|stopped) ;; *) fail "$name" "it ended as $state"; return ;; esac
	if [ "$map" = "$(field dev .live.colour)" ] && grep -q "$live" <<<"$answer"; then
		pass "$name: $state, $live"
	else
		fail "$name" "journal $live on $(field dev .live.colour), map $map, answer $answer"
	fi
}

writes=$(how_many) || { echo "Bail out! $action could not be counted"; exit 1; }
plan $((2 * writes))
for ((n = 1; n <= writes; n++)); do
	check "$n" before "$writes"
	check "$n" after "$writes"
done
exit $((tests_failed > 0))
