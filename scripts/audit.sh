#!/usr/bin/env bash
# audit.sh VENV: known holes in the packages of tests/lock.txt and js/package-lock.json, by the databases of PyPI and
# npm. Fails where one is found, and where a database does not answer: what was not looked up is not called safe.
set -uo pipefail
venv=$(cd "$1" && pwd)
failed=0

# --strict: a package that the database does not know would otherwise be passed over
if ! "$venv/bin/uv" tool run pip-audit --strict --no-deps --disable-pip --requirement tests/lock.txt; then
  echo "Python: a hole was found, or the audit could not be done, see above." >&2
  failed=1
fi
if ! (cd js && ../scripts/with_node.sh "$venv" npm audit); then
  echo "JavaScript: a hole was found, or the audit could not be done, see above." >&2
  failed=1
fi
exit $failed
