#!/bin/bash
# debian.sh SUITE OUT: the smallest Debian root filesystem, without documentation: the base of every image.
set -euo pipefail
tar=$2.tar
trap 'rm -f "$tar"' EXIT
exclude=()
for path in doc man info locale lintian; do exclude+=("--dpkgopt=path-exclude=/usr/share/$path/*"); done
mmdebstrap --quiet --variant=minbase --include=ca-certificates "${exclude[@]}" "$1" "$tar"
tar -C "$2" --exclude='./dev/*' -xf "$tar"
rm -rf "$2"/{var/cache/apt,var/lib/apt/lists,var/log}/*

# Also what this machine trusts beyond Debian's list: behind a company proxy nothing can be fetched without it.
cp -L /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/"
find /usr/local/share/ca-certificates -name '*.crt' -exec cp -L {} "$2/usr/local/share/ca-certificates/" \;
: >"$2/etc/resolv.conf"
