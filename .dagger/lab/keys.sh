#!/bin/sh
# SSH keys of the lab: what a client gets is in user/, what the host gets in host/.
set -eu
command -v ssh-keygen >/dev/null || apk add --no-cache openssh-keygen
mkdir -p user host
generate() { ssh-keygen -q -t ed25519 -N '' -C lab -f "$1"; }
known() { # public key: its entries for both ports
	for name in host.test '[host.test]:2222'; do echo "$name $(cut -d ' ' -f 1,2 "$1")"; done
}
generate user/id_ed25519
generate user/wrong_key
generate host/host_key
generate host/other_host_key
generate host/root_key
known host/host_key.pub >user/known_hosts
known host/other_host_key.pub >user/known_hosts_changed
chmod 600 user/id_ed25519 user/wrong_key host/*
