# shellcheck shell=bash
# docker.sh: Debian's Docker Engine with Compose and Buildx, and what the genuine image has beside it; also an SSH
# server, so that a test host needs nothing installed.
packages docker.io containerd runc iptables iproute2 openssh-client openssh-server git
plugins=/usr/local/libexec/docker/cli-plugins
install -D -t $plugins /mnt/plugins/docker-{compose,buildx}
install -D /mnt/plugins/docker-compose-old $plugins-old/docker-compose
rm -f /etc/ssh/ssh_host_*
mkdir -p /run/sshd
