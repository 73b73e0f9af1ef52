#!/usr/bin/env bash
# Puts Playwright, which drives Chromium in the test of the page, into build/browser:
#     scripts/browser.sh [FOLDER]
# Packages and versions: browser_requirements.txt; the browser itself is the distribution's. FOLDER/python is then the Python to use,
# with PYTHONPATH=FOLDER/packages. Where it cannot be had the script says why and ends with 1; the test skips then.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/wheels.sh
. "$ft_root/scripts/wheels.sh"
ft_get_wheels "${1:-$ft_root/build/browser}" "$ft_root/scripts/browser_requirements.txt" Playwright "drives a browser in tests"
