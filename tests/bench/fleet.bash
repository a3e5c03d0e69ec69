# Sourced by the benchmarks of a fleet.

# make_fleet DIR N: a workspace of N applications with five environments each, whose commands do nothing
make_fleet() {
	local dir=$1 i environment environments=
	mkdir -p "$dir/slipway.d"
	for environment in dev test stage preprod prod; do
		environments+=",{\"name\":\"$environment\",\"driver\":\"command\",\"deploy\":[\"true\"],\"rollback\":[\"true\"],\"observe\":[\"true\"]}"
	done
	for ((i = 0; i < $2; i++)); do
		printf '{"application":"app%03d","components":{"web":{}},"environments":[%s]}' "$i" "${environments:1}" \
			>"$dir/slipway.d/$(printf 'app%03d' "$i").json"
	done
}
