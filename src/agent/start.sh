# Verbs that start the new version, what it depends on, and the proxy.

# SERVICE...: starts what the new version depends on and is not there yet.
do_dependencies() {
  for service; do
    [ -n "$(containers "$service")" ] || echo "$service" >>"$run/dependencies"
  done
  compose up -d --no-recreate --wait "$@" || fail "$(last_words "$run/compose.log")"
}
undo_dependencies() {
  [ -f "$run/dependencies" ] || return $nothing
  while read -r service; do containers "$service" | remove 10; done <"$run/dependencies"
}

# SERVICE IDS: removes containers that do not run: Compose would start them as if they were replicas.
do_remove_stopped() {
  for id in $(commas "$2"); do
    [ "$(docker inspect --format '{{.State.Status}}' "$id")" != running ] || fail "the stopped container $id of $1 runs again" || return 1
    docker rm -f "$id" >/dev/null || fail "the stopped container $id of $1 cannot be removed" || return 1
  done
}

# SERVICE SCALE: starts the new version next to the old one. Its restart policy waits until it has proved itself: when the host
# reboots before that, only the old version comes back.
do_start() {
  rm -rf "$run/docker" # the pulls are over
  compose up -d --no-deps --no-recreate --pull never --scale "$1=$2" "$1" || {
    fail "Compose could not start $1: $(last_words "$run/compose.log")"
    return 1
  }
  ids=$(candidates "$1")
  [ -n "$ids" ] || fail "Compose started no new container of $1" || return 1
  for id in $ids; do hold_back "$id" || return 1; done
}
# ID: takes the policy away. Docker refuses that in the moment in which a container ends; afterwards it does not, and that it has
# ended is what the next step finds.
hold_back() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    docker update --restart no "$1" >/dev/null 2>"$run/compose.log" && return
    sleep 0.1
  done
  fail "the restart policy of $1 cannot be held back: $(last_words "$run/compose.log")"
}
undo_start() {
  for id in $(candidates "$1"); do
    [ -s "$run/tail" ] || docker logs --tail 20 "$id" >"$run/tail" 2>&1
  done
  candidates "$1" | remove 10 || return 1
  # What is left of the service ran when the run began; without a restart policy it does not survive a restart of dockerd.
  for id in $(containers "$1"); do docker start "$id" >/dev/null || return 1; done
}

# SERVICE SECONDS: the new containers pass their own health check; the proxy is not there yet to ask them.
do_booted() {
  for id in $(candidates "$1"); do own_health_check "$id" "$2" || return 1; done
}

# SERVICE GRACE IDS: stops the old containers, which hold the published ports themselves: this opens the gap. When the host
# reboots in it they come back: Docker starts what has the policy "always" with itself, also when it was stopped.
do_release_ports() {
  for id in $(commas "$3"); do
    { note_policy "$id" && docker update --restart always "$id" && docker stop --time "$2" "$id"; } >/dev/null ||
      fail "the old container $id of $1 did not stop" || return 1
  done
}
# ID: the policy that the container has, for the undo.
note_policy() {
  policy=$(docker inspect --format '{{with .HostConfig.RestartPolicy}}{{.Name}}{{with .MaximumRetryCount}}:{{.}}{{end}}{{end}}' "$1") &&
    mkdir -p "$run/policies" && say "${policy:-no}" >"$run/policies/$1"
}
undo_release_ports() {
  code=0
  for id in $(commas "$3"); do
    docker start "$id" >/dev/null || code=1 # first: until it runs it must come back with the host
    [ ! -s "$run/policies/$id" ] || docker update --restart "$(cat "$run/policies/$id")" "$id" >/dev/null || code=1
  done
  return $code
}

# POLICY PUBLISH...: the proxy that owns the published ports, started unless it runs. In an adoption its policy is "no": until
# COMMIT a host that reboots has the old version back, which takes the ports itself.
do_proxy() {
  if [ ! -L "$state/releases/current" ]; then
    : >"$run/first"
    # It has slots, as every release: what is on record is that nothing is served yet.
    mkdir -p "$state/releases/0" && cp "$run/bootstrap.cfg" "$state/releases/0/haproxy.cfg" &&
      echo "$OLD_SLOTS" >"$state/releases/0/slots" && point "$state/releases/current" 0 || return 1
  fi
  ! proxy_answers 0 || return 0
  [ "$1" != no ] || ! docker inspect "$PROXY" >/dev/null 2>&1 || docker rm -f "$PROXY" >/dev/null || return 1
  if docker inspect "$PROXY" >/dev/null 2>&1; then docker start "$PROXY" >/dev/null; else start_proxy "$@" || return 1; fi
  proxy_answers 10 || fail "the proxy $PROXY does not answer: $(docker logs --tail 3 "$PROXY" 2>&1)"
}
# It must accept the file that COMMIT makes the current one.
do_proxy_config() {
  docker exec "$PROXY" haproxy -c -f "/seamless/$RELEASE/haproxy.cfg" >/dev/null 2>"$run/proxy.err" ||
    fail "the proxy refuses its next configuration: $(last_words "$run/proxy.err")"
}
start_proxy() {
  : >"$run/proxy-created"
  policy=$1
  shift
  for publish; do
    set -- "$@" --publish "$publish"
    shift
  done
  docker run -d --name "$PROXY" --label "seamless.proxy=$PROJECT" --network "$NETWORK" "$@" \
    --user "$(id -u):$(id -g)" --cap-drop ALL --security-opt no-new-privileges --read-only \
    --restart "$policy" --log-opt max-size=10m --dns-option timeout:1 --dns-option attempts:1 --volume "$PWD/$state/releases:/seamless:ro" \
    --entrypoint haproxy "$PROXY_IMAGE" -W -db -f /seamless/current/haproxy.cfg >/dev/null 2>"$run/proxy.err" ||
    fail "the proxy $PROXY did not start: $(last_words "$run/proxy.err")"
}
undo_proxy() {
  [ -f "$run/proxy-created" ] || [ -f "$run/first" ] || return $nothing
  if [ -f "$run/proxy-created" ]; then
    created=$(list --all --filter "label=seamless.proxy=$PROJECT") && say "$created" | remove 0 || return 1
  fi
  [ ! -f "$run/first" ] || rm -rf "$state/releases/current" "$state/releases/0"
}
