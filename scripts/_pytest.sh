# Sourced by scripts/test: runs pytest, and what failed beside others once more, alone.
# shellcheck shell=bash
MOST_AGAIN=5 # more failures than that are no noise
CACHE=$PWD/.pytest_cache/suite # apart from what single runs leave

run_pytest() {
    local status=0 again
    .venv/bin/python -m pytest -o "cache_dir=$CACHE" --cache-clear "$@" || status=$?
    [ "$status" -eq 1 ] || return "$status" # 1: tests failed; all else cannot be helped by another try
    again=$(.venv/bin/python -c '
import json, pathlib, sys
print(*json.loads(pathlib.Path(sys.argv[1], "v/cache/lastfailed").read_text()), sep="\n")' "$CACHE")
    if [ "$(wc -l <<<"$again")" -gt "$MOST_AGAIN" ]; then
        return "$status"
    fi
    printf '· failed beside others; now alone:\n%s\n' "$again"
    .venv/bin/python -m pytest -o "cache_dir=$CACHE" "$@" -n 0 --last-failed --last-failed-no-failures none
}
