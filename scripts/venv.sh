#!/usr/bin/env bash
# venv.sh PYTHON VENV: makes the virtual environment where there is none; says what is missing where it cannot.
set -euo pipefail
python=$1
venv=$2

if ! command -v "$python" >/dev/null; then
  echo "There is no '$python' here. camwidget needs Python 3.10 or newer: apt install python3 python3-venv" >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$("$python" --version) is too old: camwidget needs 3.10 or newer. Name another: make PYTHON=python3.12 …" >&2
  exit 1
fi
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  exit 0
fi
# Debian keeps Python's venv in a package of its own.
can_make_one() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }
if ! can_make_one && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv
fi
if ! can_make_one; then
  echo "Python's venv is missing: sudo apt install python3-venv" >&2
  exit 1
fi
"$python" -m venv "$venv"
