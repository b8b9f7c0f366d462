# The run: lock, steps, undo, reconcile, and following it.

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

# What the journal does not tell would not be undone: before COMMIT a step does not begin without its line. After it nothing is
# undone, and who serves may depend on the step.
begin() { journal begin "$i" "$verb" || fail "the journal cannot be written; is the disk of $PWD full?"; }

# FROM: the steps of the plan, from number FROM on. Before COMMIT the first failure ends it; after it, none does.
forward() {
  i=$1 count=$(wc -l <"$run/plan")
  while [ "$i" -le "$count" ]; do
    step "$i"
    if { begin || committed; } && since=$now && act; then
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
  remove_networks
  rm -rf "$state/releases/$RELEASE"
  return $code
}

# VERDICT: the last line of the journal; whoever follows waits for it. One that cannot be written is left to the next run.
verdict() {
  rm -rf "$run/docker" "$run/deaths" "$run/died" "$run/lifeline" "$run/reserve" "$run/soak" "$run/policies" "$run/networks"
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
  note_networks
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
