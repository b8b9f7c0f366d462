# Verbs, in the order of a rollout, until everything is there that the new version needs.

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
