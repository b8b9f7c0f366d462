# shellcheck shell=bash
# engine.sh, run by layer.sh: what the engine needs around its own binaries, at the places where it looks for it.
packages git openssh-client runc containernetworking-plugins dnsmasq-base iptables iproute2 tini

mkdir -p /opt/cni/bin /etc/dagger /opt/dagger /var/lib/dagger /usr/local/share/dagger/content/blobs
ln -s /usr/sbin/runc /usr/local/bin/runc
for plugin in bridge loopback firewall host-local; do ln -s "/usr/lib/cni/$plugin" "/opt/cni/bin/$plugin"; done
ln -s /opt/dagger/dnsname /opt/cni/bin/dnsname
for file in dagger-engine dagger-init dialstdio; do ln -s "/opt/dagger/$file" "/usr/local/bin/$file"; done
# The engine relinks iptables to one of these.
for file in xtables-legacy-multi xtables-nft-multi; do ln -sf "/usr/sbin/$file" "/usr/bin/$file"; done
