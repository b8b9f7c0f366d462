# shellcheck shell=bash
# machine.sh: what the machine must have. To be sourced after lib.sh. Installs the Debian packages that are missing;
# Node, Go and Python are the developer's choice and only asked for.

check_machine() {
	local tool missing=()
	[ "$(id -u)" = 0 ] || fail "an engine of our own needs root (for namespaces and mounts); or install Docker and the dagger CLI"
	[ "$(uname -m)" = x86_64 ] || fail "an engine of our own is made for x86_64 only; here: install Docker and the dagger CLI"
	for tool in go node npm python3; do
		command -v $tool >/dev/null || fail "$tool is missing: Go 1.26.1, Node 20 with npm and Python 3.11 or newer are needed to build the engine"
	done
	node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || fail "Node $(node --version) is too old: 20 or newer is needed"
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$(python3 --version) is too old: 3.11 or newer is needed"
	[ -c /dev/net/tun ] || fail "/dev/net/tun is missing: the engine's network needs it"
	for tool in mmdebstrap skopeo slirp4netns; do
		command -v $tool >/dev/null || missing+=("$tool")
	done
	[ ${#missing[@]} = 0 ] || step "apt-get install ${missing[*]}" install_packages "${missing[@]}"
}

install_packages() {
	command -v apt-get >/dev/null || fail "please install: $*"
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$@" >/dev/null
}
