# The demo's workspace: setting it up, stopping it, forgetting it. Sourced by demo/run.

slipway() { "$build/slipway" -C "$dir" "$@"; }

say() { printf '%s\n' "$*"; }

# are_taken PORT… : somebody listens on one of them, of any address
are_taken() {
	local hex
	printf -v hex ' %04X' "$@"
	awk -v hex="$hex " '$4 == "0A" && index(hex, " " substr($2, length($2) - 3) " ") { found = 1 } END { exit !found }' \
		/proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# ports_from FIRST : the public ports when dev's is FIRST, and the slots, which move along
ports_from() {
	local from to

	seq "$1" $(($1 + 2))
	sed -n 's/.*"slots": "\([0-9]*\)-\([0-9]*\)".*/\1 \2/p' demo/slipway.json | while read -r from to; do
		seq $((from + $1 - 18081)) $((to + $1 - 18081))
	done
}

# The public ports of dev, preprod and prod are 18081, 18082, 18083 unless one of them, or of the slots that go with
# them, is taken when the workspace is made; then the next hundred is tried.
ports() {
	local first=${DEMO_PORT:-18081}

	# shellcheck disable=SC2046 # a list of ports
	while are_taken $(ports_from "$first"); do
		[ -z "${DEMO_PORT:-}" ] || { say "One of the ports $(ports_from "$first" | tr '\n' ' ')is taken." >&2; return 1; }
		first=$((first + 100))
		[ "$first" -lt 20000 ] || { say "No free ports were found between 18081 and 20000." >&2; return 1; }
	done
	echo "$first"
}

port_of() { sed -n "/\"name\": \"$1\"/,/\"slots\"/s/.*\"ports\": { \"web\": \([0-9]*\).*/\1/p" "$dir/slipway.json"; }

# The live demo makes environments automatic; where a person or the script deploys they are not.
by_hand() {
	grep -q '"automatic"' "$dir/slipway.json" || return 0
	sed '/^ *"automatic": true,$/d; /^ *"after": /d' "$dir/slipway.json" >"$dir/slipway.json.part"
	mv "$dir/slipway.json.part" "$dir/slipway.json"
}

set_up() {
	local first shift

	mkdir -p "$dir/tests" "$dir/incoming"
	if [ ! -e "$dir/slipway.json" ]; then
		first=$(ports)
		shift=$((first - 18081))
		awk -v shift="$shift" '
			# Every number of five digits is a port.
			{ out = ""; while (match($0, /[0-9][0-9][0-9][0-9][0-9]/)) {
				out = out substr($0, 1, RSTART - 1) substr($0, RSTART, 5) + shift; $0 = substr($0, RSTART + 5) }
			  print out $0 }' demo/slipway.json >"$dir/slipway.json.part"
		mv "$dir/slipway.json.part" "$dir/slipway.json"
		say "Made the workspace $dir"
	fi
	by_hand
	# The suite belongs to the application, not to the machine: it goes where the configuration is.
	cp "$programs/acceptance" "$dir/tests/acceptance.part"
	mv "$dir/tests/acceptance.part" "$dir/tests/acceptance"
	port_of_dev=$(port_of dev)
	port_of_prod=$(port_of prod)
	url_of_dev=http://127.0.0.1:$port_of_dev
	# shellcheck disable=SC2046 # a list of versions
	demo/make-builds "$programs" "$dir/builds" $(demo/make-builds --list)
}

# add_build VERSION : what is there already is no matter
add_build() {
	local b=$dir/builds/$1 branch author message commit time features

	read_fact() { sed -n "s/.*\"$1\": \"\(.*\)\",\{0,1\}/\1/p" "$b/build.json"; }
	commit=$(read_fact commit) branch=$(read_fact branch) author=$(read_fact author) message=$(read_fact message)
	time=$(sed -n 's/.*"commit_time": \([0-9]*\),/--commit-time \1/p' "$b/build.json")
	features=$(sed -n 's/.*"features": \["\(.*\)"\].*/--feature \1/p' "$b/build.json")
	# shellcheck disable=SC2086 # no feature or time, or two words
	slipway build add "$1" --artifact "api=$b/api.tar.gz" --artifact "web=$b/web.tar.gz" --commit "$commit" \
		--branch "$branch" --author "$author" --message "$message" --tests "$b/junit.xml" $time $features
}

engine_runs() { slipway engine status >/dev/null 2>&1; }

# Processes whose program or working folder lies in the workspace: the application, its supervisors; and HAProxy by its
# configuration file.
processes() {
	local top pid exe cwd args
	top=$(readlink -f "$dir") || return 0
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		exe=$(readlink "/proc/$pid/exe" 2>/dev/null) || continue
		cwd=$(readlink "/proc/$pid/cwd" 2>/dev/null) || continue
		args=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) || continue
		case $exe:$cwd:$args in
		"$top"/*|*:"$top/.slipway"/*|*:"$top/.slipway:"*|*haproxy*"$top/.slipway"/*) echo "$pid $args" ;;
		esac
	done
}

stop() {
	local left i

	if [ ! -d "$dir/.slipway" ]; then
		say "The demo does not run."
		return
	fi
	if engine_runs; then slipway engine stop; fi
	"$build/slipwayd" teardown "$dir/.slipway"
	for i in {1..50}; do
		left=$(processes)
		[ -n "$left" ] || break
		sleep 0.1
	done
	if [ -n "$left" ]; then
		say "These processes of the demo still run:" >&2
		printf '%s\n' "$left" >&2
		return 1
	fi
	say "The demo is stopped; what was deployed is kept in $dir. To begin anew: make demo-reset"
}

reset() {
	if [ -d "$dir/.slipway" ]; then stop >/dev/null; fi
	rm -rf "$dir"
	say "The demo is forgotten: $dir is gone."
}

first_builds() {
	local version
	slipway engine start >/dev/null
	for version in "$@"; do
		add_build "$version" >/dev/null
	done
}

# Something to look at when the console opens: the first release on its way to every environment.
first_release() {
	local environment
	if slipway history 2>/dev/null | grep -q .; then return; fi
	for environment in dev preprod prod; do
		slipway deploy 1.0.0 "$environment" --reason "the demo's first release" >/dev/null
	done
}

open_console() {
	set_up
	# shellcheck disable=SC2046 # a list of versions
	first_builds $(demo/make-builds --list)
	first_release
	say "The shop answers at $url_of_dev (dev) … http://127.0.0.1:$port_of_prod (prod); make demo-stop ends it."
	exec "$build/slipway" -C "$dir"
}
