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
