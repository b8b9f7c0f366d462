# The writer of the project's .env.

# NAME VALUE...: sets variables in the project's .env, by rename, with the same owner and mode. Of several lines for one
# name the last counts; its quotes and its comment stay, and so does every other byte of the file.
do_env() {
  [ -e .env ] || : >.env || return 1
  set_variables "$@" || { rm -f .env.seamless && return 1; }
  mv -f .env.seamless .env
}
# Through a variable: BusyBox's awk does not tell when it cannot write. The dot keeps the line breaks at the end.
set_variables() {
  cp -p .env .env.seamless || return 1
  while [ $# -gt 0 ]; do
    ended=1
    [ -z "$(tail -c 1 .env.seamless)" ] || ended=0
    changed=$(LC_ALL=C NAME=$1 VALUE=$2 awk -v ended="$ended" "$set_variable" .env.seamless && echo .) || return 1
    printf %s "${changed%.}" >.env.seamless || return 1
    shift 2
  done
  sync .env.seamless
}
# It reads as Compose does: NAME=value or NAME: value, quotes may span lines, a comment after a plain value needs " #".
# shellcheck disable=SC2016 # awk
set_variable='
{ text = text $0 "\n" }
END {
  if (NR && !ended) text = substr(text, 1, length(text) - 1)
  head = "^[ \t\v\f]*(export[ \t\v\f\r\n]+)?[^ \t\v\f\r\n=:!\"#$%&\047()*+,/;<>?@\\\\^`{|}~]*[ \t\v\f]*[=:]"
  for (at = text ~ /^\357\273\277/ ? 4 : 1; at <= length(text); at = after) {
    rest = substr(text, at)
    after = at + index(rest "\n", "\n")
    if (!match(rest, head)) continue
    name = substr(rest, 1, RLENGTH - 1)
    sub(/^[ \t\v\f]*(export[ \t\v\f\r\n]+)?/, "", name)
    sub(/[ \t\v\f]+$/, "", name)
    equals = at + RLENGTH
    rest = substr(text, equals)
    match(rest, /^[ \t\v\f]*/)
    value = equals + RLENGTH
    rest = substr(rest, RLENGTH + 1)
    if (match(rest, /^"([^"\\]|\\.)*"/) || match(rest, /^\047([^\047\\]|\\.)*\047/)) {
      size = RLENGTH
      after = value + size
      quote = substr(rest, 1, 1)
    } else {
      after = value + index(rest "\n", "\n")
      rest = substr(rest, 1, after - value - 1)
      match(rest, /( #.*|[ \t\v\f\r]+)*$/)
      size = RSTART - 1
      quote = ""
      # NAME= # note: to whoever wrote it that is a comment behind no value.
      if (rest ~ /^#/ && substr(text, value - 1, 1) == " ") { value = equals; size = 0 }
    }
    if (name == ENVIRON["NAME"]) { found = value; old = size; quotes = quote }
  }
  if (found) {
    printf "%s%s%s%s%s", substr(text, 1, found - 1), quotes, ENVIRON["VALUE"], quotes, substr(text, found + old)
    exit
  }
  newline = text ~ /^[^\n]*\r\n/ ? "\r\n" : "\n"
  printf "%s%s%s=%s%s", text, NR && !ended ? newline : "", ENVIRON["NAME"], ENVIRON["VALUE"], newline
}'
