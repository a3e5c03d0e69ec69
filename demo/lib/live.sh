# New builds arrive and deploy by themselves, for walls and talks. Sourced by demo/run.
#
# What deploys is the engine: dev takes every good build at once, preprod takes it when it has been live in dev for a
# few seconds, prod waits for a person. This script is only CI: it drops builds into the folder that the engine watches.

# LIVE_SECONDS between two builds; LIVE_ROUNDS ends it after so many (0: never; 3 without a terminal).
live_pause=${LIVE_SECONDS:-12}
live_soak=${LIVE_SOAK:-4s}
feeder=

# Written beside and renamed: the running engine takes a changed file at once.
automate() {
	awk -v soak="$live_soak" '{ print }
		/"name": "dev"/ { print "      \"automatic\": true," }
		/"name": "preprod"/ { print "      \"automatic\": true,"
			print "      \"after\": [{ \"environment\": \"dev\", \"soak\": \"" soak "\" }]," }
		' "$dir/slipway.json" >"$dir/slipway.json.part"
	mv "$dir/slipway.json.part" "$dir/slipway.json"
}

# What CI does: the artifacts first, then the manifest, renamed into place.
drop_build() {
	local version=$1

	demo/make-builds "$programs" "$dir/builds" "$version"
	mkdir -p "$dir/incoming/$version"
	cp "$dir/builds/$version"/*.tar.gz "$dir/builds/$version/junit.xml" "$dir/incoming/$version/"
	cp "$dir/builds/$version/build.json" "$dir/incoming/.$version.part"
	mv "$dir/incoming/.$version.part" "$dir/incoming/$version.json"
}

wait_for_build() {
	local i
	for i in {1..100}; do
		[ ! -e "$dir/incoming/$1.json.refused" ] || return 1
		if slipway build show "$1" >/dev/null 2>&1; then return 0; fi
		sleep 0.1
	done
	return 1
}

next_version() {
	local last
	last=$(ls "$dir/builds" | sed -n 's/^2\.0\.\([0-9]*\)$/\1/p' | sort -n | tail -n 1)
	echo "2.0.$((${last:--1} + 1))"
}

live_rounds() {
	local rounds=$1 round=0 version

	while [ "$rounds" -eq 0 ] || [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		version=$(next_version)
		drop_build "$version"
		if wait_for_build "$version"; then
			say "$version arrived"
		else
			say "$version was not taken: $(cat "$dir/incoming/$version.json.why" 2>/dev/null)"
		fi
		sleep "$live_pause"
	done
}

# arrives_in VERSION ENVIRONMENT : by itself, within a minute
arrives_in() {
	local i
	for i in {1..120}; do
		if slipway history "$2" --limit 5 2>/dev/null | grep -qE "automatic .*$1 .*succeeded"; then
			outcome yes "$1 runs in $2, and nobody deployed it"
			return
		fi
		sleep 0.5
	done
	outcome no "$1 did not get into $2: $(slipway status | grep -E "^shop +$2|^ +$2")"
}

stop_feeder() {
	[ -z "$feeder" ] || kill "$feeder" 2>/dev/null || true
	feeder=
}

watch_rounds() {
	local last

	live_rounds "${LIVE_ROUNDS:-3}"
	last=$(slipway builds --limit 1 --json | sed -n 's/.*"version":"\([^"]*\)".*/\1/p')
	arrives_in "$last" dev
	arrives_in "$last" preprod
	slipway history --limit 12
}

live() {
	was_running=
	set_up
	automate
	if engine_runs; then was_running=1; fi
	first_builds 1.0.0
	if ! slipway history prod 2>/dev/null | grep -q .; then
		slipway deploy 1.0.0 prod --reason "the demo's first release" >/dev/null
	fi
	if [ -t 0 ] && [ -t 1 ]; then
		live_rounds "${LIVE_ROUNDS:-0}" >"$dir/live.log" 2>&1 &
		feeder=$!
		trap stop_feeder EXIT
		slipway || true
		stop_feeder
		say "No more builds arrive; the shop still runs. make demo-stop ends it."
	else
		trap at_exit EXIT
		watch_rounds
		[ "$surprises" -eq 0 ]
	fi
}
