# Small tools of the agent.

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
    [ "$id" ] || continue
    docker update --restart no "$id" >/dev/null 2>&1
    docker stop --time "$1" "$id" >/dev/null 2>&1
    docker rm -f "$id" >/dev/null 2>&1 || { left=$(list --all --filter "id=$id") && [ -z "$left" ]; } || code=1
  done
  return $code
}

# Compose makes the project's networks with its first container: those that came with a run go with its undo. One that somebody
# else uses by then stays.
project_networks() { docker network ls --quiet --no-trunc --filter "label=com.docker.compose.project=$PROJECT" 2>/dev/null; }
note_networks() { project_networks >"$run/networks.new" && mv "$run/networks.new" "$run/networks"; }
remove_networks() {
  [ -f "$run/networks" ] || return 0
  for id in $(project_networks); do
    grep -qx "$id" "$run/networks" || docker network rm "$id" >/dev/null 2>&1
  done
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
