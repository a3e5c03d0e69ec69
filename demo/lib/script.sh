# The demo without a terminal: every step, what came of it, and whether that was expected. Sourced by demo/run.

steps=0
surprises=0
began=$EPOCHREALTIME
hammer_pid=
hammer_log=

elapsed() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { s = b - a; printf s < 0.1 ? "%.3f" : "%.1f", s }'; }

# outcome yes|no TEXT : one line of the report
outcome() {
	steps=$((steps + 1))
	if [ "$1" = yes ]; then
		printf '%2d  ok         %s\n' "$steps" "$2"
	else
		printf '%2d  SURPRISE   %s\n' "$steps" "$2"
		surprises=$((surprises + 1))
	fi
}

# What a visitor of an environment gets now.
version_at() {
	local line=
	exec 9<>"/dev/tcp/127.0.0.1/$(port_of "$1")" || { echo nothing; return; }
	printf 'GET /version HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n' >&9
	while IFS= read -r line || [ -n "$line" ]; do
		[ "$line" != $'\r' ] || break
	done <&9
	IFS= read -r line <&9 || true
	exec 9>&-
	echo "${line:-nothing}"
}

# expect TEXT CODE ENVIRONMENT VERSION COMMAND… : the command ends with CODE, and then VERSION answers in ENVIRONMENT.
expect() {
	local text=$1 want_code=$2 environment=$3 want=$4 code=0 start=$EPOCHREALTIME live
	shift 4
	slipway "$@" >"$dir/step.log" 2>&1 || code=$?
	live=$(version_at "$environment" 2>/dev/null || echo nothing)
	if [ "$code" = "$want_code" ] && [ "$live" = "$want" ]; then
		outcome yes "$text: $(meaning "$code"), $environment answers $live ($(elapsed "$start") s)"
	else
		outcome no "$text: exit code $code (expected $want_code), $environment answers $live (expected $want)"
		sed 's/^/               /' "$dir/step.log" | tail -n 15
	fi
}

meaning() {
	case $1 in
	0) echo "done" ;;
	1) echo "failed and undone, as it should" ;;
	3) echo "refused, as it should" ;;
	*) echo "exit code $1" ;;
	esac
}

# shows TEXT PATTERN COMMAND… : the command's output holds the pattern.
shows() {
	local text=$1 pattern=$2 found
	shift 2
	slipway "$@" >"$dir/step.log" 2>&1 || true
	if found=$(grep -oE -m 1 -- "$pattern" "$dir/step.log" | head -n 1) && [ -n "$found" ]; then
		outcome yes "$text: $(sed 's/[[:space:]]\{2,\}/  /g' <<<"$found")"
	else
		outcome no "$text: \"$pattern\" is not in what slipway $* says"
		sed 's/^/               /' "$dir/step.log" | tail -n 15
	fi
}

# roll_back ENVIRONMENT VERSION : how long until a visitor gets the old version again, and how it ends
roll_back() {
	local environment=$1 want=$2 code=0 start=$EPOCHREALTIME answered= i
	slipway rollback "$environment" --reason demo >"$dir/step.log" 2>&1 || code=$?
	if [ "$code" = 0 ]; then
		for i in {1..1000}; do
			if [ "$(version_at "$environment")" = "$want" ]; then answered=$(elapsed "$start"); break; fi
			sleep 0.002
		done
		slipway watch "$environment" --exit-status >"$dir/step.log" 2>&1 || code=$?
	fi
	if [ "$code" = 0 ] && [ -n "$answered" ] && [ "$(version_at "$environment")" = "$want" ]; then
		outcome yes "roll $environment back: $want answers after $answered s, verified after $(elapsed "$start") s"
	else
		outcome no "roll $environment back: exit code $code, $environment answers $(version_at "$environment")"
		sed 's/^/               /' "$dir/step.log" | tail -n 15
	fi
}

hammer_start() {
	hammer_log=$dir/hammer-$1.log
	"$programs/hammer" -t 300 -k 4 -f 2 -r 150 "http://127.0.0.1:$(port_of "$1")" >"$hammer_log" 2>&1 &
	hammer_pid=$!
}

hammer_stop() {
	kill "$hammer_pid" 2>/dev/null || true
	wait "$hammer_pid" 2>/dev/null || true
	hammer_pid=
}

# Not one request may have failed.
hammer_lost_nothing() {
	local line
	hammer_stop
	line=$(grep '^requests' "$hammer_log" || echo "requests 0")
	case $line in
	"requests 0"*) outcome no "$1: no request was sent" ;;
	*"lost 0 errors 0") outcome yes "$1: $line" ;;
	*) outcome no "$1: $line"; grep '^hammer:' "$hammer_log" | head -n 5 ;;
	esac
}

# Only the bad build may have answered with errors, and none may be lost.
hammer_blames() {
	local line others
	hammer_stop
	line=$(grep '^requests' "$hammer_log" || echo "requests 0 lost ?")
	others=$(awk -v bad="$2" '/^version/ && $2 != bad { sum += $6 } END { print sum + 0 }' "$hammer_log")
	case $line in
	*"lost 0 errors"*)
		if [ "$others" = 0 ]; then outcome yes "$1: $line, all of them by $2"
		else outcome no "$1: $others errors came from other builds"; fi ;;
	*) outcome no "$1: $line" ;;
	esac
}

at_exit() {
	[ -z "$hammer_pid" ] || kill "$hammer_pid" 2>/dev/null || true
	[ -n "$was_running" ] || stop >/dev/null 2>&1 || true
}

good_releases() {
	hammer_start dev
	expect "deploy 1.1.0 to dev" 0 dev 1.1.0 deploy 1.1.0 dev --wait
	roll_back dev 1.0.0
	expect "deploy 1.2.0 to dev" 0 dev 1.2.0 deploy 1.2.0 dev --wait
}

bad_releases() {
	shows "1.3.0-ci failed in CI and says so" '1\.3\.0-ci .*FAIL 213/216' builds
	expect "deploy 1.4.0, which crashes at start" 1 dev 1.2.0 deploy 1.4.0 dev --wait
	shows "the log ends with what the process said" 'schema 7 is needed, schema 6 found' log dev
	expect "deploy 1.5.0, which answers wrongly" 1 dev 1.2.0 deploy 1.5.0 dev --wait
	shows "the failed tests are named" 'checkout: total after a discount' tests dev
	hammer_lost_nothing "150 requests a second on dev all the while"
	hammer_start dev
	expect "deploy 1.6.0, which fails under real traffic" 1 dev 1.2.0 deploy 1.6.0 dev --wait
	hammer_blames "visitors of dev" 1.6.0
}

on_to_prod() {
	expect "deploy 1.7.0 to dev" 0 dev 1.7.0 deploy 1.7.0 dev --wait
	expect "deploy 1.7.0 to preprod" 0 preprod 1.7.0 deploy 1.7.0 preprod --wait
	shows "1.2.0 runs in prod, deployed while dev was looked at" '1\.2\.0 .*succeeded' history prod
	hammer_start prod
	expect "deploy 1.7.0 to prod" 0 prod 1.7.0 deploy 1.7.0 prod --wait --reason "demo"
	roll_back prod 1.2.0
	hammer_lost_nothing "150 requests a second on prod all the while"
}

script() {
	local version
	was_running=
	set_up
	if engine_runs; then was_running=1; fi
	trap at_exit EXIT
	trap 'exit 130' INT TERM HUP
	slipway engine start >/dev/null
	for version in $(demo/make-builds --list); do
		if add_build "$version" >"$dir/step.log" 2>&1; then continue; fi
		outcome no "add build $version: $(tail -n 1 "$dir/step.log")"
	done
	shows "the builds are known" '1\.7\.0 .*OK 216/216' builds
	# On its way while dev is looked at: what prod is rolled back to later.
	slipway deploy 1.2.0 prod --reason demo >"$dir/step.log" 2>&1 || outcome no "ask for 1.2.0 on prod: $(cat "$dir/step.log")"
	expect "deploy 1.0.0 to dev" 0 dev 1.0.0 deploy 1.0.0 dev --wait
	good_releases
	bad_releases
	on_to_prod
	shows "the journal is whole" 'ok, [0-9]+ rows' audit verify
	[ -n "$was_running" ] || { stop >"$dir/step.log" 2>&1 && outcome yes "everything that was started is stopped" ||
		outcome no "stopping: $(tail -n 3 "$dir/step.log")"; }
	printf '\n%d steps, %d surprises, %s s\n' "$steps" "$surprises" "$(elapsed "$began")"
	[ "$surprises" -eq 0 ]
}
