#!/usr/bin/env bash
# chromium.sh VENV: sees to it that the browser tests find a Chromium: the machine's, else Debian's (as root), else
# Playwright's own.
set -euo pipefail
venv=$1

playwright_has_one() {
  "$venv/bin/python" - <<'PYTHON'
import pathlib, sys
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).exists())
PYTHON
}

install_from_debian() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qx 'ID=debian' /etc/os-release || return 1
  apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      chromium fonts-dejavu-core fonts-liberation
}

if [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then
  exit 0
fi
playwright_has_one && exit 0
install_from_debian && exit 0
if [ "$(id -u)" = 0 ]; then
  "$venv/bin/playwright" install --with-deps chromium
else
  "$venv/bin/playwright" install chromium
  echo "If Chromium does not start, its libraries are missing: sudo $venv/bin/playwright install-deps chromium" >&2
fi
