# Run by bench_console: a real engine with the sample application's builds, then with 100,000 of them, then a fleet; the program
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
BENCH_NEWEST=$(newest) "$1" console "console, 100,000 builds" || exit 1
slipway engine stop >/dev/null

# The fleet: 500 applications with five environments each.
. "$top/tests/bench/fleet.bash"
fleet=$workspace/fleet
make_fleet "$fleet" 500
"$build/slipway" -C "$fleet" engine start >/dev/null || exit 1
trap '"$build/slipway" -C "$fleet" engine stop >/dev/null; end_workspace' EXIT
# What comes up at first is over.
sleep 15
BENCH_WORKSPACE=$fleet BENCH_NEWEST=app000 "$1" fleet "console, 500 applications x 5"
