# Run by bench_console: a real engine with the sample application's builds, then with 100,000 of them; the program
# measures the console beside others.
. "$(dirname "${BASH_SOURCE[0]}")/../live/workspace.bash"
begin
newest() { slipway builds --json | head -n 1 | jq -r .version; }
add_builds 1.0.0 1.1.0 1.2.0 >/dev/null && slipway deploy 1.0.0 dev --wait >/dev/null || exit 1
export BENCH_SLIPWAY=$build/slipway BENCH_WORKSPACE=$workspace BENCH_SMALLEST=$build/tests/bench/smallest
BENCH_NEWEST=$(newest) "$1" all "console, 3 builds" || exit 1
slipway engine stop >/dev/null
"$1" fill "$workspace/.slipway/slipway.db" || exit 1
slipway status >/dev/null
BENCH_NEWEST=$(newest) "$1" console "console, 100,000 builds"
