#!/usr/bin/env bash
# demo.sh VENV NOTEBOOK: JupyterLab on a notebook, on this machine only and with Jupyter's own token. Without a display
# the address is printed, with the token in it, instead of being opened.
set -euo pipefail
venv=$1
notebook=$2

options=(
  --ip=127.0.0.1
  --ServerApp.root_dir="$(dirname "$notebook")"
  --LabApp.default_url="/lab/tree/$(basename "$notebook")"
)
# Jupyter refuses to run as root unless told, which is usual in containers.
[ "$(id -u)" = 0 ] && options+=(--allow-root)
if [ "$(uname)" != Darwin ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  options+=(--no-browser)
  echo "There is no display here: open the address below that ends in token=…"
fi
# Kernels are started by name; the environment's own commands must come first.
export PATH="$(cd "$venv/bin" && pwd):$PATH"
exec jupyter lab "${options[@]}"
