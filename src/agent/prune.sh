# Verbs that clear away what the new version has replaced: old containers, images, records.

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
