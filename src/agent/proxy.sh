# The proxy, as its runtime API shows and changes it.

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
