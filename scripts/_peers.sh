#!/usr/bin/env bash
# Debian packages that the interop tests use: SIP peers and sound tools.
set -euo pipefail
packages=(sip-tester baresip espeak-ng sox)
missing=()
for package in "${packages[@]}"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "NOT RUN: no apt-get here; install by hand: ${missing[*]}" >&2
    exit 0
fi
echo "· installing ${missing[*]}" >&2
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
