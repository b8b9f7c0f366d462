# shellcheck shell=bash
# haproxy.sh: Debian's HAProxy, with the user, the paths and the start command of the genuine image.
packages haproxy
groupmod --gid 99 haproxy
usermod --uid 99 haproxy
ln -s /usr/sbin/haproxy /usr/local/sbin/haproxy
mkdir -p /usr/local/etc/haproxy
chown haproxy:haproxy /var/lib/haproxy
cat >/usr/local/bin/docker-entrypoint.sh <<'END'
#!/bin/sh
# "haproxy ..." or options alone: as master and worker, in the foreground.
case ${1:-} in
-*) ;;
haproxy) shift ;;
*) exec "$@" ;;
esac
exec haproxy -W -db "$@"
END
chmod +x /usr/local/bin/docker-entrypoint.sh
