#!/usr/bin/env bash
# Runs the scenarios of the local AWS (run.py): tests/e2e/aws/run.sh PROGRAM BOOTSTRAP [--keep] [SCENARIO…]
# Exit code 77, with a sentence, where moto or the model is missing: then nothing was tested.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../../../scripts/common.sh"

moto=$ft_root/build/moto
models=$ft_root/build/models
if [[ ! -x $moto/python ]]; then
    echo "skipped: moto, which plays AWS, is not there; scripts/moto.sh gets it"
    exit 77
fi
if [[ ! -d $models/whisper-base ]]; then
    echo "skipped: whisper-base is not in build/models; scripts/fallback_models.sh gets it"
    exit 77
fi
export PYTHONPATH=$moto/packages:$ft_root/tests/deploy PYTHONDONTWRITEBYTECODE=1
exec "$moto/python" "$ft_root/tests/e2e/aws/run.py" --models "$models" --samples "$ft_root/samples" "$@"
