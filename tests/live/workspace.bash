# Sourced by the live and crash tests: a workspace of the sample application in a folder of its own, on ports of its
# own, with real HAProxy, runit and engine; everything is ended and removed when the test ends, however it ends.
# TAP is printed as the test goes: `plan N`, then `it "does so" COMMAND…` or `is "says" GOT WANTED`.
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${SLIPWAY_BUILD:-$top/build}
programs=$build/demo-bin
tests_run=0
tests_failed=0
pids=()

plan() { printf '1..%d\n' "$1"; }

pass() { tests_run=$((tests_run + 1)); printf 'ok %d - %s\n' "$tests_run" "$1"; }

fail() {
	tests_run=$((tests_run + 1))
	tests_failed=$((tests_failed + 1))
	printf 'not ok %d - %s\n' "$tests_run" "$1"
	[ $# -lt 2 ] || sed 's/^/# /' <<<"$2"
}

it() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then pass "$name"; else fail "$name" "$out"; fi
}

is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got \"$2\", wanted \"$3\""; fi; }

slipway() { "$build/slipway" -C "$workspace" "$@"; }

engine_pid() { head -n 1 "$workspace/.slipway/engine.lock" 2>/dev/null; }

# Waits until a command succeeds: wait_for SECONDS COMMAND…
wait_for() {
	local until=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$until" ] || return 1
		sleep 0.02
	done
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A block of 100 ports below the range from which the kernel takes its own.
choose_ports() {
	local try port
	for try in $(seq 40); do
		ports=$((11000 + (($$ + try * 37) % 200) * 100))
		for port in 1 2 3 20 21 22 23 24 25 40 41 42 43 44 45; do
			port_is_free $((ports + port)) || continue 2
		done
		return 0
	done
	echo "no free ports" >&2
	return 1
}

end_workspace() {
	local pid
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
	"$build/slipway" -C "$workspace" engine stop >/dev/null 2>&1
	"$build/slipwayd" teardown "$workspace/.slipway" >/dev/null 2>&1
	cd / && rm -rf "$workspace"
}

# begin [JQ-FILTER]: makes the workspace; the filter changes the sample's slipway.json.
begin() {
	workspace=$(mktemp -d "${TMPDIR:-/tmp}/slipway-live.XXXXXX")
	trap end_workspace EXIT
	trap 'exit 130' INT TERM HUP
	choose_ports || exit 1
	mkdir "$workspace/tests"
	cp "$programs/acceptance" "$workspace/tests/"
	jq --argjson p "$ports" '
		.environments |= [range(0; length) as $i | .[$i]
			| .ports.web = $p + 1 + $i
			| .slots = "\($p + 20 + 20 * $i)-\($p + 39 + 20 * $i)"
			| .variables.SHOP_PUBLIC_HOST = "127.0.0.1:\($p + 1 + $i)"]
		| .verify = {"for": "300ms", "failures": 3, "interval": "50ms"}
		| '"${1:-.}" "$top/demo/slipway.json" >"$workspace/slipway.json"
	builds=$build/live-builds
}

# commit_time DIR: the flag for a build's commit time, where it has one
commit_time() { jq -r '.commit_time // empty | "--commit-time \(.)"' "$1/build.json"; }

# add_builds VERSION…
add_builds() {
	local version dir
	# Builds are kept from run to run, but not those of other programs or of another recipe. Tests run side by side.
	(
		flock 9
		for version in "$@"; do
			if [ "$programs/web" -nt "$builds/$version/build.json" ] ||
				[ "$top/demo/make-builds" -nt "$builds/$version/build.json" ]; then
				rm -rf "${builds:?}/$version"
			fi
		done
		"$top/demo/make-builds" "$programs" "$builds" "$@"
	) 9>"$build/live-builds.lock" || return 1
	for version in "$@"; do
		dir=$builds/$version
		slipway build add "$version" --artifact api="$dir/api.tar.gz" --artifact web="$dir/web.tar.gz" \
			--commit "$(jq -r .commit "$dir/build.json")" $(commit_time "$dir") --tests "$dir/junit.xml" \
			$(jq -r '.features[]? | "--feature \(.)"' "$dir/build.json") || return 1
	done
}

public() { echo "http://127.0.0.1:$((ports + 1 + ${1:-0}))"; }

# What users of an environment (0 dev, 1 preprod, 2 prod) get.
answers() { curl -sf --max-time 2 "$(public "${1:-0}")/version" | tr -d '\n'; }

# field ENVIRONMENT JQ-FILTER
field() { slipway status --json | jq -r --arg e "$1" 'select(.name == $e) | '"$2"; }

# ask PATH: what the engine answers on its socket
ask_engine() { curl -sf --max-time 5 --unix-socket "$workspace/.slipway/slipway.sock" "http://engine$1"; }

live() { field "$1" '.live.version // "none"'; }

is_idle() {
	[ "$(field "$1" '(.queue | length) == 0 and (.deployment.state // "succeeded" |
		. == "succeeded" or . == "failed" or . == "stopped" or . == "attention")')" = true ]
}

# The colour that HAProxy's runtime map and its map file say; "differ" when they do not agree.
map_of() {
	local dir="$workspace/.slipway/environments/shop/$1" file runtime
	file=$(sed -n 's|^public/web *||p' "$dir/haproxy/routes.map")
	runtime=$(echo "show map routes.map" | socat - "UNIX-CONNECT:$dir/haproxy/admin.sock" |
		sed -n 's|^[^ ]* public/web *||p')
	if [ "$file" = "$runtime" ]; then echo "${file#web-}"; else echo "differ: file $file, runtime $runtime"; fi
}
