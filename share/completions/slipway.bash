# bash completion of slipway. Made by `make docs` from the table of commands.

_slipway_verbs="approve audit build builds check consistency deploy engine feature history init lock log maturity metrics pause reject release resume rollback schedule status stop tests unlock watch"
_slipway_table()
{
	flags= words=
	case $1 in
	approve)
		flags="--reason --wait --app --json"
		;;
	audit)
		flags="--file --since --json"
		words="export verify"
		;;
	build)
		flags="--artifact --commit --commit-time --branch --author --message --tests --feature --migration --sign --app --json"
		words="add show"
		;;
	builds)
		flags="--at --app --limit --offset --json"
		;;
	check)
		flags="--json"
		;;
	consistency)
		flags="--at --app --json"
		;;
	deploy)
		flags="--at --wait --expect --reason --when-allowed --override --app --json"
		;;
	engine)
		flags="--json"
		words="start status stop"
		;;
	feature)
		flags="--reason --app --json"
		;;
	history)
		flags="--at --app --limit --before --json"
		;;
	init)
		flags=""
		;;
	lock)
		flags="--reason --for --steal --app --json"
		;;
	log)
		flags="--follow --at --app --json"
		;;
	maturity)
		flags="--at --app --since --json"
		;;
	metrics)
		flags="--at --app --since --json"
		;;
	pause)
		flags="--reason --app --json"
		;;
	reject)
		flags="--reason --wait --app --json"
		;;
	release)
		flags="--from --expect --reason --at --when-allowed --override --dry-run --wait --limit --json"
		;;
	resume)
		flags="--reason --app --json"
		;;
	rollback)
		flags="--to --wait --expect --reason --when-allowed --override --app --json"
		;;
	schedule)
		flags="--at --wait --app --json"
		words="move"
		;;
	status)
		flags="--at --app --json"
		;;
	stop)
		flags="--reason --wait --app --json"
		;;
	tests)
		flags="--build --failed --at --app --json"
		;;
	unlock)
		flags="--reason --app --json"
		;;
	watch)
		flags="--exit-status --app --json"
		;;
	esac
	flags="$flags --dir -C --help -h"
}

# What the engine knows, for words that name it; silent when there is no engine.
_slipway_ask()
{
	local dir=()
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -C ] && dir=(-C "${COMP_WORDS[i + 1]}")
	done
	slipway "${dir[@]}" engine status >/dev/null 2>&1 || return
	case $1 in
	environments) slipway "${dir[@]}" status 2>/dev/null | awk '/^[^ ]/ && NF > 1 && $1 != "release" { print $1; print $2 }' ;;
	builds) slipway "${dir[@]}" builds 2>/dev/null | awk '{ print $1 }' ;;
	esac
}

_slipway()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb= i flags words

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C) i=$((i + 1)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $prev in
	-C | --dir) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--tests) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--artifact)
		mapfile -t COMPREPLY < <(compgen -f -- "${cur#*=}")
		return ;;
	esac
	if [ -z "$verb" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$_slipway_verbs" -- "$cur")
		return
	fi
	_slipway_table "$verb"
	case $cur in
	-*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur"); return ;;
	esac
	if [ -n "$words" ] && [ "$prev" = "$verb" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	case $verb in
	deploy) words="$(_slipway_ask builds) $(_slipway_ask environments)" ;;
	build | builds) words=$(_slipway_ask builds) ;;
	release) words="list show stop $(_slipway_ask environments)" ;;
	*) words=$(_slipway_ask environments) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _slipway slipway
