# shellcheck shell=bash
# Installs what is not Python: OCR with Japanese, a font for it, a browser for the tests.
# Sourced by ./run after python.sh, which has say and die.

# install_packages NAME...: with apt, as root or by a sudo that asks nothing. Returns 1 where that is impossible.
install_packages() {
  command -v apt-get >/dev/null || return 1
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    root=(sudo -n)
  fi
  # Another apt may be at work on a machine that just started: wait for its lock.
  local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600)
  say "installing $*"
  "${apt[@]}" install --no-install-recommends "$@" >/dev/null 2>&1 && return
  "${apt[@]}" update >/dev/null 2>&1 || true # lists of a fresh image are empty or old
  "${apt[@]}" install --no-install-recommends "$@" >&2
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_browser() {
  command -v chromium || command -v chromium-browser || command -v google-chrome
}

# ensure_packages GROUP...: goes on without them after saying what to type, since nothing here is strictly needed.
ensure_packages() {
  local group package missing=()
  for group in "$@"; do
    case "$group" in
      reader)
        if ! command -v dpkg-query >/dev/null; then
          command -v tesseract >/dev/null || missing+=(tesseract-ocr tesseract-ocr-jpn)
          continue
        fi
        for package in tesseract-ocr tesseract-ocr-jpn fonts-noto-cjk; do
          is_installed "$package" || missing+=("$package")
        done
        ;;
      browser) has_browser >/dev/null || missing+=(chromium) ;;
      pooler) command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer) ;;
      redis) command -v redis-server >/dev/null || missing+=(redis-server) ;;
      gettext) command -v msgfmt >/dev/null || missing+=(gettext) ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}" ||
    say "going on without ${missing[*]}: to have them, run 'sudo apt-get install ${missing[*]}'"
}
