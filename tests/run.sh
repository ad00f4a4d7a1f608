#!/usr/bin/env bash
# Everything that must hold before a change lands: lint, format, tests. Makes a virtual environment on first use.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
# Some containers forbid Python to keep what it has compiled. Each process that a test starts would compile torch and all of Streamlit anew.
unset PYTHONDONTWRITEBYTECODE

install_chromium() {
  echo "The browser tests need Chromium; installing Debian's package."
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null
}

# Runs a step and tells what it took; bench/ci.py reads the line.
step() {
  local TIMEFORMAT="== $1: %R s, %U s user, %S s system"
  shift
  time "$@"
}

packages() {
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  # Not compiled ahead: most of it is never imported, and compiling it takes as long as everything else.
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
}

chromium=
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null && [ -z "${CHROMIUM:-}" ]; then
  install_chromium & chromium=$! # while pip works
fi
step packages packages
[ -z "$chromium" ] || wait "$chromium"
step lint "$venv/bin/ruff" check .
step format "$venv/bin/ruff" format --check .
# The browser tests must have run: they fail, and never skip, without a browser. Two workers: on two cores, four were slower; tests/conftest.py
# says which tests go to which.
# What is marked thorough is left out unless it is asked for: bash tests/run.sh -m ""
step tests "$venv/bin/pytest" -n 2 -m "not thorough" "$@"
