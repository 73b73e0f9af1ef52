#!/usr/bin/env bash
# Runs one fuzz target for FUZZ_SECONDS (default 60); ctest calls it.   scripts/fuzz.sh PROGRAM NAME
# What it finds on the way is kept beside the program, so that longer runs begin where earlier ones ended; an input that
# breaks the program is kept as crash-*, oom-* or timeout-* there and fails the run.
set -euo pipefail
program=$1 name=$2
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
found=$(dirname -- "$program")/fuzz-$name
mkdir -p "$found/corpus"
folders=("$found/corpus")
[[ ! -d $root/tests/fuzz/corpus/$name ]] || folders+=("$root/tests/fuzz/corpus/$name")
exec "$program" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=25 -rss_limit_mb=2048 -artifact_prefix="$found/" \
    -print_final_stats=1 "${folders[@]}"
