#!/usr/bin/env bash
# The collector's tests once more, on PostgreSQL. Runs under tests/support/postgres_server.sh.
#   on_postgres.sh TEST_PROGRAM...
set -euo pipefail

failed=0
for program in "$@"; do
  echo "== ${program##*/}"
  # What is about SQLite or no database at all ran already.
  "$program" --gtest_brief=1 --gtest_filter='-Sqlite*:Schema.*:Attempts.*' || failed=1
done
exit "$failed"
