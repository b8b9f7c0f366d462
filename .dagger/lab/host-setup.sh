#!/bin/sh
# Makes a Docker-in-Docker image a deploy host: sshd, and a user `deploy` who is not root but in the group docker.
set -eu
command -v sshd >/dev/null || apk add --no-cache openssh-server util-linux-misc
command -v useradd >/dev/null || apk add --no-cache shadow
getent group docker >/dev/null || groupadd docker
# "*" is no password at all; sshd takes the usual "!" for a locked account and refuses the key too.
useradd --create-home --shell /bin/sh --groups docker --password '*' deploy
usermod --password '*' root
mkdir -p /etc/lab /etc/docker
echo '{ "insecure-registries": ["registry:5000"] }' >/etc/docker/daemon.json
cat >/etc/lab/sshd_config <<'CONFIG'
HostKey /etc/lab/host_key
AuthorizedKeysFile /etc/lab/authorized_keys/%u
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
CONFIG
