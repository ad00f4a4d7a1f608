#!/usr/bin/env bash
# Everything that must hold before a change lands: lint, format, tests. Makes a virtual environment on first use.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null && [ -z "${CHROMIUM:-}" ]; then
  echo "The browser tests need Chromium; installing Debian's package."
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null
fi
"$venv/bin/ruff" check .
"$venv/bin/ruff" format --check .
# The browser tests must have run: they fail, and never skip, without a browser. Two workers: on two cores, four were slower.
# What is marked thorough is left out unless it is asked for: bash tests/run.sh -m ""
"$venv/bin/pytest" -n 2 --dist load -m "not thorough" "$@"
