#!/usr/bin/env bash
# Puts moto, which plays AWS in tests, and what verifies our webhooks and asks our server there, into build/moto:
#     scripts/moto.sh [FOLDER]
# Packages and versions: moto_requirements.txt. FOLDER/python is then the Python to use, with PYTHONPATH=FOLDER/packages. Where it
# cannot be had the script says why and ends with 1; tests that need it skip then.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/wheels.sh
. "$ft_root/scripts/wheels.sh"
ft_get_wheels "${1:-$ft_root/build/moto}" "$ft_root/scripts/moto_requirements.txt" moto "plays AWS in tests"
