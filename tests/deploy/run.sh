#!/usr/bin/env bash
# Tests of deploy/aws that need Python:   tests/deploy/run.sh MODULE [ARGUMENT…]
# FT_CHECKOV=1 runs checkov as well, which pip gets once (some 500 MB, in build/checkov): its findings but for the skipped
# ones of deploy/aws/checkov.yaml are failures.
set -euo pipefail
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
moto=$root/build/moto
[[ -f $moto/stamp ]] || { echo "skipped: moto, cfn-lint and the AWS CLI are not there; scripts/moto.sh gets them"; exit 77; }
module=$1
shift

checkov() {
    local folder=$root/build/checkov
    [[ -x $folder/bin/checkov ]] ||
        "$moto/python" -m pip install --quiet --disable-pip-version-check --target "$folder" 'checkov==3.3.30'
    # It asks its maker's server for texts, and does without when that cannot be reached.
    PYTHONPATH=$folder "$moto/python" "$folder/bin/checkov" --config-file "$root/deploy/aws/checkov.yaml" \
        --directory "$root/deploy/aws" 2>"$folder/log" || { tail -n 20 "$folder/log"; return 1; }
}

if [[ $module == template_test && ${FT_CHECKOV:-0} == 1 ]]; then checkov; fi
cd -- "$root/tests/deploy"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$moto/packages:$root/tests/deploy exec "$moto/python" -m unittest -v "$module" "$@"
