# Run by bench_rollback: a workspace with two good builds, the older one warm; then the program measures.
. "$(dirname "${BASH_SOURCE[0]}")/../live/workspace.bash"
begin '.acceptance = [] | .environments = [.environments[0]] | .verify = {"for": "100ms", "failures": 3, "interval": "20ms"} | .drain = "1s"'
add_builds 1.0.0 1.1.0 >/dev/null || exit 1
slipway deploy 1.0.0 dev --wait >/dev/null && slipway deploy 1.1.0 dev --wait >/dev/null || exit 1
export BENCH_SOCKET=$workspace/.slipway/slipway.sock BENCH_PORT=$((ports + 1))
export BENCH_ADMIN=$workspace/.slipway/environments/shop/dev/haproxy/admin.sock
"$1" slipway || exit 1
slipway engine stop >/dev/null
"$1" haproxy
