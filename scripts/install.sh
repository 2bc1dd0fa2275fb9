#!/usr/bin/env bash
# install.sh VENV EXTRA: camwidget, editable, with an extra, in the versions of tests/lock.txt, with which the tests
# passed. Where the package index does not have these for this machine, or with NEWEST=1, in the newest ones.
set -euo pipefail
venv=$1
extra=$2

install() { "$venv/bin/python" -m pip --disable-pip-version-check install --editable ".[$extra]" "$@"; }

if [ -z "${NEWEST:-}" ]; then
  install --constraint tests/lock.txt && exit 0
  echo "The versions of tests/lock.txt cannot be installed here, see above: the newest are taken instead." >&2
fi
install
