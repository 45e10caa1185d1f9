#!/usr/bin/env bash
# Manual pages from what --help says, so that both always say the same: man.sh BIN FOLDER
# tapiary.1 and a page for each of its verbs, tapiary-sensor.8 where it was built, tapiary-collector.8
set -euo pipefail

(($# == 2)) || {
  echo 'usage: man.sh BIN FOLDER' >&2
  exit 2
}
bin=$1
folder=$2
version=$("$bin/tapiary" --version)
version=${version##* }

# page NAME SECTION COMMAND...: the page, from the help on stdin
page() {
  awk -v name="$1" -v section="$2" -v version="$version" '
    function text(line) {
      gsub(/\\/, "\\e", line)
      gsub(/-/, "\\-", line)
      return line ~ /^[.'\'']/ ? "\\&" line : line
    }
    function heading(macro, words) {
      if (open) print ".fi"
      open = blank = 0
      print macro " " words
    }
    function title(words) { heading(".SH", toupper(words)) }
    # As it is; blank lines only between others.
    function verbatim(line) {
      if (line == "") {
        blank = open
        return
      }
      if (!open) print ".nf"
      if (blank) print ""
      open = 1
      blank = 0
      print text(line)
    }
    { lines[NR] = $0 }
    END {
      for (i = 1; i <= NR; ++i) {
        if (lines[i] ~ /^Usage: /) usage = substr(lines[i], 8)
        else if (summary == "" && lines[i] != "") summary = lines[i]
        else rest[++count] = lines[i]
      }
      sub(/[.]$/, "", summary)
      sub(/^Tapiary: /, "", summary)
      print ".TH " toupper(text(name)) " " section " \"\" \"Tapiary " version "\""
      title("Name")
      print text(name) " \\- " text(summary)
      title("Synopsis")
      print ".B " text(usage)
      for (i = 1; i <= count; ++i) {
        line = rest[i]
        if (line ~ /^[A-Z][a-z]+:?$/) {
          sub(/:$/, "", line)
          title(line)
        } else if (line ~ /^[a-z0-9_]+$/) {
          heading(".SS", line)
        } else if (line ~ /^Exit codes: /) {
          title("Exit status")
          print text(substr(line, 13))
        } else {
          verbatim(line)
        }
      }
      if (section == 8) {
        title("Exit status")
        print "0 ok, 1 failed, 2 usage."
      }
      title("See also")
      print ".BR tapiary (1),"
      print ".BR tapiary\\-sensor (8),"
      print ".BR tapiary\\-collector (8)"
    }'
}

mkdir -p "$folder/man1" "$folder/man8"
"$bin/tapiary" --help | page tapiary 1 >"$folder/man1/tapiary.1"
"$bin/tapiary" --help | awk '/^Subcommands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' | while read -r verb; do
  "$bin/tapiary" "$verb" --help-all | page "tapiary-$verb" 1 >"$folder/man1/tapiary-$verb.1"
done
for daemon in tapiary-sensor tapiary-collector; do
  [[ ! -x $bin/$daemon ]] || "$bin/$daemon" --help | page "$daemon" 8 >"$folder/man8/$daemon.8"
done
