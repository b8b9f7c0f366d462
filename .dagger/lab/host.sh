#!/bin/sh
# The test host's boot: dockerd, the images it should have already, and only then sshd, so that an open port 22 means ready.
# SIGUSR1 is a power failure: every process dies at once, what was only in memory is gone, and the host boots again.
#
#   DOCKERD_ARGS   more arguments for dockerd
#   PRELOAD        image references; the archive of the n-th is /images/n.tar
set -eu

supervise() { # name, command...: like an init system, starts it again whenever it ends
	name=$1
	shift
	while :; do
		"$@" >>"/var/log/$name.log" 2>&1 || true
		sleep 0.2
	done
}

# Processes may not live in the root of a cgroup that has child groups with controllers.
nest_cgroups() {
	[ -f /sys/fs/cgroup/cgroup.controllers ] || return 0
	mkdir -p /sys/fs/cgroup/init
	xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
	sed 's/^/+/; s/ / +/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control || true
}

wait_for_docker() {
	for _ in $(seq 300); do
		docker version >/dev/null 2>&1 && return
		sleep 0.1
	done
	echo "dockerd does not answer:" >&2
	tail -n 20 /var/log/dockerd.log >&2
	exit 1
}

preload() {
	n=0
	loading=
	for reference in $PRELOAD; do
		{
			loaded=$(docker load --quiet --input "/images/$n.tar")
			docker tag "${loaded##*: }" "$reference"
		} &
		loading="$loading $!"
		n=$((n + 1))
	done
	for job in $loading; do wait "$job"; done
}

# A disk of its own for the user, so that a test can fill it.
small_home() {
	cp -a /home/deploy /tmp/home
	mount -t tmpfs -o size=32m,mode=755 home /home/deploy
	cp -a /tmp/home/. /home/deploy
	rm -r /tmp/home
}

boot() {
	mkdir -p /run/sshd
	# shellcheck disable=SC2086 # several arguments
	supervise dockerd dockerd $DOCKERD_ARGS &
	wait_for_docker
	[ "$1" = again ] || preload
	supervise sshd "$(command -v sshd)" -D -e -f /etc/lab/sshd_config &
}

power_failure() {
	for _ in 1 2 3; do
		for process in /proc/[0-9]*; do
			id=${process#/proc/}
			[ "$id" = 1 ] || [ "$id" = $$ ] || kill -9 "$id" 2>/dev/null || true
		done
		sleep 0.05
	done
	awk '$2 ~ "^/(var/lib/docker|run/docker|var/run/docker)/" { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
	ip -o link | awk -F '[ :@]+' '$2 ~ /^(docker|br-|veth)/ { print $2 }' | xargs -rn1 ip link delete 2>/dev/null || true
	for table in filter nat; do
		iptables -t $table -F || true
		iptables -t $table -X || true
	done
	rm -rf /run/docker* /run/containerd /var/run/docker* /run/sshd
}

nest_cgroups
echo $$ >/etc/lab/pid
failed=
trap 'failed=1' USR1
small_home
boot first
while :; do
	wait || true
	[ -n "$failed" ] || continue
	failed=
	power_failure
	boot again
done
