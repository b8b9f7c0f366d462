#!/bin/bash
# start.sh ENGINE_LAYER DEBIAN BINARIES SDK STATE: starts the engine in a root filesystem and in mount, pid and network
# namespaces of its own. Its bridge, iptables rules, DNS server on port 53 and mounts all go away with it, and what it
# does to /etc/resolv.conf stays inside: never start it in the machine's own namespaces, it rewrites that file without
# end. The way out is slirp4netns (user-mode NAT): inside, the machine's own 127.0.0.1 is 10.0.2.2 and its DNS resolver
# is 10.0.2.3.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Builds the root filesystem: nothing is copied, and what the engine writes to it is in memory. No mount made from here
# on is seen by the machine.
root_filesystem() { # engine layer, debian, binaries, sdk, state
	local top=$run/root
	mount -t tmpfs tmpfs "$top"
	mkdir "$top"/{upper,work,root}
	root=$top/root
	mount -t overlay overlay -o "lowerdir=$1:$2,upperdir=$top/upper,workdir=$top/work" "$root"
	mount -t tmpfs tmpfs "$root/run"
	mkdir "$root$run"
	mount --bind "$run" "$root$run"
	mount --bind "$3" "$root/opt/dagger"
	mount --bind "$4/blobs" "$root/usr/local/share/dagger/content/blobs"
	mount --bind "$5" "$root/var/lib/dagger"
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	# The engine would install what is in here in each container it starts, which takes a second each time.
	mount -t tmpfs tmpfs "$root/usr/local/share/ca-certificates"
	cp "$here/engine.json" "$root/etc/dagger/"
	cp -L /etc/hosts "$root/etc/hosts"
	echo nameserver 10.0.2.3 >"$root/etc/resolv.conf"
}

inside() {
	local pid digest
	# /proc is still the outer one: note our pid out there.
	read -r pid _ </proc/self/stat
	note engine "$pid"
	digest=$(cat "$4/digest")
	root_filesystem "$@"
	cd "$root"
	mkdir .outer
	pivot_root . .outer
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	umount -l /.outer
	ip link set lo up
	for _ in $(seq 100); do
		ip -o route show default | grep -q . && break
		sleep 0.05
	done
	exec env -i PATH="$PATH" HOME=/root DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST="$digest" \
		tini -- dagger-engine --addr "unix://$run/engine.sock" --network-name seamless --network-cidr 10.89.0.0/16
}

if [ "${1:-}" = --inside ]; then
	shift
	inside "$@"
fi

mkdir -p "$run/root" "$5"
rm -f "$run/engine.sock"
[ ! -f "$run/engine.log" ] || mv "$run/engine.log" "$run/engine.log.1"
daemon "$run/engine.log" unshare --mount --pid --net --fork --propagation private bash "${BASH_SOURCE[0]}" --inside "$@"
for _ in $(seq 50); do
	alive engine && break
	sleep 0.1
done
alive engine || fail "the engine did not start, see $run/engine.log"
read -r pid _ <"$run/engine"
daemon "$run/network.log" slirp4netns --configure --mtu=1500 "$pid" eth0
note network $!

# Done when it answers a query. An engine that was killed drops its cache first: minutes, with a large one on a cold disk.
limit=$((SECONDS + 300))
while [ "$SECONDS" -lt "$limit" ]; do
	if [ -S "$run/engine.sock" ] && _EXPERIMENTAL_DAGGER_RUNNER_HOST=unix://$run/engine.sock DO_NOT_TRACK=1 \
		timeout 20 "$3/dagger" core version >/dev/null 2>"$run/health.log"; then exit 0; fi
	alive engine || break
	sleep 0.5
done
tail -n 20 "$run/engine.log" "$run/health.log" >&2
halt engine 60
halt network 10
fail "the engine does not answer"
