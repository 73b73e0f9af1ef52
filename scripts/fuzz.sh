#!/usr/bin/env bash
# Runs one fuzz target for FUZZ_SECONDS (default 20); ctest calls it.   scripts/fuzz.sh PROGRAM NAME BUILD-FOLDER
# It begins with the seeds in BUILD-FOLDER/seeds/NAME and tests/fuzz/corpus/NAME, where these exist, and with what earlier
# runs found. An input that breaks the program is kept in BUILD-FOLDER/found/NAME as crash-*, oom-* or timeout-*.
set -euo pipefail
program=$1 name=$2 build=$3
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
found=$build/found/$name
mkdir -p "$found/corpus"
folders=("$found/corpus")
for seeds in "$build/seeds/$name" "$root/tests/fuzz/corpus/$name"; do
    [[ ! -d $seeds ]] || folders+=("$seeds")
done
exec "$program" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=25 -rss_limit_mb=2048 -artifact_prefix="$found/" \
    -print_final_stats=1 "${folders[@]}"
