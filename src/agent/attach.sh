# shellcheck shell=sh
# RUN ATTACHMENT, in the project's directory: finds the run that is meant and lets its own agent follow it or bring
# it to an end. Without a RUN it is the newest that had its turn: one that was turned away, since another one held the
# lock (busy) or had changed the host (stale), did nothing that somebody else could ask for. 67: there is no such run.

turned_away() {
  case $(cat "$1/verdict" 2>/dev/null) in
  busy | stale) return 0 ;;
  *) return 1 ;;
  esac
}
had_its_turn() {
  ! turned_away "$1" && { [ -f "$1/verdict" ] || grep -qs ' locked$' "$1/journal"; }
}
# Whether a run gets the lock is settled within a second or so of its launch; one whose client was killed before it could
# launch the agent stays without a turn.
settled() {
  tries=0
  until had_its_turn "$1"; do
    ! turned_away "$1" && [ $((tries += 1)) -le 30 ] || return 1
    sleep 0.1
  done
}
# Folders of runs change while they are at work: the first is the one that is, or was last.
newest() {
  # shellcheck disable=SC2045 # the names are the client's: a number and a random part
  for name in $(ls -t .seamless/runs 2>/dev/null); do
    ! settled ".seamless/runs/$name" || { printf '%s' "$name" && return; }
  done
}

run=.seamless/runs/${1:-$(newest)}
[ -f "$run/agent.sh" ] || exit 67
exec sh "$run/agent.sh" "$2" "$run"
