#!/usr/bin/env bash
# Puts new code into the functions of a stack, and nothing else: docs/aws.md.
set -euo pipefail
# shellcheck source=deploy/aws/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

zip=$root/build/release/lambda.zip

usage() {
    cat <<'TEXT'
deploy_lambda_functions.sh: new code for the three functions; one that has it already is left alone

  --zip FILE        the code; default build/release/lambda.zip
TEXT
}

own_flag() {
    case $1 in
    --zip) need_value "$@" && zip=$2 && consumed=2 ;;
    *) consumed=0 ;;
    esac
}

# state FUNCTION: for wait_for.
state() {
    local update
    update=$(aws_text '[LastUpdateStatus, LastUpdateStatusReason]' lambda get-function-configuration --function-name "$1")
    case $update in
    Successful* | None* | '') echo finished ;;
    Failed*) echo "failed: ${update#Failed}" ;;
    *) echo "${update%%[[:space:]]*}" ;;
    esac
}

main() {
    local function hash key there
    read_flags "$@"
    [[ -s $zip ]] || die "$zip: is not there; 'ninja -C build/release lambda_zip' makes it (or give --zip)"
    need_aws
    read_outputs
    hash=$(openssl dgst -sha256 -binary "$zip" | base64 -w0)
    key=$(upload_by_hash "$zip" functions zip)
    for function in ${output[Functions]//,/ }; do
        there=$(aws_text CodeSha256 lambda get-function-configuration --function-name "$function")
        if [[ $there == "$hash" ]]; then
            say "$function: has this code already"
            continue
        fi
        aws_call lambda update-function-code --function-name "$function" --s3-bucket "$code_bucket" --s3-key "$key" >/dev/null
        wait_for "$function" 300 state "$function"
    done
}
main "$@"
