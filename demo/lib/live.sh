# New builds arrive and deploy by themselves, for walls and talks. Sourced by demo/run.

# LIVE_SECONDS between two builds; LIVE_ROUNDS ends it after so many (0: never; 3 without a terminal).
live_pause=${LIVE_SECONDS:-6}
feeder=

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

# One build on its way through all environments; it ends where it fails.
release() {
	local version=$1 environment

	for environment in dev preprod prod; do
		if slipway deploy "$version" "$environment" --wait --reason "arrived by itself" >/dev/null 2>&1; then
			say "$version runs in $environment"
		else
			say "$version did not get into $environment, what ran there before still does"
			return
		fi
	done
}

live_rounds() {
	local rounds=$1 round=0 version

	while [ "$rounds" -eq 0 ] || [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		version=$(next_version)
		drop_build "$version"
		if wait_for_build "$version"; then
			say "$version arrived"
			# In the background: while it is on its way to prod the next one arrives in dev.
			while [ "$(jobs -rp | wc -l)" -ge 3 ]; do wait -n || true; done
			release "$version" &
		else
			say "$version was not taken: $(cat "$dir/incoming/$version.json.why" 2>/dev/null)"
		fi
		sleep "$live_pause"
	done
	wait
}

stop_feeder() {
	[ -z "$feeder" ] || kill "$feeder" 2>/dev/null || true
	feeder=
}

live() {
	local was_running=

	set_up
	if engine_runs; then was_running=1; fi
	first_builds 1.0.0
	first_release
	if [ -t 0 ] && [ -t 1 ]; then
		live_rounds "${LIVE_ROUNDS:-0}" >"$dir/live.log" 2>&1 &
		feeder=$!
		trap stop_feeder EXIT
		slipway || true
		stop_feeder
		say "No more builds arrive; the shop still runs. make demo-stop ends it."
	else
		live_rounds "${LIVE_ROUNDS:-3}"
		[ -n "$was_running" ] || stop
	fi
}
