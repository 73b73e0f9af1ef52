#!/usr/bin/env bash
# Every shell script of the project passes shellcheck without a word.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
command -v shellcheck >/dev/null || { echo "skipped: shellcheck is not installed (apt-get install shellcheck)"; exit 77; }
mapfile -t scripts < <(find . -path ./build -prune -o -path ./.git -prune -o -type f \( -name '*.sh' -o -path './.ci/run' \) -print)
((${#scripts[@]} >= 10)) || { echo "only ${#scripts[@]} scripts found: is this the project's folder?"; exit 1; }
shellcheck -x "${scripts[@]}"
echo "${#scripts[@]} scripts are clean"
