#!/usr/bin/env bash
# audit.sh VENV: known holes in the packages of tests/lock.txt and js/package-lock.json, by the databases of PyPI and
# npm. Fails where one is found, and where a database does not answer: what was not looked up is not called safe.
set -uo pipefail
venv=$(cd "$1" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

audit() {
  local what=$1
  shift
  "$@" 2>&1 | tee "$log" && return
  failed=1
  if grep --quiet --extended-regexp 'Found [0-9]+ known vulnerabilit|severity vulnerabilit' "$log"; then
    echo "== $what: known holes, see above." >&2
  else
    echo "== $what: not audited. The database did not answer as it should, see above; nothing is known." >&2
  fi
}

# --strict: a package that the database does not know would otherwise be passed over
audit "tests/lock.txt" \
  "$venv/bin/uv" tool run pip-audit --strict --no-deps --disable-pip --requirement tests/lock.txt
cd js || exit 1
audit "js/package-lock.json" ../scripts/with_node.sh "$venv" npm audit
exit $failed
