#!/usr/bin/env bash
# Makes the system on AWS, or brings it up to date: docs/aws.md. What is there already stays.
set -euo pipefail
# shellcheck source=deploy/aws/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

zip=$root/build/release/lambda.zip
email='' vpc='' subnets='' budget_usd=50 adopt=
declare -a settings=()

usage() {
    cat <<'TEXT'
setup_infrastructure.sh: makes the buckets, table, queue, functions, API, roles and alarms, or brings them up to date

  --zip FILE        the functions' code; default build/release/lambda.zip
  --email ADDRESS   gets alarms, and warnings of the budget
  --budget-usd N    a month, for the whole account; default 50; needs --email
  --set NAME=VALUE  a parameter of template.yaml, such as MaxInstances=4; may be repeated, and stays until it is set again
  --vpc ID          default: the account's default VPC
  --subnets IDS     with commas; default: those of the VPC in zones that have the machines
TEXT
}

own_flag() {
    consumed=2
    case $1 in
    --zip) need_value "$@" && zip=$2 ;;
    --email) need_value "$@" && email=$2 ;;
    --budget-usd) need_value "$@" && budget_usd=$2 ;;
    --set)
        need_value "$@"
        [[ $2 =~ ^[A-Za-z]+=.+$ ]] || wrong_usage "--set $2: NAME=VALUE, such as MaxInstances=4"
        settings+=("$2")
        ;;
    --vpc) need_value "$@" && vpc=$2 ;;
    --subnets) need_value "$@" && subnets=$2 ;;
    *) consumed=0 ;;
    esac
}

# setting NAME: what --set says, else what the stack has, else the template's default.
setting() {
    local entry value=
    for entry in ${settings[@]+"${settings[@]}"}; do [[ ${entry%%=*} != "$1" ]] || value=${entry#*=}; done
    if [[ -z $value && -n $adopt ]]; then
        value=$(aws_text "Stacks[0].Parameters[?ParameterKey=='$1'].ParameterValue | [0]" cloudformation describe-stacks --stack-name "$stack")
    fi
    [[ -n $value ]] || value=$(sed -n "s/^  $1: .*Default: \([^,}]*\).*/\1/p" "$here/template.yaml" | tr -d '"')
    printf '%s' "$value"
}

check_budget() {
    [[ $budget_usd =~ ^[0-9]+$ && $budget_usd -gt 0 ]] || wrong_usage "--budget-usd $budget_usd: a whole number of dollars"
    [[ -z $email || $email =~ ^[^@\ ]+@[^@\ ]+$ ]] || wrong_usage "--email $email: is no address"
}

# A new account may start no machine with a GPU; better said now than by the first job.
check_quota() {
    local quota needed=$(($(setting MaxInstances) * 4))
    if ! quota=$(aws_quietly service-quotas get-service-quota --service-code ec2 --quota-code L-3819A6DF \
        --query Quota.Value --output text); then
        say "note: the quota for spot machines with GPUs could not be read ($(tail -n 1 "$scratch/error"))"
    elif ((${quota%.*} < needed)); then
        say "warning: the account may use ${quota%.*} vCPUs of spot machines with GPUs, MaxInstances wants $needed: ask for more in Service Quotas, 'All G and VT Spot Instance Requests' (L-3819A6DF); jobs wait until then"
    fi
}

find_network() {
    local types zones
    if [[ -z $vpc ]]; then
        vpc=$(aws_text 'Vpcs[0].VpcId' ec2 describe-vpcs --filters Name=is-default,Values=true)
        [[ -n $vpc ]] || die "$region has no default VPC: make one (aws ec2 create-default-vpc --region $region) or give --vpc and --subnets"
    fi
    [[ -z $subnets ]] || return 0
    types=$(setting InstanceTypes)
    zones=$(aws_text 'InstanceTypeOfferings[].Location' ec2 describe-instance-type-offerings --location-type availability-zone \
        --filters "Name=instance-type,Values=${types// /}" | tr '\t' '\n' | sort -u | paste -sd,)
    [[ -n $zones ]] || die "no zone of $region has $types: choose others with --set InstanceTypes=…, or another --region"
    subnets=$(aws_text 'Subnets[].SubnetId' ec2 describe-subnets --filters "Name=vpc-id,Values=$vpc" \
        "Name=availability-zone,Values=$zones" Name=map-public-ip-on-launch,Values=true | tr '\t' '\n' | sort | paste -sd,)
    [[ -n $subnets ]] || die "the VPC $vpc has no public subnet in $zones: give --subnets"
    say "network: $vpc, $subnets"
}

# deploy NAME TEMPLATE REGION PARAMETER=VALUE…
deploy() {
    local name=$1 template=$2 there=$3 status since pid
    shift 3
    status=$(stack_status "$name" "$there")
    case $status in
    ROLLBACK_COMPLETE | REVIEW_IN_PROGRESS) # its first creation failed: nothing is in it, and nothing can become of it
        say "$name: removing what is left of a creation that failed"
        region=$there aws_call cloudformation delete-stack --stack-name "$name"
        region=$there aws_call cloudformation wait stack-delete-complete --stack-name "$name"
        ;;
    *_IN_PROGRESS) die "$name is being changed already ($status): wait until that has ended" ;;
    esac
    since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    region=$there aws_quietly cloudformation deploy --stack-name "$name" --template-file "$here/$template" \
        --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --tags "Stack=$stack" --parameter-overrides "$@" \
        >"$scratch/deploy" 2>&1 &
    pid=$!
    show_progress "$name" "$there" "$pid"
    if wait "$pid" || failed_with 'No updates are to be performed'; then
        say "$name: up to date"
        return 0
    fi
    cp -- "$scratch/error" "$scratch/deploy_error"
    region=$there aws_quietly cloudformation describe-stack-events --stack-name "$name" --output text --query \
        "StackEvents[?Timestamp>='$since' && contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]" >&2 || :
    mv -- "$scratch/deploy_error" "$scratch/error"
    explain "cloudformation deploy $name"
}

# show_progress STACK REGION PID: the last thing that happened, until the process has ended.
show_progress() {
    local last='' now
    while sleep "$poll_s" && kill -0 "$3" 2>/dev/null; do
        now=$(AWS_PAGER='' aws --region "$2" ${profile:+--profile "$profile"} cloudformation describe-stack-events --stack-name "$1" \
            --max-items 1 --query 'StackEvents[0].[LogicalResourceId,ResourceStatus]' --output text 2>/dev/null | head -n 1) || :
        [[ -z $now || $now == "$last" || $now == None* ]] || say "  $now"
        last=$now
    done
}

# What a removed stack has kept would be in the way of a new one.
check_leftovers() {
    local bucket=$stack-data-$account-$region table
    table=$(setting TableName)
    if aws_quietly dynamodb describe-table --table-name "$table" >/dev/null; then
        die "there is a table $table already that is not this stack's: remove it (teardown.sh --delete-data), or take another name with --set TableName=…"
    fi
    if aws_quietly s3api head-bucket --bucket "$bucket" >/dev/null; then
        die "there is a bucket $bucket already that is not this stack's: remove it (teardown.sh --delete-data), or take another name with --set BucketName=…"
    fi
}

make_service_roles() {
    local service
    for service in spot.amazonaws.com ec2fleet.amazonaws.com; do
        aws_quietly iam create-service-linked-role --aws-service-name "$service" >/dev/null ||
            failed_with 'has been taken' InvalidInput 'already exists' || explain "iam create-service-linked-role"
    done
}

# The secret goes through a file that only we can read: arguments are seen by every user of this machine.
make_webhook_secret() {
    local name
    name=$(setting WebhookSecretParameter)
    if aws_quietly ssm get-parameter --name "$name" >/dev/null; then return 0; fi
    failed_with ParameterNotFound || explain "ssm get-parameter"
    (umask 077 && printf '{"Name":"%s","Type":"SecureString","Description":"Signs webhooks of %s","Value":"whsec_%s"}' \
        "$name" "$stack" "$(head -c 32 /dev/urandom | base64 -w0)" >"$scratch/secret.json")
    aws_call ssm put-parameter --cli-input-json "file://$scratch/secret.json" >/dev/null
    rm -f -- "$scratch/secret.json"
    say "webhooks: a new secret in $name"
}

# current_image: what build_ami.sh has published, so that an update does not take it back.
current_image() {
    local image
    image=$(aws_quietly ssm get-parameter --name "$(setting ImageParameter)" --query Parameter.Value --output text) ||
        failed_with ParameterNotFound || explain "ssm get-parameter"
    printf '%s' "${image:-none}"
}

# Where submit --cloud and jobs --cloud look. A reader sees the old file or the new one, never half of one; and what is wrong with
# this folder is no reason to call the stack a failure.
write_client_settings() {
    local folder=${XDG_CONFIG_HOME:-${HOME:-}/.config}/fast-transcribe new=
    if mkdir -p "$folder" 2>"$scratch/error" && new=$(mktemp "$folder/.cloud.json.XXXXXX" 2>"$scratch/error") &&
        printf '{"api_url": "%s", "region": "%s", "stack": "%s"}\n' "${output[ApiUrl]}" "$region" "$stack" 2>"$scratch/error" >"$new" &&
        chmod 644 "$new" && sync "$new" && mv -f -- "$new" "$folder/cloud.json"; then
        say "client: $folder/cloud.json"
        return 0
    fi
    [[ -z $new ]] || rm -f -- "$new"
    say "note: $folder/cloud.json could not be written ($(tail -n 1 "$scratch/error")): fast-transcribe submit --cloud needs --server ${output[ApiUrl]}, or that in FT_CLOUD_URL"
}

main() {
    local image key
    read_flags "$@"
    check_budget
    [[ -s $zip ]] || die "$zip: is not there; 'ninja -C build/release lambda_zip' makes it (or give --zip)"
    need_aws
    say "account $account, region $region, stack $stack"
    adopt=$(stack_status)
    [[ $adopt != ROLLBACK_COMPLETE && $adopt != REVIEW_IN_PROGRESS ]] || adopt=
    [[ -n $adopt ]] || check_leftovers
    check_quota
    find_network
    make_service_roles
    deploy "$stack-code" code_bucket.yaml "$region" "BucketName=$code_bucket"
    key=$(upload_by_hash "$zip" functions zip)
    make_webhook_secret
    image=$(current_image)
    deploy "$stack" template.yaml "$region" "VpcId=$vpc" "Subnets=$subnets" "CodeBucket=$code_bucket" "CodeKey=$key" "ImageId=$image" \
        ${email:+"AlarmEmail=$email"} ${settings[@]+"${settings[@]}"}
    read_outputs
    if [[ -n $email ]]; then
        deploy "$stack-budget" budget.yaml us-east-1 "BudgetName=$stack-$region" "MonthlyBudgetUsd=$budget_usd" "AlarmEmail=$email"
    else
        say "note: without --email nobody is told of alarms, and there is no budget"
    fi
    write_client_settings
    say "API: ${output[ApiUrl]}"
    [[ $image != none ]] || say "next: deploy/aws/build_ami.sh makes the image that machines start from"
}
main "$@"
