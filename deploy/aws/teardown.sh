#!/usr/bin/env bash
# Removes a stack: machines, functions, queue, roles, images, and, if asked to, recordings and results too. docs/aws.md.
set -euo pipefail
# shellcheck source=deploy/aws/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

yes='' delete_data=''

usage() {
    cat <<'TEXT'
teardown.sh: shows what a stack consists of; with --yes it is removed

  --yes             removes it; without it nothing is changed
  --delete-data     removes recordings, results and the table of jobs too, for good; else they stay, and cost
TEXT
}

own_flag() {
    consumed=1
    case $1 in
    --yes) yes=1 ;;
    --delete-data) delete_data=1 ;;
    *) consumed=0 ;;
    esac
}

# act WHAT COMMAND…: or what it would do.
act() {
    local what=$1
    shift
    if [[ -z $yes ]]; then
        echo "would remove $what"
    else
        say "removing $what"
        "$@"
    fi
}

end_machines() {
    local -a ids=()
    mapfile -t ids < <(own_instances "$1" pending,running,stopping,stopped)
    [[ -n ${ids[*]-} ]] || return 0
    act "machines: ${ids[*]}" aws_call ec2 terminate-instances --instance-ids "${ids[@]}" >"$scratch/ended"
    [[ -n $yes ]] || cat "$scratch/ended"
}

remove_images() {
    local id images
    images=$(aws_text 'Images[].ImageId' ec2 describe-images --owners self --filters "Name=tag:Stack,Values=$stack" \
        Name=tag:Name,Values=transcriber-image)
    for id in $images; do act "image $id" remove_image "$id"; done
}

# empty_bucket NAME: all versions, a thousand at a time.
empty_bucket() {
    local what
    for what in Versions DeleteMarkers; do
        while :; do
            aws_call s3api list-object-versions --bucket "$1" --max-items 1000 --output json \
                --query "{Objects: ${what}[].{Key: Key, VersionId: VersionId}, Quiet: \`true\`}" >"$scratch/versions.json"
            grep -q '"Key"' "$scratch/versions.json" || break
            aws_call s3api delete-objects --bucket "$1" --delete "file://$scratch/versions.json" >/dev/null
        done
    done
}

remove_bucket() {
    if ! aws_quietly s3api head-bucket --bucket "$1" >/dev/null; then
        failed_with 404 'Not Found' || explain "s3api head-bucket"
        return 0
    fi
    act "bucket $1 with all that is in it" empty_bucket "$1"
    [[ -z $yes ]] || aws_call s3api delete-bucket --bucket "$1"
}

remove_table() {
    aws_quietly dynamodb describe-table --table-name "$1" >/dev/null || { failed_with ResourceNotFoundException && return 0; }
    act "table $1" aws_call dynamodb update-table --table-name "$1" --no-deletion-protection-enabled >"$scratch/table"
    [[ -n $yes ]] || { cat "$scratch/table" && return 0; }
    aws_call dynamodb wait table-exists --table-name "$1"
    aws_call dynamodb delete-table --table-name "$1" >/dev/null
}

remove_stack() {
    [[ -n $(stack_status "$1" "$2") ]] || return 0
    act "stack $1 ($2)" delete_stack "$1" "$2"
}

delete_stack() {
    region=$2 aws_call cloudformation delete-stack --stack-name "$1"
    wait_for "stack $1" 1800 gone "$1" "$2"
}

# gone STACK REGION: for wait_for.
gone() {
    local status
    status=$(stack_status "$1" "$2")
    case $status in
    '' | DELETE_COMPLETE) echo finished ;;
    DELETE_FAILED) echo "failed: see its events in the console of CloudFormation, then run this script again" ;;
    *) echo "$status" ;;
    esac
}

remove_secret() {
    aws_quietly ssm get-parameter --name "$1" >/dev/null || { failed_with ParameterNotFound && return 0; }
    act "parameter $1" aws_call ssm delete-parameter --name "$1"
}

main() {
    read_flags "$@"
    need_aws
    if [[ -n $(stack_status) ]]; then read_outputs; fi
    end_machines transcriber-worker
    end_machines transcriber-builder
    remove_images
    remove_secret "${output[WebhookSecretParameter]:-/transcriber/webhook-secret}"
    remove_stack "$stack" "$region"
    remove_stack "$stack-budget" us-east-1
    if [[ $(stack_status "$stack-code") != '' ]]; then
        act "what is in $code_bucket" empty_bucket "$code_bucket"
        remove_stack "$stack-code" "$region"
    fi
    if [[ -n $delete_data ]]; then
        remove_bucket "${output[DataBucket]:-$stack-data-$account-$region}"
        remove_bucket "${output[LogBucket]:-$stack-logs-$account-$region}"
        remove_table "${output[TableName]:-transcription-jobs}"
    else
        say "recordings, results, logs and the table stay (and cost); --delete-data removes them too"
    fi
    [[ -n $yes ]] || say "nothing was changed; --yes removes it"
}
main "$@"
