# shellcheck shell=bash
# node.sh: the machine's Node and npm, with the user and the start command of the genuine image.
groupadd --gid 1000 node
useradd --uid 1000 --gid node --shell /bin/bash --create-home node
cp /mnt/node/node /usr/local/bin/node
mkdir -p /usr/local/lib/node_modules
cp -a /mnt/node/npm /usr/local/lib/node_modules/npm
ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
cat >/usr/local/bin/docker-entrypoint.sh <<'END'
#!/bin/sh
# What is no command is for node: options and script files.
case ${1:-} in -*) exec node "$@" ;; esac
if ! command -v "$1" >/dev/null || { [ -f "$1" ] && ! [ -x "$1" ]; }; then exec node "$@"; fi
exec "$@"
END
chmod +x /usr/local/bin/docker-entrypoint.sh
