#!/bin/sh
# The host's side of a rollout: takes the lock, runs the plan step by step, keeps a journal, and undoes what it did when
# a step fails before COMMIT. It runs detached, so it finishes or reverts without the client.
#
#   agent.sh launch RUN    starts the run detached and follows it
#   agent.sh follow RUN    its log to stderr as it grows; at the end its records to stdout; exits with its verdict
#   agent.sh recover RUN   brings an interrupted run to an end, detached, and follows it
#   agent.sh run RUN       the run itself
#   agent.sh lib RUN       nothing: for a program that sources it
#
# Started in the Compose project's directory; RUN is a folder of .seamless/runs. The plan is data, a line a step: verb,
# sentence, arguments, parted by tabs. A verb is a function do_VERB; undo_VERB must be right for a half-done step too.
# shellcheck disable=SC2013,SC2015,SC2030,SC2031 # "a && b || fail" is meant; ids are words; only reconcile changes run, in a subshell
set -uf
umask 077

state=.seamless
tab=$(printf '\t')
nothing=3 # what an undo returns that had nothing to undo

# --- small tools ---------------------------------------------------------------------------------------------------

# Child processes must not inherit the lock.
docker() { command docker "$@" 9>&-; }
compose() { docker compose "$@" >"$run/compose.log" 2>&1; }
say() { printf '%s\n' "$*"; }
commas() { printf '%s\n' "${1#-}" | tr , '\n'; }
last_words() { tail -n 3 "$1" | tr '\n' ' '; }

# Sets now: hundredths of a second since boot, which no change of the clock touches.
clock() {
  read -r now _ </proc/uptime
  now=${now%.*}${now#*.}
}

# WORD...: a line of the journal.
journal() {
  clock
  printf '%s %s\n' "$now" "$*" >>"$run/journal"
}

# A disk that is full must not keep a run from telling how it ended: the first failure makes this room free.
make_reserve() { dd if=/dev/zero of="$run/reserve" bs=4k count=8 2>/dev/null; }
# SENTENCE...: why the step failed; of several reasons the first is the cause.
fail() {
  rm -f "$run/reserve"
  [ -s "$run/reason" ] || printf '%s\n' "$*" >"$run/reason"
  return 1
}

# LINK TARGET: points a symbolic link elsewhere in one rename, and makes that durable. A run that was cut off in between has left
# the new link.
point() {
  ln -sfn "$2" "$1.new" && mv -fT "$1.new" "$1" && sync "$(dirname "$1")"
}

# Waits while dockerd restarts. It takes as long as the slowest container needs to stop.
docker_answers() {
  clock
  back_by=$((now + 120 * 100))
  until docker version >/dev/null 2>&1; do
    clock
    [ "$now" -lt "$back_by" ] || return 1
    sleep 0.2
  done
}

# ARG...: ids of containers. Docker always has an answer to that, unless it restarts: no answer is not an empty list.
list() {
  for _ in 1 2 3; do
    if docker ps --quiet --no-trunc "$@" 2>/dev/null; then return 0; fi
    docker_answers || return 1
  done
  return 1
}
# SERVICE [FILTER]: ids of the service's containers in this project.
containers() {
  list --all --filter "label=com.docker.compose.project=$PROJECT" \
    --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False \
    --filter "${2:-label=com.docker.compose.project=$PROJECT}"
}
candidates() { containers "$1" "label=seamless.release=$RELEASE"; }

# GRACE: stops and removes the containers whose ids come on standard input; they must not come back by themselves.
remove() {
  code=0
  while read -r id; do
    docker update --restart no "$id" >/dev/null 2>&1
    docker stop --time "$1" "$id" >/dev/null 2>&1
    docker rm -f "$id" >/dev/null 2>&1 || { left=$(list --all --filter "id=$id") && [ -z "$left" ]; } || code=1
  done
  return $code
}

# NAME SECONDS: runs a program of the user, .seamless/hooks/NAME, in the project's directory. It knows the facts of the run
# by SEAMLESS_ variables, and sees the project as a user does, without the candidate's Compose settings.
hook() {
  [ -x "$state/hooks/$1" ] || return 0
  (
    exec 9>&- </dev/null >"$run/hook.log" 2>&1
    while read -r name value; do
      export "SEAMLESS_$(printf %s "$name" | tr '[:lower:]' '[:upper:]')=$value"
    done <"$run/facts"
    SEAMLESS_HOOK=$1 SEAMLESS_REASON=$(cat "$run/reason" 2>/dev/null)
    export SEAMLESS_HOOK SEAMLESS_REASON
    unset SEAMLESS_RUN COMPOSE_PROJECT_NAME COMPOSE_PATH_SEPARATOR COMPOSE_ENV_FILES COMPOSE_FILE "$TAG_VARIABLE"
    exec timeout -k 10 "$2" "$state/hooks/$1"
  )
}

# Reads the settings of a run: NAME=value lines, of these names only. An older client did not write all of them.
load_settings() {
  PROJECT='' RELEASE='' SLOTS='' OLD_SLOTS='' PROXY='' PROXY_IMAGE='' NETWORK='' TAG_VARIABLE=IMAGE_TAG TAG='' BASE_FILES='' ENV_FILE=''
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
    PROJECT=*) PROJECT=$value ;;
    RELEASE=*) RELEASE=$value ;;
    SLOTS=*) SLOTS=$value ;;
    OLD_SLOTS=*) OLD_SLOTS=$value ;;
    PROXY=*) PROXY=$value ;;
    PROXY_IMAGE=*) PROXY_IMAGE=$value ;;
    NETWORK=*) NETWORK=$value ;;
    TAG_VARIABLE=*) TAG_VARIABLE=$value ;;
    TAG=*) TAG=$value ;;
    BASE_FILES=*) BASE_FILES=$value ;;
    ENV_FILE=*) ENV_FILE=$value ;;
    esac
  done <"$run/settings"
  # Compose prefers these to .env: the candidate is described without changing a file.
  export COMPOSE_PROJECT_NAME="$PROJECT" COMPOSE_PATH_SEPARATOR=: COMPOSE_ENV_FILES="$ENV_FILE"
  export COMPOSE_FILE="$BASE_FILES:$state/releases/$RELEASE/compose.yml" "$TAG_VARIABLE=$TAG"
}

# --- the proxy -----------------------------------------------------------------------------------------------------

# ARG...: runs the bash program on standard input in the proxy's container: its runtime API listens on the container's
# own loopback, where no neighbour can reach it. Docker does not end a program whose client is gone, but closes its standard
# input: what waits, by elapsed, ends then. The program has
#   api CALLS                      the answer of the runtime API
#   servers SET                    calls each_server BACKEND/SERVER for every taken slot of a set, such as a.web, its "show
#                                  stat" fields in f; a free slot has port 1
#   counts SET                     how many slots are taken, and their answers and errors so far
#   probe HOST:PORT PATH STATUS    asks once; what came instead of STATUS is in seen
#   frontends                      requests and server errors of all published ports so far
#   elapsed SECONDS                whether so much time has passed
in_proxy() {
  [ -p "$run/lifeline" ] || mkfifo "$run/lifeline"
  docker exec -i "$PROXY" bash -c "$proxy_library
lifeline=1
$(cat)" seamless "$@" 0<>"$run/lifeline"
}
# shellcheck disable=SC2016 # bash, for the other side
proxy_library='
api() {
  exec 3<>/dev/tcp/127.0.0.1/65535 || exit 70
  printf "%s\n" "$1" >&3
  cat <&3
  exec 3<&-
}
servers() {
  local line f
  while IFS= read -r line; do
    IFS=, read -r -a f <<<"$line"
    [[ ${f[1]%.*} != "$1" || ${f[73]} == *:1 ]] || each_server "${f[0]}/${f[1]}"
  done < <(api "show stat")
}
uptime() { read -r now _ </proc/uptime; now=$((10#${now/./})); }
uptime; since=$now
elapsed() {
  [[ -z ${lifeline-} ]] || ! read -r -t 0 || exit 71
  uptime
  ((now - since >= $1 * 100))
}
frontends() (
  requests=0 errors=0
  each_server() { requests=$((requests + f[48])) errors=$((errors + f[43])); }
  servers FRONTEND
  echo "$requests $errors"
)
counts() (
  total=0 answers=0 errors=0
  each_server() { total=$((total + 1)) answers=$((answers + f[7])) errors=$((errors + f[43] + f[13] + f[14])); }
  servers "$1"
  echo "$total $answers $errors"
)
probe() {
  local code=""
  seen="nothing (connection refused)"
  exec 4<>"/dev/tcp/${1%:*}/${1##*:}" || return 1
  seen="nothing"
  printf "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: seamless\r\nAccept: */*\r\nConnection: close\r\n\r\n" "$2" >&4
  IFS=" " read -r -t 5 _ code _ <&4 && seen="$code"
  exec 4<&-
  [[ $code == "$3" ]]
} 2>/dev/null'

proxy_runs() { [ -n "$(list --filter "name=^/$PROXY\$")" ]; }

# Fails when the runtime API, whose answer comes on standard input, complained.
complaints() {
  complaint=$(grep -v -e '^ *$' -e 'IP changed from' -e 'port changed from' -e 'no need to change' -e 'changed its FQDN' | head -n 1)
  [ -z "$complaint" ] || fail "the proxy said: $complaint"
}

# FILE STATE SET...: puts the taken slots of a set into STATE, or makes them "free" again; "live" is ready, but only
# if the set is there, which a proxy that was started anew does not know, and each of its servers takes a connection. FILE gets
# the requests and server errors of all published ports up to that moment, and the counts of the first set.
set_servers() {
  file=$1
  shift
  said=$(
    in_proxy "$@" <<'BASH'
calls=''
accepts() { timeout 1 bash -c 'exec 3<>"/dev/tcp/${0%:*}/${0##*:}"' "$1" 2>/dev/null; }
each_server() {
  case $state in
    free) calls+="set server $1 state maint;set server $1 addr 127.0.0.1 port 1;set server $1 fqdn $HOSTNAME;" ;;
    live)
      accepts "${f[73]}" || { echo "nobody listens on ${f[73]} any more"; exit; }
      calls+="set server $1 state ready;"
      ;;
    *) calls+="set server $1 state $state;" ;;
  esac
}
echo "$(frontends) $(counts "$2")"
while (($# > 1)); do
  state=$1
  servers "$2"
  [[ $state != live || -n $calls ]] || { echo "it was started anew and knows nothing of the new version"; exit; }
  shift 2
done
[[ -z $calls ]] || api "${calls%;}"
BASH
  ) && say "$said" | head -n 1 >"$file" && say "$said" | tail -n +2 | complaints
}

# SET: prints how many of its slots are taken: a proxy that started anew knows what is durable alone.
taken() {
  in_proxy "$1" <<'BASH' || fail "the proxy $PROXY cannot be asked what it serves"
read -r total _ < <(counts "$1") && echo "$total"
BASH
}
# SET: makes it free, whatever an earlier run has left there. A set that gets requests is not the durable one's: see ready.
clear_slots() {
  found=$(
    in_proxy "$1" <<'BASH'
each_server() { if [[ ${f[17]} == DRAIN* || ${f[17]} == MAINT* ]]; then echo idle; else echo serves; fi; }
servers "$1"
BASH
  ) || fail "the proxy $PROXY cannot be asked what it serves" || return 1
  case $found in
  *serves*) restart_proxy ;;
  *idle*) set_servers /dev/null free "$1" ;;
  esac
}
# The proxy comes back with what is durable, and cuts what is in flight: only for one that serves something else.
restart_proxy() { docker restart -t 0 "$PROXY" >/dev/null && proxy_answers 10 || fail "the proxy $PROXY cannot be started anew"; }

# SECONDS: waits until the proxy answers.
proxy_answers() {
  in_proxy "$1" >/dev/null 2>&1 <<'BASH'
until (api 'show info'); do ! elapsed "$1" || exit 1; sleep 0.05; done
BASH
}

# PROGRAM: runs a function in the background and waits for it; ends the waiting as soon as a candidate dies.
# Returns the program's exit status, or 75 when a candidate died; how it ended is then in $run/died.
unless_died() {
  rm -f "$run/deaths" "$run/died"
  mkfifo "$run/deaths"
  (
    exec 9>&-
    exec docker events --since "$started_at" --filter event=die --filter "label=seamless.release=$RELEASE" \
      --filter "label=com.docker.compose.project=$PROJECT" --filter label=com.docker.compose.oneoff=False --format 'exit code {{.Actor.Attributes.exitCode}}' >"$run/deaths" 2>/dev/null
  ) &
  events=$!
  ( # what it starts may outlive the agent, and must not hold the lock then
    exec 9>&-
    "$@"
  ) &
  program=$!
  (
    exec 9>&-
    read -r death <"$run/deaths" && echo "$death" >"$run/died" && kill "$program"
  ) &
  guard=$!
  wait "$program"
  code=$?
  kill "$events" 2>/dev/null
  wait "$events" "$guard" 2>/dev/null
  [ -s "$run/died" ] || return $code
  end_leftovers # what the program was waiting for
  return 75
}

# --- the verbs, in the order of a rollout ----------------------------------------------------------------------------

# SERVICE IDS: its containers are still the ones the plan was made for ("-" for none).
do_expect() {
  found=$(containers "$1" | sort | tr '\n' ',')
  [ "${found%,}" = "${2#-}" ] ||
    fail "the containers of $1 are not the ones this plan was made for: somebody changed them meanwhile. Run it again"
}

# NAME SECONDS: a hook of the user; what it is for is his.
do_hook() {
  hook "$1" "$2" || fail "the hook $state/hooks/$1 ended with exit code $?: $(last_words "$run/hook.log")"
}

# REPOSITORY DIGEST RESERVE KEEP: room for the image and RESERVE megabytes more, where Docker keeps its images. When there is
# too little, the images go that no kept release needs.
do_disk() {
  ! image_is_here "$1@$2" || return 0
  needed=$(($3 + $(expected_size "$1" "$2")))
  ! has_room "$needed" || return 0
  remove_images "$1" "$4"
  has_room "$needed" ||
    fail "the disk of Docker has $room MB free, and the new image needs $needed MB, of which $3 MB are the reserve: make room on the host (docker system df), or give another --disk-reserve"
}
image_is_here() { docker image inspect "$1" >/dev/null 2>&1; }
# MEGABYTES: where Docker's directory is out of reach, nothing is known against it.
has_room() {
  room=$(df -P -m "$(docker info --format '{{.DockerRootDir}}')" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ "${room:-$1}" -ge "$1" ]
}
# REPOSITORY DIGEST: megabytes. A layer needs about four times the size that it has in the registry, as it is kept in both forms
# while it is unpacked; where the registry does not tell, the largest image of the repository that is here counts.
expected_size() {
  # shellcheck disable=SC2046 # one option or none
  size=$(docker_with_login manifest inspect $(insecure "${1%%/*}") "$1@$2" 2>/dev/null |
    awk '/"layers"/ { layers = 1 } layers && /"size"/ { gsub(/[^0-9]/, ""); sum += $0 } END { print int(sum * 4 / 1000000) }')
  [ "${size:-0}" -gt 0 ] || size=$(docker images --no-trunc --quiet "$1" | sort -u | while read -r id; do
    docker image inspect --format '{{.Size}}' "$id"
  done | awk '$1 > most { most = $1 } END { print int(most / 1000000) }')
  echo "$size"
}
# REGISTRY: what the client has to be told when the daemon was told to speak plain HTTP to it.
insecure() {
  docker info --format '{{range $name, $index := .RegistryConfig.IndexConfigs}}{{if not $index.Secure}}{{println $name}}{{end}}{{end}}' |
    grep -qxF "$1" && echo --insecure
}

# ARG...: Docker with the login of this run alone, or else with the user's own.
docker_with_login() {
  config=${DOCKER_CONFIG:-$HOME/.docker}
  [ ! -d "$run/docker" ] || config=$run/docker
  docker --config "$config" "$@"
}

# REFERENCE: pulls it unless it is here.
do_pull() {
  image_is_here "$1" || docker_with_login pull --quiet "$1" >/dev/null 2>"$run/pull.err" || fail "$(last_words "$run/pull.err")"
}

# Compose's whole configuration of this release, with its values: for a rollback to it.
do_keep_config() {
  (
    export COMPOSE_FILE="$BASE_FILES:$state/releases/$RELEASE/unbound.yml"
    docker compose config >"$state/releases/$RELEASE/rendered.yml" 2>"$run/compose.log"
  ) || fail "$(last_words "$run/compose.log")"
}
# RELEASE: the configuration that a release has kept.
do_restore_config() {
  cp "$state/releases/$1/rendered.yml" "$state/releases/$RELEASE/rendered.yml" ||
    fail "the configuration of release $1 is gone"
}

# SERVICE SECONDS COMMAND: runs the migration once, in the new image, with the environment and the networks of the service. What
# it did to the data is never undone: from its begin on, the schema may be ahead of the version that serves.
do_migrate() {
  undo_migrate || [ $? -eq $nothing ] || fail "what is left of an earlier migration cannot be removed" || return 1
  echo begun >"$run/schema"
  timeout -k 10 "$2" docker compose run --rm --no-deps -T --label "seamless.migration=$RELEASE" --entrypoint sh "$1" -c "$3" \
    </dev/null >"$run/migrate.log" 2>&1 9>&-
  code=$?
  [ $code -ne 0 ] || return 0
  undo_migrate
  tail -n 20 "$run/migrate.log" >"$run/tail"
  [ $code -eq 124 ] || [ $code -eq 137 ] || fail "the migration in $1 ended with exit code $code" || return 1
  fail "the migration in $1 did not end within $2 s"
}
undo_migrate() {
  half_run=$(list --all --filter "label=com.docker.compose.project=$PROJECT" --filter label=seamless.migration) || return 1
  [ -n "$half_run" ] || return $nothing
  printf '%s\n' "$half_run" | remove 0
}

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
  for id in $ids; do
    docker update --restart no "$id" >/dev/null || fail "the restart policy of $id cannot be held back" || return 1
  done
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

# SERVICE GRACE POLICY IDS: stops the old containers, which hold the published ports themselves: this opens the gap.
do_release_ports() {
  for id in $(commas "$4"); do
    docker update --restart no "$id" >/dev/null && docker stop --time "$2" "$id" >/dev/null ||
      fail "the old container $id of $1 did not stop" || return 1
  done
}
undo_release_ports() {
  code=0
  for id in $(commas "$4"); do
    docker update --restart "$3" "$id" >/dev/null || code=1
    docker start "$id" >/dev/null || code=1
  done
  return $code
}

# PUBLISH...: the proxy that owns the published ports, started unless it runs.
do_proxy() {
  if [ ! -L "$state/releases/current" ]; then
    : >"$run/first"
    # It has slots, as every release: what is on record is that nothing is served yet.
    mkdir -p "$state/releases/0" && cp "$run/bootstrap.cfg" "$state/releases/0/haproxy.cfg" &&
      echo "$OLD_SLOTS" >"$state/releases/0/slots" && point "$state/releases/current" 0 || return 1
  fi
  ! proxy_answers 0 || return 0
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
  for publish; do
    set -- "$@" --publish "$publish"
    shift
  done
  docker run -d --name "$PROXY" --label "seamless.proxy=$PROJECT" --network "$NETWORK" "$@" \
    --user "$(id -u):$(id -g)" --cap-drop ALL --security-opt no-new-privileges --read-only \
    --restart unless-stopped --log-opt max-size=10m --dns-option timeout:1 --dns-option attempts:1 --volume "$PWD/$state/releases:/seamless:ro" \
    --entrypoint haproxy "$PROXY_IMAGE" -W -db -f /seamless/current/haproxy.cfg >/dev/null 2>"$run/proxy.err" ||
    fail "the proxy $PROXY did not start: $(last_words "$run/proxy.err")"
}
undo_proxy() {
  [ -f "$run/proxy-created" ] || [ -f "$run/first" ] || return $nothing
  [ ! -f "$run/proxy-created" ] || docker ps -aq --no-trunc --filter "label=seamless.proxy=$PROJECT" | remove 0 || return 1
  [ ! -f "$run/first" ] || rm -rf "$state/releases/current" "$state/releases/0"
}

# SERVICE RISE SECONDS PORT PATH STATUS NAME BACKEND:PORT...: ready when every new container gave RISE good answers in a row,
# asked from the proxy's side, and passes the service's own health check.
do_ready() {
  service=$1 rise=$2 seconds=$3 port=$4 path=$5 status=$6 alias=$7
  shift 7
  unless_died wait_ready "$seconds" "$rise" "$path" "$status" "$(addresses "$service" "$port")"
  case $? in
  0) ;;
  75) fail "the new container of $service stopped: $(cat "$run/died")" || return 1 ;;
  *) fail "$service was not ready after $seconds s: port $port $(cat "$run/probe") on $path" || return 1 ;;
  esac
  clear_slots "$SLOTS.$service" || return 1
  k=0 calls=''
  for id in $(candidates "$service"); do
    own_health_check "$id" "$seconds" || return 1
    k=$((k + 1))
    for backend; do
      slot=${backend%:*}/$SLOTS.$service.$k
      calls="$calls;set server $slot addr $(address "$id") port ${backend##*:};set server $slot fqdn $alias"
    done
  done
  in_proxy "${calls#;}" <<'BASH' | complaints
api "$1"
BASH
}
undo_ready() {
  proxy_runs || return $nothing
  drain_servers "$SLOTS.$1" 5 >/dev/null
  set_servers /dev/null free "$SLOTS.$1"
}
wait_ready() {
  in_proxy "$@" >"$run/probe" <<'BASH'
seconds=$1 rise=$2 path=$3 status=$4
for address in $5; do
  good=0
  while ((good < rise)); do
    if probe "$address" "$path" "$status"; then good=$((good + 1)); else good=0; fi
    ! elapsed "$seconds" || { echo "answered $seen"; exit 1; }
    ((good == rise)) || sleep 0.1
  done
done
exit 0
BASH
}
# ID: its address on the network it shares with the proxy.
address() { docker inspect --format "{{with index .NetworkSettings.Networks \"$NETWORK\"}}{{.IPAddress}}{{end}}" "$1"; }
# SERVICE PORT: the addresses of the new containers; one that has stopped has none.
addresses() {
  for id in $(candidates "$1"); do echo "$(address "$id"):$2"; done
}
# ID SECONDS: runs the health check that Docker would run at its next interval, until it passes.
own_health_check() {
  seconds=$2
  test=$(docker inspect --format '{{with .Config.Healthcheck}}{{range .Test}}{{println .}}{{end}}{{end}}' "$1")
  clock
  end=$((now + $2 * 100))
  until health_test "$1" "$test"; do
    clock
    [ "$now" -lt "$end" ] || fail "its own health check fails: $(last_words "$run/health")" || return 1
    sleep 0.2
  done
}
health_test() {
  id=$1 test=$2
  kind=${test%%"
"*}
  rest=${test#*"
"}
  case $kind in
  CMD-SHELL) set -- sh -c "$rest" ;;
  CMD)
    IFS='
'
    # shellcheck disable=SC2086 # one argument a line
    set -- $rest
    unset IFS
    ;;
  *) return 0 ;;
  esac
  timeout "$seconds" docker exec "$id" "$@" >"$run/health" 2>&1 9>&-
}

# SERVICE: the switch, for every port of the service at once. The old containers are in drain, and still run.
do_switch() {
  set_servers "$run/before.$1" live "$SLOTS.$1" drain "$OLD_SLOTS.$1" || return 1
  [ -f "$run/traffic.before" ] || cp "$run/before.$1" "$run/traffic.before"
}
undo_switch() {
  proxy_runs || return $nothing
  set_servers /dev/null ready "$OLD_SLOTS.$1" drain "$SLOTS.$1" || restart_proxy
}

# HOST PORT INNER PATH STATUS SECONDS: the new version answers through the published port; where the host has no bash,
# through the same listener from inside the proxy's container.
do_public() {
  # shellcheck disable=SC2016 # bash, for the other side
  program="$proxy_library"'
until probe "$1" "$2" "$3"; do ! elapsed "$4" || { echo "$seen"; exit 1; }; sleep 0.1; done'
  if command -v bash >/dev/null; then
    bash -c "$program" seamless "$1:$2" "$4" "$5" "$6" 9>&-
  else
    docker exec "$PROXY" bash -c "$program" seamless "127.0.0.1:$3" "$4" "$5" "$6"
  fi >"$run/public" || fail "the published port $2 answered $(cat "$run/public") instead of $5 on $4"
}

# SERVICE SECONDS: until no request is in flight on the old containers; what the deadline cuts is counted.
do_drain() {
  drain_servers "$OLD_SLOTS.$1" "$2" "$SLOTS.$1" >>"$run/cut" || fail "the proxy has started anew, and serves the old $1 again"
}
# SET SECONDS [OTHER]: fails when OTHER, which is to get the requests instead, is not there: what serves must not be cut.
drain_servers() {
  in_proxy "$@" <<'BASH'
each_server() { others=1; }
[[ -z ${3-} ]] || { servers "$3" && ((others)) || exit 1; }
each_server() { left=$((left + f[4])) names+=" $1"; }
while left=0 names='' && servers "$1" && ((left > 0)) && ! elapsed "$2"; do sleep 0.05; done
for name in $names; do ((left == 0)) || api "shutdown sessions server $name" >/dev/null; done
echo "$left"
BASH
}

# SERVICE SECONDS PERCENT PORT PATH STATUS: the new version serves while the old one still runs. A container that stops,
# two bad answers of the health path in a row, or more than PERCENT of server errors among at least 10 answers end it.
do_soak() {
  unless_died watch_soak "$2" "$SLOTS.$1" "$3" "$5" "$6" "$(addresses "$1" "$4")"
  case $? in
  0) mv "$run/soak" "$run/traffic.after" ;;
  75) fail "the new container of $1 stopped under traffic: $(cat "$run/died")" ;;
  *) fail "$1 failed under traffic: $(cat "$run/soak")" ;;
  esac
}
watch_soak() {
  read -r _ _ _ answers errors <"$run/before.${2#*.}"
  in_proxy "$@" "$answers" "$errors" >"$run/soak" <<'BASH'
seconds=$1 slots=$2 percent=$3 path=$4 status=$5 answers_before=$7 errors_before=$8
while :; do
  read -r total answers errors < <(counts "$slots")
  answers=$((answers - answers_before)) errors=$((errors - errors_before))
  ((total > 0)) || { echo 'it is gone from the proxy'; exit 1; }
  ((answers < 10 || errors * 100 <= percent * answers)) || { echo "$errors of $answers answers were errors"; exit 1; }
  for address in $6; do
    probe "$address" "$path" "$status" || probe "$address" "$path" "$status" || { echo "$path answered $seen"; exit 1; }
  done
  ! elapsed "$seconds" || break
  sleep 0.2
done
frontends
BASH
}

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

# NAME VALUE...: sets variables in the project's .env, by rename, with the same owner and mode. Of several lines for one
# name the last counts; its quotes and its comment stay, and so does every other byte of the file.
do_env() {
  [ -e .env ] || : >.env || return 1
  set_variables "$@" || { rm -f .env.seamless && return 1; }
  mv -f .env.seamless .env
}
# Through a variable: BusyBox's awk does not tell when it cannot write. The dot keeps the line breaks at the end.
set_variables() {
  cp -p .env .env.seamless || return 1
  while [ $# -gt 0 ]; do
    ended=1
    [ -z "$(tail -c 1 .env.seamless)" ] || ended=0
    changed=$(LC_ALL=C NAME=$1 VALUE=$2 awk -v ended="$ended" "$set_variable" .env.seamless && echo .) || return 1
    printf %s "${changed%.}" >.env.seamless || return 1
    shift 2
  done
  sync .env.seamless
}
# It reads as Compose does: NAME=value or NAME: value, quotes may span lines, a comment after a plain value needs " #".
# shellcheck disable=SC2016 # awk
set_variable='
{ text = text $0 "\n" }
END {
  if (NR && !ended) text = substr(text, 1, length(text) - 1)
  head = "^[ \t\v\f]*(export[ \t\v\f\r\n]+)?[^ \t\v\f\r\n=:!\"#$%&\047()*+,/;<>?@\\\\^`{|}~]*[ \t\v\f]*[=:]"
  for (at = text ~ /^\357\273\277/ ? 4 : 1; at <= length(text); at = after) {
    rest = substr(text, at)
    after = at + index(rest "\n", "\n")
    if (!match(rest, head)) continue
    name = substr(rest, 1, RLENGTH - 1)
    sub(/^[ \t\v\f]*(export[ \t\v\f\r\n]+)?/, "", name)
    sub(/[ \t\v\f]+$/, "", name)
    equals = at + RLENGTH
    rest = substr(text, equals)
    match(rest, /^[ \t\v\f]*/)
    value = equals + RLENGTH
    rest = substr(rest, RLENGTH + 1)
    if (match(rest, /^"([^"\\]|\\.)*"/) || match(rest, /^\047([^\047\\]|\\.)*\047/)) {
      size = RLENGTH
      after = value + size
      quote = substr(rest, 1, 1)
    } else {
      after = value + index(rest "\n", "\n")
      rest = substr(rest, 1, after - value - 1)
      match(rest, /( #.*|[ \t\v\f\r]+)*$/)
      size = RSTART - 1
      quote = ""
      # NAME= # note: to whoever wrote it that is a comment behind no value.
      if (rest ~ /^#/ && substr(text, value - 1, 1) == " ") { value = equals; size = 0 }
    }
    if (name == ENVIRON["NAME"]) { found = value; old = size; quotes = quote }
  }
  if (found) {
    printf "%s%s%s%s%s", substr(text, 1, found - 1), quotes, ENVIRON["VALUE"], quotes, substr(text, found + old)
    exit
  }
  newline = text ~ /^[^\n]*\r\n/ ? "\r\n" : "\n"
  printf "%s%s%s=%s%s", text, NR && !ended ? newline : "", ENVIRON["NAME"], ENVIRON["VALUE"], newline
}'

# SERVICE GRACE IDS: stops the old containers with their grace period and removes them, by id.
do_stop_old() {
  there=$(taken "$SLOTS.$1") && [ "$there" -gt 0 ] || fail "the proxy does not serve the new $1: the old one is left running" || return 1
  commas "$3" | remove "$2" || fail "an old container of $1 could not be removed"
}

# REPOSITORY KEEP: removes the images and the files that no kept release needs. Of the records themselves the newest stay.
do_prune() {
  remove_images "$1" "$2" || return 1
  folders releases | while read -r release; do
    grep -q "^$release " "$run/kept" || rm -rf "${state:?}/releases/$release"
  done
  folders runs | tail -n +"$((most_records + 1))" | while read -r old; do rm -rf "${state:?}/runs/$old"; done
}
most_records=50
# FOLDER: the names of the folders in it, the newest release first.
folders() { find "$state/$1" -mindepth 1 -maxdepth 1 -type d | sed 's|.*/||' | sort -rn; }
# REPOSITORY KEEP: removes the images that rollouts brought here and none of the KEEP newest releases needs. An image that a
# container uses, or that has another name too, is left by Docker itself.
remove_images() {
  # A list that a full disk cut short would have everything removed.
  rollouts >"$run/brought" && grep deployed "$run/brought" | head -n "$2" >"$run/kept" && grep -q "^$RELEASE " "$run/kept" ||
    fail "the list of what is kept cannot be written" || return 1
  for digest in $(docker images --digests --no-trunc --format '{{.Digest}}' "$1" | sort -u); do
    ! grep -q "$digest" "$run/brought" || grep -q "$digest" "$run/kept" || docker rmi "$1@$digest" >/dev/null 2>&1
  done
}
# A rollout a line, the newest first: release, digest, verdict. The run under way counts as deployed.
rollouts() {
  # shellcheck disable=SC2016 # awk
  find "$state/runs" '(' -name facts -o -name verdict ')' -exec awk -v own="$run" '
    FNR == 1 { id = FILENAME; sub(/\/[^\/]*$/, "", id) }
    FILENAME ~ /verdict$/ { verdict[id] = $1; next }
    $1 == "release" { release[id] = $2 }
    $1 == "digest" { digest[id] = $2 }
    END { for (id in release) print release[id], digest[id], id == own ? "deployed" : verdict[id] }' '{}' + | sort -rn
}

# --- the run ---------------------------------------------------------------------------------------------------------

# I: sets verb, sentence and args (still parted by tabs) from line I of the plan.
step() {
  line=$(sed -n "$1p" "$run/plan")
  verb=${line%%"$tab"*}
  line=${line#*"$tab"}
  sentence=${line%%"$tab"*}
  args=${line#"$sentence"}
}
call() { # FUNCTION: with the arguments of the step
  function=$1
  IFS=$tab
  # shellcheck disable=SC2086 # parted by tabs
  set -- $args
  unset IFS
  "$function" "$@"
}

# FUNCTION: with the arguments of the step, for what there is no way back from: when it fails because dockerd restarts, or the
# disk is full, it is done once more. Every undo and every step after COMMIT can be repeated.
surely() {
  told=''
  [ ! -s "$run/reason" ] || told=1
  call "$1"
  case $? in
  0) return 0 ;;
  "$nothing") return "$nothing" ;;
  esac
  docker_answers || return 1
  rm -f "$run/reserve"
  [ "$told" ] || rm -f "$run/reason"
  call "$1"
}
# A hook of the user may not be what can be repeated.
act() {
  if [ "$verb" != hook ] && committed; then surely "do_$verb"; else call "do_$verb"; fi
}

# What the journal does not tell would not be undone: without its line a step does not begin.
begin() { journal begin "$i" "$verb" || fail "the journal cannot be written; is the disk of $PWD full?"; }

# FROM: the steps of the plan, from number FROM on. Before COMMIT the first failure ends it; after it, none does.
forward() {
  i=$1 count=$(wc -l <"$run/plan")
  while [ "$i" -le "$count" ]; do
    step "$i"
    if begin && since=$now && act; then
      journal "done" "$i"
      say "✔ $sentence ($(((now - since) * 10)) ms)"
    else
      fail "the step failed: $sentence"
      journal failed "$i"
      say "✘ $sentence: $(cat "$run/reason")"
      committed || return 1
    fi
    i=$((i + 1))
  done
}

# Undoes the steps that were begun, newest first.
backward() {
  code=0
  for i in $(awk '$2 == "begin" { print $3 }' "$run/journal" | sort -rnu); do
    step "$i"
    command -v "undo_$verb" >/dev/null || continue
    surely "undo_$verb"
    case $? in
    0) journal undone "$i" && say "↩ undone: $sentence" ;;
    "$nothing") ;;
    *) code=1 && journal stuck "$i" && say "✘ could not be undone: $sentence" ;;
    esac
  done
  rm -rf "$state/releases/$RELEASE"
  return $code
}

# VERDICT: the last line of the journal; whoever follows waits for it. One that cannot be written is left to the next run.
verdict() {
  rm -rf "$run/docker" "$run/deaths" "$run/died" "$run/lifeline" "$run/reserve"
  journal verdict "$1"
  say "$1" >"$run/verdict.new" && sync "$run/verdict.new" && mv "$run/verdict.new" "$run/verdict"
}

# Back to where the run began.
revert() {
  if backward; then ended=reverted; else ended=stuck; fi
  hook after-revert 300 || say "✘ the hook $state/hooks/after-revert failed: $(last_words "$run/hook.log")"
  verdict $ended
}

# Runs the plan from step FROM, or back.
carry_out() {
  started_at=$(date +%s)
  if forward "$1"; then
    verdict deployed
  elif [ "$verb" = expect ]; then # nothing was done yet
    rm -rf "$state/releases/$RELEASE"
    verdict stale
  else
    revert
  fi
}

# Ends what is left running of this run, from an agent that was killed or for a program that was: it would go on with a step that
# is undone meanwhile. All of it has the run's name in its environment; only an agent has the lock open.
end_leftovers() {
  set +f
  for process in /proc/[0-9]*; do
    { tr '\0' '\n' <"$process/environ" | grep -qxF "SEAMLESS_RUN=$run"; } 2>/dev/null || continue
    [ -e "$process/fd/9" ] || kill -9 "${process#/proc/}"
  done
  set -f
}

# An earlier run that ended without a verdict (the host went down, the agent was killed): COMMIT decides its direction.
reconcile() {
  (
    run=$1
    end_leftovers
    load_settings
    if ! grep -q ' begin ' "$run/journal"; then # the number of its release may be another run's by now
      [ -d "$run/release" ] || rm -rf "$state/releases/$RELEASE"
      fail "interrupted before its first step"
      verdict stale
    elif committed; then
      carry_out "$(($(awk '$2 == "done" { n = $3 } END { print n + 0 }' "$run/journal") + 1))"
    else
      fail interrupted
      revert
    fi
  ) >>"$1/log"
}

# Whoever has the lock brings what was interrupted to an end before anything else.
run_plan() {
  lock || return
  for name in $(folders runs); do
    [ "$state/runs/$name" != "$run" ] && [ ! -f "$state/runs/$name/verdict" ] || continue
    rm -rf "$state/runs/$name/docker" # also of one that was only unpacked
    interrupted "$state/runs/$name" || continue
    say "⟲ the run $name was interrupted: it is brought to an end first"
    reconcile "$state/runs/$name"
  done
  load_settings
  if [ -e "$state/releases/$RELEASE" ]; then
    fail "release $RELEASE was made by somebody else meanwhile. Run it again"
    verdict stale
    return
  fi
  mkdir -p "$state/releases" && mv "$run/release" "$state/releases/$RELEASE"
  carry_out 1
}

# A reader that looks whether the lock is free holds it for a moment: that is no reason to give up.
lock() {
  exec 9>>"$state/lock"
  refusal=''
  if ! flock -w 1 9; then
    refusal=busy
    fail "another rollout holds the lock: $(cat "$state/owner")"
  elif [ -f "$state/maintenance" ]; then
    refusal=refused
    fail "the project is locked: $(cat "$state/maintenance")"
  fi
  if [ -z "$refusal" ] && ! { journal locked && make_reserve; }; then
    refusal=refused
    fail "the disk of $PWD is full"
  fi
  [ -z "$refusal" ] || { verdict "$refusal"; return 1; }
  cp "$run/owner" "$state/owner"
}
interrupted() { [ -f "$1/journal" ] && [ ! -f "$1/verdict" ]; }

# Follows the log to the end. The agent holds the lock while it lives: a free lock without a verdict is an agent killed.
follow() {
  exec 3<"$run/log"
  while :; do
    last=''
    [ ! -f "$run/verdict" ] || last=1
    while IFS= read -r line <&3; do printf '%s\n' "$line" >&2; done
    [ -z "$last" ] || break
    if interrupted "$run" && flock -n "$state/lock" true && interrupted "$run"; then
      rm -rf "$run/docker" # a login is not left to whoever comes next
      exit 23
    fi
    sleep 0.1
  done
  for name in plan facts verdict journal reason tail schema traffic.before traffic.after cut; do
    [ ! -f "$run/$name" ] || printf '%s\t%s\n' "$name" "$(base64 <"$run/$name" | tr -d '\n')"
  done
  case $(cat "$run/verdict") in
  deployed) exit 0 ;;
  reverted) exit 20 ;;
  refused) exit 21 ;;
  busy) exit 24 ;;
  stale) exit 25 ;;
  *) exit 22 ;;
  esac
}

run=$2
case $1 in
launch)
  : >"$run/log"
  SEAMLESS_RUN=$run setsid sh "$run/agent.sh" run "$run" </dev/null >>"$run/log" 2>&1 &
  follow
  ;;
recover)
  # Whoever holds the lock is at it already. The lock goes over to the agent: it is never free in between.
  exec 9>>"$state/lock"
  if interrupted "$run" && flock -w 1 9; then SEAMLESS_RUN=$run setsid sh "$run/agent.sh" finish "$run" </dev/null >>"$run/log" 2>&1 & fi
  exec 9>&-
  follow
  ;;
finish) ! interrupted "$run" || reconcile "$run" ;;
follow) follow ;;
run) run_plan ;;
esac
