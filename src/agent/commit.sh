# Verbs around COMMIT.

# SERVICE POLICY: gives the new containers the restart policy that was held back, and sees that they run with it. It comes before
# COMMIT: a host that reboots in between has both versions, and the proxy's file names the old one.
do_restart_policy() {
  ids=$(candidates "$1")
  [ -n "$ids" ] || fail "the new container of $1 is gone" || return 1
  for id in $ids; do
    docker update --restart "$2" "$id" >/dev/null && [ "$(docker inspect --format '{{.State.Running}}' "$id")" = true ] ||
      fail "the new container of $1 has stopped" || return 1
  done
}

# COMMIT is this one rename: the proxy's file, the Compose override and the digests of the release take effect together.
committed() { [ "$(readlink "$state/releases/current")" = "$RELEASE" ]; }
do_commit() { point "$state/releases/current" "$RELEASE" || fail "the release cannot be made the current one"; }

# SERVICE: without a restart policy a container that stopped stays away; one that runs is left as it is.
bring_up() {
  for id in $(candidates "$1"); do docker start "$id" >/dev/null || return 1; done
}

# SERVICE: frees the slots of the old version: from here on what is live is what is durable. A proxy that started anew between
# the switch and COMMIT serves the old version, and does not know the new one.
do_retire() {
  bring_up "$1" || return 1
  proxy_answers 10 || fail "the proxy $PROXY cannot be asked what it serves" || return 1
  there=$(taken "$SLOTS.$1") || return 1
  [ "$there" -gt 0 ] || restart_proxy || return 1
  set_servers /dev/null free "$OLD_SLOTS.$1"
}
