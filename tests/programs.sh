#!/usr/bin/env bash
# Install the Debian programs that the tests drive, where this user may; otherwise say which are missing.
set -euo pipefail
declare -A package=([chromium]=chromium [strace]=strace [unzip]=unzip [minisign]=minisign [curl]=curl)
missing=()
for program in "${!package[@]}"; do
  command -v "$program" >/dev/null || missing+=("${package[$program]}")
done
# Playwright's driver is linked to it
/sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || missing+=(libatomic1)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${missing[*]} …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "The tests need these Debian packages: apt install ${missing[*]}" >&2
  exit 1
fi
