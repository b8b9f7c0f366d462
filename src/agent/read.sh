# Prints the state of a Compose project on this host, and changes nothing: a line a fact, name<TAB>base64 of its value.
#   sh -s DIRECTORY TAG_VARIABLE TAG ENV_FILE [COMPOSE_FILE...]     "-" stands for "not given"
# Values of environment variables stay on the host: of the configuration only keys that the plan needs are printed.
# shellcheck shell=sh disable=SC2015
set -u

fact() { printf '%s\t%s\n' "$1" "$(base64 | tr -d '\n')"; }
text() { printf '%s' "$2" | fact "$1"; }
first_of() { for name; do [ ! -f "$name" ] || { printf '%s\n' "$name" && return; }; done; }

for tool in docker flock setsid awk base64 tar; do
  command -v "$tool" >/dev/null || printf '%s ' "$tool"
done | fact missing
# Without a daemon `docker info` ends in an error of its template: another command says what is wrong.
{ info=$(docker info --format '{"id":{{json .ID}},"version":{{json .ServerVersion}},"os":{{json .OSType}},"architecture":{{json .Architecture}},"security":{{json .SecurityOptions}},"errors":{{json .ServerErrors}}}' 2>/dev/null) && printf '%s' "$info" || docker ps 2>&1 >/dev/null; } | fact daemon
docker compose version --short 2>&1 | fact compose
text home "$HOME"

cd -- "$1" 2>/dev/null || exit 0
variable=$2 tag=$3 env_file=$4
shift 4
text directory "$(pwd -P)"
[ ! -w . ] || text writable yes
[ ! -f "$env_file" ] || text env_file yes

# NAME: what the last assignment in .env says; a value over lines is none that we look for.
dotenv() {
  NAME=$1 awk '$0 ~ "^[ \t]*(export[ \t]+)?" ENVIRON["NAME"] "[ \t]*[=:]" { sub(/^[^=:]*[=:][ \t]*/, ""); value = $0 }
    END {
      quote = substr(value, 1, 1)
      if (quote == "\"" || quote == "\047") value = substr(value, 2, index(substr(value, 2), quote) - 1)
      else sub(/( #.*|[ \t\r]+)*$/, "", value)
      print value
    }' .env 2>/dev/null
}
dotenv "$variable" | fact tag

separator=$(dotenv COMPOSE_PATH_SEPARATOR)
text separator "$separator"

# The user's own files: as asked for, as .env lists them, or as Compose finds them.
if [ $# -gt 0 ]; then
  files=$(printf '%s\n' "$@")
else
  files=$(dotenv COMPOSE_FILE | tr "${separator:-:}" '\n')
  [ -n "$files" ] || files="$(first_of compose.yaml compose.yml docker-compose.yaml docker-compose.yml)
$(first_of compose.override.yaml compose.override.yml docker-compose.override.yaml docker-compose.override.yml)"
fi
files=$(printf '%s\n' "$files" | grep -v -x -e '.seamless/releases/current/compose.yml' -e '')
printf '%s' "$files" | fact files
for file in $files; do [ -f "$file" ] || printf '%s ' "$file"; done | fact missing_files
# Compose prints no extension of a service as JSON: it would be ignored without a word.
for file in $files; do
  ! grep -q '^[[:space:]]\{1,\}x-seamless:' "$file" 2>/dev/null || printf '%s ' "$file"
done | fact misplaced

# ARG...: Compose on the user's own files, with the tag that is to be deployed.
compose() {
  (
    [ "$tag" = - ] || export "$variable=$tag"
    [ "$env_file" = - ] || export COMPOSE_ENV_FILES="$env_file"
    COMPOSE_PATH_SEPARATOR=: COMPOSE_FILE=$(printf '%s\n' "$files" | paste -sd : -) && export COMPOSE_FILE COMPOSE_PATH_SEPARATOR
    docker compose "$@"
  )
}

# The configuration goes straight to standard output, the warnings come back as text: no file is left by whatever ends this.
{
  warnings=$({
    # Compose prints two spaces a level; no string has a line break. Commas left before a bracket are the reader's.
    compose config --format json 2>&3 | awk '
      function key() { match($0, /"[^"]*"/); return substr($0, RSTART + 1, RLENGTH - 2) }
      { indent = match($0, /[^ ]/) - 1; opens = $0 ~ /[{[]$/; named = $0 ~ /^ *"/ }
      skipping { if (indent == depth) skipping = 0; next }
      indent == 2 && named { section = key() }
      indent == 6 && named { part = key() }
      { unwanted = 0 }
      indent == 2 && named && section !~ /^(name|services|networks|x-seamless)$/ { unwanted = 1 }
      section == "services" && indent == 6 && named && part !~ /^(image|ports|deploy|healthcheck|stop_grace_period|scale|container_name|network_mode|networks|volumes|depends_on|restart)$/ { unwanted = 1 }
      section == "services" && indent == 8 && part == "healthcheck" && key() == "test" { unwanted = 1 }
      section == "services" && indent == 8 && part == "deploy" && named && key() !~ /^(mode|replicas|update_config)$/ { unwanted = 1 }
      section == "networks" && indent == 6 && named && part !~ /^(name|internal)$/ { unwanted = 1 }
      unwanted { if (opens) { skipping = 1; depth = indent }; next }
      { print }' | fact config >&4
  } 3>&1)
} 4>&1
text warnings "$warnings"
tag=seamless && compose config --hash '*' 2>/dev/null | fact hashes

# The containers of the project, its proxy, and whoever publishes a port.
containers=$(docker ps -aq --no-trunc)
[ -z "$containers" ] || printf '%s\n' "$containers" | xargs docker inspect --format '{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Config.Image}},"imageId":{{json .Image}},"state":{{json .State.Status}},"health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}},"startedAt":{{json .State.StartedAt}},"project":{{json (index .Config.Labels "com.docker.compose.project")}},"service":{{json (index .Config.Labels "com.docker.compose.service")}},"oneoff":{{json (index .Config.Labels "com.docker.compose.oneoff")}},"release":{{json (index .Config.Labels "seamless.release")}},"proxy":{{json (index .Config.Labels "seamless.proxy")}},"ports":{{json .HostConfig.PortBindings}}}' 2>/dev/null | fact containers
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { split($2, a, ":"); print a[2] }' | sort -u | fact listening

# What earlier rollouts left.
state=.seamless
[ -d "$state" ] || exit 0
text current "$(readlink "$state/releases/current")"
text slots "$(cat "$state/releases/current/slots" 2>/dev/null)"
[ ! -f "$state/maintenance" ] || fact maintenance <"$state/maintenance"
for kept in "$state"/releases/[0-9]*/rendered.yml; do
  [ ! -f "$kept" ] || basename "$(dirname "$kept")"
done | fact kept
for hook in before-deploy before-switch after-commit after-revert; do
  [ ! -x "$state/hooks/$hook" ] || printf '%s ' "$hook"
done | fact hooks
[ ! -f "$state/lock" ] || flock -n -s "$state/lock" true || fact lock <"$state/owner"
# One run a block: its facts, its verdict, its times, why it failed, and of an unfinished one the step that it began last. A run
# that has neither a verdict nor a journal never began.
set -- "$state"/runs/*/facts "$state"/runs/*/verdict "$state"/runs/*/journal "$state"/runs/*/reason "$state"/runs/*/schema "$state"/runs/*/plan
for file; do
  shift
  [ ! -s "$file" ] || set -- "$@" "$file"
done
[ $# -eq 0 ] || awk '
  FNR == 1 { count = split(FILENAME, path, "/"); id = path[count - 1]; file = path[count] }
  file == "facts" { facts[id] = facts[id] $0 "\n" }
  file == "journal" { if (!(id in first)) first[id] = $1; last[id] = $1; if ($2 == "begin") begun[id] = $3 }
  file == "plan" { split($0, field, "\t"); sentence[id, FNR] = field[2] }
  FNR == 1 && file ~ /^(verdict|reason|schema)$/ { told[id, file] = $0 }
  END {
    for (id in facts) {
      if (!((id, "verdict") in told) && !(id in first)) continue
      printf "run %s\nverdict %s\n%s", id, (id, "verdict") in told ? told[id, "verdict"] : "unfinished", facts[id]
      if (id in first) printf "ms %d\n", (last[id] - first[id]) * 10
      if ((id, "reason") in told) print "reason " told[id, "reason"]
      if ((id, "schema") in told) print "migrated yes"
      if (!((id, "verdict") in told)) print "step " sentence[id, begun[id]]
      print ""
    }
  }' "$@" | fact runs
