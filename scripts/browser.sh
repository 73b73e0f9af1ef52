#!/usr/bin/env bash
# Puts Playwright, which drives Chromium in the test of the page, into build/browser:
#     scripts/browser.sh [FOLDER]
# Packages and versions: browser_requirements.txt; the browser itself is the distribution's. What is there already stays.
# FOLDER/python is then the Python to use, with PYTHONPATH=FOLDER/packages. Where it cannot be had the script says why and
# ends with 1; the test skips then.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

folder=${1:-$ft_root/build/browser}
requirements=$ft_root/scripts/browser_requirements.txt

python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null &&
        "$candidate" -m pip --version >/dev/null 2>&1; then
        python=$("$candidate" -c 'import sys; print(sys.executable)')
        break
    fi
done
[[ -n $python ]] || ft_die "Playwright needs Python 3.10 or later with pip: install python3-pip"

# Packages with compiled parts fit one Python only.
stamp="$("$python" -c 'import sys; print(sys.version)' | tr '\n' ' ') $(sha256sum <"$requirements")"
[[ -x $folder/python && -f $folder/stamp && $(<"$folder/stamp") == "$stamp" ]] && exit 0

ft_say "Getting Playwright, which drives a browser in tests …"
rm -rf -- "$folder"
mkdir -p -- "$folder"
if ! "$python" -m pip install --no-deps --only-binary :all: --no-input --disable-pip-version-check --retries 2 --timeout 30 \
    --quiet --target "$folder/packages" -r "$requirements" >"$folder/pip.log" 2>&1; then
    grep -E 'ERROR|error' "$folder/pip.log" | tail -n 3 >&2 || tail -n 3 "$folder/pip.log" >&2
    ft_die "pip could not get Playwright (see above): check the network and pip's settings"
fi
ln -s -- "$python" "$folder/python"
printf '%s' "$stamp" >"$folder/stamp"
