# Verbs from ready to soaked: both versions run.

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
