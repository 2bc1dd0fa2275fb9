#!/usr/bin/env bash
# lock.sh VENV: writes tests/lock.txt, the newest versions of all that the tests need, for every Python and system.
# It has no hashes, since a package index may have builds of its own, of torch above all. Which CUDA torch needs is left
# to torch.
set -euo pipefail
venv=$1

extras=(test bench hosts sweep release)
{
  echo "# Written by make lock: what make installs, see scripts/install.sh."
  "$venv/bin/uv" pip compile pyproject.toml "${extras[@]/#/--extra=}" --universal --python-version 3.10 \
    --upgrade --no-annotate --no-header --no-emit-index-url |
    grep --extended-regexp --invert-match '^(cuda-|nvidia-|triton=)'
} >tests/lock.txt.new
mv tests/lock.txt.new tests/lock.txt
