# Sourced by the other scripts: makes .venv and installs the locked packages into it, once per change.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3.14 python3; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Offhook needs Python 3.11 to 3.14. Install one, or name it: PYTHON=/path/to/python $0" >&2
    return 1
}

# venv EXTRAS: EXTRAS is empty for running Offhook and "[dev]" for testing it.
venv() {
    local extras="$1" python version stamp
    if [ ! -x .venv/bin/python ]; then
        python=$(_python)
        if ! "$python" -c 'import ensurepip' 2>/dev/null; then
            version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
            echo "This Python has no ensurepip. On Debian and Ubuntu: apt-get install python$version-venv" >&2
            return 1
        fi
        echo "· making .venv with $("$python" --version)" >&2
        "$python" -m venv .venv
    fi
    stamp=$(cat pyproject.toml requirements.lock | sha256sum | cut -c1-16)
    if [ "$(cat ".venv/.installed$extras" 2>/dev/null)" != "$stamp" ]; then
        echo "· installing packages into .venv (once)" >&2
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
            --constraint requirements.lock --editable ".$extras"
        .venv/bin/python -m compileall -q src # half the start-up time where the environment forbids caching
        echo "$stamp" >".venv/.installed$extras"
    fi
}
