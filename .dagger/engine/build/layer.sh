#!/bin/bash
# layer.sh BASE SCRIPT [NAME=FOLDER...] OUT: runs SCRIPT as root inside BASE, with each FOLDER at /mnt/NAME, and leaves
# what it changed in OUT, in the form overlayfs keeps it. BASE is not written to.
set -euo pipefail
out=${!#}
if [ "${1:-}" != --inside ]; then
	mkdir -p "$out.work"
	trap 'rm -rf "$out.work"' EXIT
	unshare --mount --pid --fork --propagation private "$0" --inside "$@"
	exit
fi

base=$2 script=$3
root=$out.work/root
inputs=("${@:4:$#-4}")
mkdir -p "$out.work"/{root,overlay,apt}
mount -t overlay overlay -o "redirect_dir=off,metacopy=off,lowerdir=$base,upperdir=$out,workdir=$out.work/overlay" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
# What is mounted leaves no trace in the layer: the inputs, apt's lists and packages, temporary files.
for dir in mnt tmp var/lib/apt/lists var/cache var/log; do mount -t tmpfs tmpfs "$root/$dir"; done
mkdir -p "$root"/var/cache/{apt/archives/partial,debconf,ldconfig}
for input in "${inputs[@]}"; do
	mkdir "$root/mnt/${input%%=*}"
	mount --bind "${input#*=}" "$root/mnt/${input%%=*}"
done
cp "$script" "$root/tmp/script"

# shellcheck disable=SC2016 # to be expanded inside
exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	DEBIAN_FRONTEND=noninteractive SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
	NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt bash -euo pipefail -c '
		packages() {
			# No service is started while it is installed.
			printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
			chmod +x /usr/sbin/policy-rc.d
			apt-get -qq update
			apt-get -qq install --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { tail -n 20 /tmp/apt.log; exit 1; }
			rm /usr/sbin/policy-rc.d
		}
		umask 022
		. /tmp/script'
