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
"$1" slipway "rollback to a warm colour" || exit 1
under_load "$1" slipway "rollback to a warm colour" || exit 1
slipway engine stop >/dev/null
"$1" haproxy "bare HAProxy map transaction" || exit 1
"$1" haproxy-at-once "the same, one right after the other" || exit 1
under_load "$1" haproxy "bare HAProxy map transaction" || exit 1
under_load "$1" haproxy-at-once "the same, one right after the other"
