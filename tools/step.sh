#!/bin/sh
# Runs one step of the build with its output in a log file, and says on one line what it is, that it ended and how
# long it took. On failure shows the end of the log.
# Usage: step.sh "<what>" <log> -- command...
set -eu
what=$1 log=$2
shift 3
mkdir -p "$(dirname "$log")"
start=$(date +%s)
if "$@" >"$log" 2>&1; then
    printf '  %-28s done in %3ds\n' "$what" $(($(date +%s) - start))
else
    status=$?
    printf '  %-28s FAILED (status %d), end of %s:\n' "$what" "$status" "$log" >&2
    tail -n 40 "$log" >&2
    exit "$status"
fi
