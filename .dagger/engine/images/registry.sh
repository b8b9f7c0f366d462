# shellcheck shell=bash
# registry.sh: Debian's docker-registry, with the paths and the start command of the genuine image.
packages docker-registry
ln -s /usr/bin/docker-registry /bin/registry
mkdir -p /var/lib/registry
cat >/etc/docker/registry/config.yml <<'END'
version: 0.1
log: {fields: {service: registry}}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: /var/lib/registry}
  delete: {enabled: true}
http:
  addr: :5000
  headers: {X-Content-Type-Options: [nosniff]}
END
cat >/entrypoint.sh <<'END'
#!/bin/sh
# A config file alone means "serve" it; a subcommand or an option goes to registry; anything else is run as it is.
case ${1:-} in
*.yml | *.yaml) exec registry serve "$@" ;;
serve | garbage-collect | help | -*) exec registry "$@" ;;
*) exec "$@" ;;
esac
END
chmod +x /entrypoint.sh
