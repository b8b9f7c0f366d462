# shellcheck shell=bash disable=SC2034
# lib.sh: what the commands share: paths, progress lines, keys, products, processes. To be sourced; it starts nothing.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SEAMLESS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/seamless}/engine
run=/run/seamless-engine
# The registry with the stand-in images, and the same one as the engine sees it through its user-mode network.
registry=127.0.0.1:5003

say() { printf '%s\n' "$*" >&2; }
fail() {
	say "engine: $*"
	exit 1
}
# Runs a command and says how long it took: step 'what' command [argument...]
step() {
	local began=$SECONDS
	"${@:2}" >&2 || fail "$1 failed after $((SECONDS - began)) s"
	say "$1 ($((SECONDS - began)) s)"
}

# The key of a product: a hash of the recipe files that make it (paths below this folder) and of the words given first.
# key_of 'words' path...
key_of() {
	(cd "$here" && printf '%s\n' "$1" && find "${@:2}" -type f -not -path '*/node_modules/*' -print0 | LC_ALL=C sort -z |
		xargs -0 sha256sum) | sha256sum | cut -c1-12
}

# Makes a product unless a complete one is there: product DIR maker [argument...]. The maker gets a temporary folder
# as its last argument; only a complete one gets the final name, so an interrupted build is never used.
product() {
	local dir=$1 new=$1.new
	[ -d "$dir" ] && return
	rm -rf "$new"
	mkdir -p "$new"
	step "$(basename "$dir")" "${@:2}" "$new"
	mv -T "$new" "$dir"
}

# Starts what stays behind: daemon LOG command [argument...]. It inherits no descriptor: a caller's lock would be held by it.
daemon() {
	local fd log=$1
	shift
	(
		for fd in /proc/"$BASHPID"/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || eval "exec $fd>&-"
		done
		exec setsid "$@" >"$log" 2>&1 </dev/null
	) &
}

# A process of ours is noted as "pid starttime": a pid alone may by now belong to somebody else.
started() { awk '{print $22}' "/proc/$1/stat" 2>/dev/null; }
note() { echo "$2 $(started "$2")" >"$run/$1"; }
alive() {
	local pid start
	[ -s "$run/$1" ] && read -r pid start <"$run/$1" && [ -n "$start" ] && [ "$(started "$pid")" = "$start" ]
}
# Asks a process of ours to end and waits until it has: halt NAME SECONDS
halt() {
	local pid n
	if alive "$1"; then
		read -r pid _ <"$run/$1"
		kill "$pid"
		for ((n = 0; n < $2 * 10; n++)); do alive "$1" || break; sleep 0.1; done
		if alive "$1"; then kill -9 "$pid"; fi
		while alive "$1"; do sleep 0.1; done
	fi
	rm -f "$run/$1"
}

# Which engine to use: given (the caller has one), docker (the dagger CLI brings one up in Docker) or own.
choice() {
	if [ -n "${_EXPERIMENTAL_DAGGER_RUNNER_HOST:-}" ]; then
		[ -n "${_EXPERIMENTAL_DAGGER_CLI_BIN:-}" ] || command -v dagger >/dev/null ||
			fail "_EXPERIMENTAL_DAGGER_RUNNER_HOST is set, but there is no dagger CLI on PATH nor in _EXPERIMENTAL_DAGGER_CLI_BIN"
		echo given
	elif command -v dagger >/dev/null && timeout 10 docker info >/dev/null 2>&1; then
		echo docker
	else
		echo own
	fi
}
