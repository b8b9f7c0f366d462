#!/bin/sh
# Stands for setsid on the lab's host: an agent that is started while a moment is armed stops there and waits. It is the
# real agent; only its function `call`, through which every step and every undo goes, gets a stop before and behind it.
#
#   /run/faults/armed     when and what: "before do_switch", "after undo_start"
#   /run/faults/reached   the agent's process id, as soon as it stands there
#   /run/faults/go        a named pipe: a line sends the agent on
# shellcheck disable=SC2317 # the agent calls the functions
faults=/run/faults

if [ "${1-}" = held ]; then
  agent=$2 run=$3
  set -- lib "$run"
  # shellcheck disable=SC1090 # the run's own agent
  . "$agent"
  call() {
    hold "before $1"
    agent_call "$@"
    called=$?
    hold "after $1"
    return "$called"
  }
  hold() { # needs no child process: one would outlive an agent that is killed here
    read -r armed 2>/dev/null <"$faults/armed" || return 0
    [ "$armed" = "$1" ] || return 0
    : >"$faults/armed"
    echo $$ >"$faults/reached"
    read -r _ <"$faults/go"
  }
  run_plan
  exit
fi

if [ -s $faults/armed ] && [ "${3-}" = run ]; then
  grep -q '^call() {' "$2" || exit 70
  sed 's/^call() {/agent_call() {/' "$2" >$faults/agent.sh
  exec /usr/bin/setsid sh "$0" held $faults/agent.sh "$4"
fi
exec /usr/bin/setsid "$@"
