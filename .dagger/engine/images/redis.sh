# shellcheck shell=bash
# redis.sh: Debian's Redis, with the paths and the start command of the genuine image.
groupadd --system --gid 1000 redis
useradd --system --uid 999 --gid redis --home-dir /data --shell /usr/sbin/nologin redis
packages redis-server
mkdir -p /data
chown redis:redis /data
cat >/usr/local/bin/docker-entrypoint.sh <<'END'
#!/bin/sh
# Options or a config file alone are for redis-server, which gives up root. The genuine build has protected mode off.
case ${1:-} in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "$1" = redis-server ]; then
	set -- "$@" --protected-mode no
	if [ "$(id -u)" = 0 ]; then
		find . ! -user redis -exec chown redis {} +
		set -- setpriv --reuid=redis --regid=redis --clear-groups "$@"
	fi
fi
exec "$@"
END
chmod +x /usr/local/bin/docker-entrypoint.sh
