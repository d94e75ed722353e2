#!/bin/sh
# Installs what the browser and PDF tests look with: Chromium, poppler's pdftotext and pdftoppm, and qpdf.
# A quick no-op where they are present. Never fails: a test whose tool is missing says so loudly and skips.
set -u

missing=
need() { # command, Debian package
  for name in $1; do
    if command -v "$name" >/dev/null 2>&1; then return; fi
  done
  missing="$missing $2"
}
# Alternatives stand in one word list: browsers go by several names.
need 'chromium chromium-browser google-chrome' chromium
need pdftotext poppler-utils
need pdftoppm poppler-utils
need qpdf qpdf
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
[ -z "$(printf '%s' "$missing" | tr -d ' ')" ] && exit 0

skip() {
  echo "" >&2
  echo "  NOT INSTALLED: $missing" >&2
  echo "  $1" >&2
  echo "  The tests that need them are skipped and say so." >&2
  echo "" >&2
  exit 0
}
command -v apt-get >/dev/null 2>&1 || skip "There is no apt-get here: install them with this system's package manager."
[ "$(id -u)" -eq 0 ] || skip "Only root may install: run  sudo apt-get install -y $missing"

echo "Installing for the tests: $missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp) || skip "There is no room for a log file."
trap 'rm -f "$log"' EXIT
# Bounded: a build machine without a network must not wait here. Kept apart, so that one missing package loses only itself.
timeout 120 apt-get -q -o Acquire::Retries=2 -o Acquire::http::Timeout=20 update >"$log" 2>&1 \
  || echo "  apt-get update failed; trying with the package lists that are here" >&2
failed=
for package in $missing; do
  timeout 300 apt-get -q -y -o DPkg::Lock::Timeout=60 install --no-install-recommends "$package" >>"$log" 2>&1 \
    || failed="$failed$package "
done
if [ -n "$failed" ]; then
  tail -n 5 "$log" >&2
  missing=$failed
  skip "apt-get install failed; its last lines stand above."
fi
exit 0
