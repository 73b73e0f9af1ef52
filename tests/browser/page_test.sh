#!/usr/bin/env bash
# page_test.sh PROGRAM: the page in a real Chromium (page_test.py). Skips with 77 where something that it needs is missing.
# Screenshots are left in build/page_screenshots.
set -euo pipefail
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
browser=$root/build/browser

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

chromium=$(type -P chromium chromium-browser google-chrome | head -n 1) || :
[[ -n $chromium ]] || skip "there is no Chromium: apt-get install chromium"
# On Ubuntu 22.04 a file of that name only tells that there is a snap.
"$chromium" --version >/dev/null 2>&1 || skip "$chromium does not start"
[[ -x $browser/python && -d $browser/packages/playwright ]] || skip "Playwright is not installed; scripts/browser.sh does it"
[[ -f $root/build/models/whisper-base/model.bin ]] || skip "build/models/whisper-base is not there: ./test.sh gets it"

mkdir -p "$root/build/page_screenshots"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$browser/packages exec "$browser/python" "$root/tests/browser/page_test.py" \
    --program "$1" --chromium "$chromium" --root "$root" --screenshots "$root/build/page_screenshots"
