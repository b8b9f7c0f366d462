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

# GRACE IDS GRACE IDS...: from here on it is the proxy that comes back with the host, and no longer the old containers, which
# published the ports themselves. In between either of them may get the ports: one version serves all the same.
do_hold_ports() {
  docker update --restart unless-stopped "$PROXY" >/dev/null || fail "the proxy $PROXY has no restart policy" || return 1
  held='' code=0
  while [ $# -gt 0 ]; do
    for id in $(commas "$2"); do # one that a restart has brought back runs
      held="$held $id"
      { docker update --restart no "$id" && docker stop --time "$1" "$id"; } >/dev/null || fail "the old container $id did not stop" || code=1
    done
    shift 2
  done
  docker start "$PROXY" >/dev/null && proxy_answers 10 && return $code
  for id in $held; do docker start "$id" >/dev/null; done # rather than nobody
  fail "the proxy $PROXY does not answer"
}

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
