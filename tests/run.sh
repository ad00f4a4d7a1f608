#!/usr/bin/env bash
# Everything that must hold before a change lands: lint, format, tests. Makes a virtual environment on first use.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv} python=${PYTHON:-python3}
# Some containers forbid Python to keep what it has compiled. Each process that a test starts would compile torch and all of Streamlit anew.
unset PYTHONDONTWRITEBYTECODE

# The browser without a window takes half the processor time; where it is no package, the one with a window does. What the package recommends
# beside it, a hundred packages to print and to notify with, takes as long again; of those only the font is needed.
install_chromium() {
  local sudo
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq || return
  $sudo apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-liberation >/dev/null 2>&1 ||
    $sudo apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null
}

# Runs a step and tells what it took; bench/ci.py reads the line.
step() {
  local TIMEFORMAT="== $1: %R s, %U s user, %S s system"
  shift
  time "$@"
}

# Where else than at PyPI pip looks for packages: its setting $2, of all that it has from the environment and from its files, $1.
places() { sed -n "s/^[^=]*\.$2='\(.*\)'\$/\1/p" <<<"$1" | sort -u | xargs; }

# uv takes a quarter of pip's time, and knows nothing of pip's settings. Neither compiles: most of what is installed is never imported, and
# compiling it takes as long as everything else.
with_uv() {
  local settings pip=("$venv/bin/python" -m pip)
  "$venv/bin/python" -c "import pip" 2>/dev/null || pip=(python3 -m pip --python "$venv/bin/python")
  settings=$("${pip[@]}" config list) &&
    "${pip[@]}" install --quiet --disable-pip-version-check --no-compile uv &&
    UV_DEFAULT_INDEX=$(places "$settings" index-url) UV_EXTRA_INDEX_URL=$(places "$settings" extra-index-url) \
      UV_FIND_LINKS=$(places "$settings" find-links) UV_INDEX_STRATEGY=unsafe-best-match \
      "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" pip -r requirements-dev.txt
}

# Python's own way to put pip into a new environment compiles all of it, which takes as long as installing everything else.
packages() {
  [ -x "$venv/bin/python" ] || {
    "$python" -m venv --without-pip "$venv"
    new=yes
  }
  with_uv || {
    "$python" -m venv "$venv" # with pip
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
  }
}

# What the tests import is compiled once by one process, and not by each of three that begin at the same moment. An error is the tests' to tell.
compiled() {
  [ -z "$new" ] || "$venv/bin/pytest" --collect-only >/dev/null 2>&1 || true
}

new= chromium=
if [ -z "${CHROMIUM:-}" ] && ! command -v chromium-headless-shell >/dev/null; then
  if ! { command -v chromium || command -v google-chrome; } >/dev/null || [ -n "${CI:-}" ]; then
    echo "The browser tests need Chromium; installing Debian's package."
    install_chromium & chromium=$! # while pip works
  fi
fi
step packages packages
step compiled compiled # while the browser is installed
[ -z "$chromium" ] || wait "$chromium" || true # without a browser the tests say what they lack
step lint "$venv/bin/ruff" check .
step format "$venv/bin/ruff" format --check .
# The browser tests must have run: they fail, and never skip, without a browser. Three workers: on two cores, a
# third one has something to do while the first waits for its browser; tests/conftest.py says which tests go to which.
# What is marked thorough is left out unless it is asked for: bash tests/run.sh -m ""
step tests "$venv/bin/pytest" -n 3 -m "not thorough" "$@"
