# shellcheck shell=bash
# Finds or gets a Python, and keeps the environment equal to the requirement files.
# Sourced by ./run; which index packages come from is the machine's own business.

VENV="${MIZUHIKI_VENV:-.venv}"
TOOLS="${VENV%/}-tools" # holds uv, where it had to be fetched

say() { printf 'mizuhiki: %s\n' "$*" >&2; }

die() {
  say "$@"
  exit 1
}

# Prints the real interpreter behind a name, if it runs and is of a version we support.
# It is run for real: version managers put shims on PATH that exist and then refuse to start.
supported_python() {
  "$1" -c 'import sys
if not (3, 12) <= sys.version_info < (3, 14): sys.exit(1)
print(sys.executable)' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3.12 python3.13 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[23]*/bin/python3; do
    supported_python "$candidate" && return
  done
  return 1
}

# uv from PATH, or installed as a package by whatever Python there is.
find_uv() {
  if command -v uv >/dev/null; then
    command -v uv
    return
  fi
  if [ ! -x "$TOOLS/bin/uv" ]; then
    command -v python3 >/dev/null || install_packages python3-venv || return 1
    new_environment "$(command -v python3)" "$TOOLS" || return 1
    "$TOOLS/bin/python" -m pip install -qq uv >&2 || return 1
  fi
  printf '%s\n' "$TOOLS/bin/uv"
}

managed_python() {
  local uv
  uv="$(find_uv)" || return 1
  "$uv" python install 3.12 >&2 || return 1
  "$uv" python find --managed-python 3.12
}

# new_environment PYTHON FOLDER: Debian ships venv without pip unless python3-venv is there.
new_environment() {
  if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    local package
    package="python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if ! install_packages "$package"; then
      command -v uv >/dev/null || die "python has no venv: run 'sudo apt-get install $package', then this again"
      uv venv --quiet --seed --python "$1" "$2" >&2
      return
    fi
  fi
  "$1" -m venv "$2" >&2
}

create_environment() {
  local python
  if ! python="$(find_python)"; then
    say "no Python 3.12 or 3.13 here; asking uv for one"
    python="$(managed_python)" || die "Python 3.12 or 3.13 is needed and could not be fetched:" \
      "install one (for instance 'pyenv install 3.12') and run: PYTHON=/path/to/python3.12 ./run serve"
  fi
  say "making $VENV with $python"
  rm -rf "$VENV"
  new_environment "$python" "$VENV" || die "could not make $VENV with $python"
}

# install_requirements FILE: hashes are checked in either way.
install_requirements() {
  say "installing $1 (once; minutes on a slow line)"
  if command -v uv >/dev/null; then
    uv pip install --quiet --compile-bytecode --python "$VENV/bin/python" --require-hashes --requirement "$1" && return
    say "uv could not install it; trying pip"
  fi
  "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes --requirement "$1" ||
    die "installing $1 failed: see the lines above"
}

is_current() { # is_current FILE: was this very content installed?
  [ "$(cat "$VENV/installed-$1.sha256" 2>/dev/null)" = "$(sha256sum <"$1")" ]
}

mark_current() { sha256sum <"$1" >"$VENV/installed-$1.sha256"; }

# ensure_environment runtime|development: nothing to do on most starts.
ensure_environment() {
  supported_python "$VENV/bin/python" >/dev/null || create_environment
  if [ "$1" = development ]; then
    is_current requirements-dev.txt && return
    install_requirements requirements-dev.txt
    mark_current requirements-dev.txt
  else
    is_current requirements.txt && return
    install_requirements requirements.txt
  fi
  mark_current requirements.txt # the development file holds everything of the other, at the same versions
}

# Only uv writes files free of index addresses; tests/architecture guards it.
lock_requirements() {
  local uv compile
  uv="$(find_uv)" || die "uv is needed: install it with 'pip install uv'"
  compile=("$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url
    --python-version 3.12 --custom-compile-command "./run lock" pyproject.toml)
  "${compile[@]}" --output-file requirements.txt "$@"
  "${compile[@]}" --group dev --constraint requirements.txt --output-file requirements-dev.txt "$@"
}
