# Run by bench_rollback: a workspace with two good builds, the older one warm; then the program measures.
. "$(dirname "${BASH_SOURCE[0]}")/../live/workspace.bash"
begin '.acceptance = [] | .environments = [.environments[0]] | .verify = {"for": "100ms", "failures": 3, "interval": "20ms"} | .drain = "1s"'
add_builds 1.0.0 1.1.0 >/dev/null || exit 1
slipway deploy 1.0.0 dev --wait >/dev/null && slipway deploy 1.1.0 dev --wait >/dev/null || exit 1
export BENCH_SOCKET=$workspace/.slipway/slipway.sock BENCH_PORT=$((ports + 1))
export BENCH_ADMIN=$workspace/.slipway/environments/shop/dev/haproxy/admin.sock
# Visitors that keep their connections, as the second setting: under_load BENCH WHAT TITLE
under_load() {
	local wrk result
	wrk -t1 -c8 -d600s "$(public 0)/" >"$workspace/wrk.out" 2>&1 &
	wrk=$!
	pids=("$wrk")
	"$1" "$2" "$3, under load"
	result=$?
	kill -INT "$wrk"
	wait "$wrk"
	pids=()
	! grep -E 'Socket errors|Non-2xx' "$workspace/wrk.out" || result=1
	return $result
}
# Keeps what is printed, for the verdict: bench WHAT TITLE, and under load.
figures=$workspace/figures
bench() { "$program" "$1" "$2" | tee -a "$figures"; return "${PIPESTATUS[0]}"; }
program=$1
bench slipway "rollback to a warm colour" || exit 1
under_load bench slipway "rollback to a warm colour" || exit 1
slipway engine stop >/dev/null
bench haproxy "bare HAProxy map transaction" || exit 1
bench haproxy-at-once "the same, one right after the other" || exit 1
under_load bench haproxy "bare HAProxy map transaction" || exit 1
under_load bench haproxy-at-once "the same, one right after the other" || exit 1

# What is promised: under five times the bare transaction, in the middle and at the end, alone and under load.
awk '
	function field(name) { match($0, name " [0-9.]+"); return substr($0, RSTART + length(name) + 1, RLENGTH - length(name) - 1) }
	{ where = /under load/ ? "under load" : "alone"; what = /^rollback/ ? "ours" : /^bare/ ? "bare" : "" }
	what { median[what, where] = field("median"); p99[what, where] = field("p99") }
	function verdict(where, name, ours, bare) {
		kept = ours + 0 < 5 * bare
		printf "%-42s %s %.1f x of the bare transaction, under 5 is promised: %s\n", "rollback, " where, name, ours / bare, kept ? "kept" : "BROKEN"
		broken += !kept
	}
	END {
		verdict("alone", "median", median["ours", "alone"], median["bare", "alone"])
		verdict("alone", "p99", p99["ours", "alone"], p99["bare", "alone"])
		verdict("under load", "median", median["ours", "under load"], median["bare", "under load"])
		verdict("under load", "p99", p99["ours", "under load"], p99["bare", "under load"])
		exit broken > 0
	}' "$figures"
