#!/usr/bin/env bash
# The checklist of a stack, as commands with verdicts: docs/aws.md, "Runbook". Changes nothing; exit code 1 when something is wrong.
set -euo pipefail
# shellcheck source=deploy/aws/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

smoke='' wrong=0 doubtful=0

usage() {
    cat <<'TEXT'
verify.sh: looks at every part of a stack and says what is wrong and what to do about it

  --smoke FILE      then transcribes this recording through the whole system (costs some cents, needs fast-transcribe)
TEXT
}

own_flag() {
    case $1 in
    --smoke) need_value "$@" && smoke=$2 && consumed=2 ;;
    *) consumed=0 ;;
    esac
}

good() { printf 'ok     %s\n' "$*"; }
warn() { printf 'warn   %s\n' "$*" && doubtful=$((doubtful + 1)); }
bad() { printf 'WRONG  %s\n' "$*" && wrong=$((wrong + 1)); }

# look VARIABLE QUERY SERVICE OPERATION …: into the variable; 1, with a verdict, when the call fails.
look() {
    local -n result=$1
    local query=$2 answer
    shift 2
    if ! answer=$(aws_quietly "$@" --query "$query" --output text); then
        bad "$1 $2: $(grep -v '^[[:space:]]*$' "$scratch/error" | tail -n 1)"
        return 1
    fi
    # shellcheck disable=SC2034 # it is the caller's variable
    result=${answer/#None/}
}

check_stack() {
    local status
    status=$(stack_status "$stack")
    case $status in
    CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE) good "stack $stack: $status" ;;
    *_IN_PROGRESS) warn "stack $stack: $status: wait until that has ended" ;;
    *) bad "stack $stack: ${status:-is not there}: run setup_infrastructure.sh" ;;
    esac
}

check_functions() {
    local name value hash hashes=''
    for name in ${output[Functions]//,/ }; do
        look value '[State, LastUpdateStatus, CodeSha256]' lambda get-function-configuration --function-name "$name" || continue
        hash=${value##*[[:space:]]}
        case $value in
        *Failed* | Inactive*) bad "function $name: $value: run deploy_lambda_functions.sh" ;;
        *) good "function $name: ${value%%[[:space:]]*}" ;;
        esac
        [[ $hashes == *"$hash"* ]] || hashes+=" $hash"
    done
    [[ $(wc -w <<<"$hashes") -le 1 ]] || bad "the functions run different code: run deploy_lambda_functions.sh"
}

check_queues() {
    local waiting state queue=${output[QueueUrl]}
    if look waiting 'Attributes.[ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible]' sqs get-queue-attributes \
        --queue-url "$queue" --attribute-names ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible; then
        good "queue: waiting, in work: ${waiting//[[:space:]]/ }"
    fi
    if look waiting Attributes.ApproximateNumberOfMessages sqs get-queue-attributes --queue-url "${output[DeadLetterQueueUrl]}" \
        --attribute-names ApproximateNumberOfMessages; then
        if [[ $waiting == 0 ]]; then
            good "dead-letter queue: empty"
        else
            bad "dead-letter queue: $waiting events failed five times: read the log of TranscriptionProcessUpload, then: aws sqs start-message-move-task --region $region --source-arn \$(aws sqs get-queue-attributes --region $region --queue-url ${output[DeadLetterQueueUrl]} --attribute-names QueueArn --query Attributes.QueueArn --output text)"
        fi
    fi
    if look state 'EventSourceMappings[0].State' lambda list-event-source-mappings --function-name "$(cut -d, -f2 <<<"${output[Functions]}")"; then
        case $state in
        Enabled | Enabling | Creating | Updating) good "events reach the function: $state" ;;
        *) bad "events reach no function: the mapping of the queue is ${state:-missing}: run setup_infrastructure.sh" ;;
        esac
    fi
}

check_table() {
    local table=${output[TableName]} value
    look value 'Table.TableStatus' dynamodb describe-table --table-name "$table" || return 0
    if [[ $value == ACTIVE || $value == UPDATING ]]; then good "table $table: $value"; else bad "table $table: $value"; fi
    look value 'TimeToLiveDescription.[TimeToLiveStatus, AttributeName]' dynamodb describe-time-to-live --table-name "$table" || return 0
    if [[ $value == ENABL*[[:space:]]ttl ]]; then good "table $table: old rows go"; else bad "table $table: old rows stay ($value): the next run of the reaper turns that on"; fi
    look value 'ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus' dynamodb describe-continuous-backups --table-name "$table" || return 0
    if [[ $value == ENABLED ]]; then good "table $table: can be restored to any second"; else bad "table $table: no point-in-time recovery: run setup_infrastructure.sh"; fi
}

check_bucket() {
    local bucket=${output[DataBucket]} value
    if look value 'PublicAccessBlockConfiguration.[BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets]' \
        s3api get-public-access-block --bucket "$bucket"; then
        if [[ $value == *False* || -z $value ]]; then bad "bucket $bucket: is not closed to the public: run setup_infrastructure.sh"; else good "bucket $bucket: closed to the public"; fi
    fi
    if look value 'QueueConfigurations[].Filter.Key.FilterRules[].Value' s3api get-bucket-notification-configuration --bucket "$bucket"; then
        if [[ $value == *transcription_upload/* ]]; then good "bucket $bucket: uploads become events"; else bad "bucket $bucket: uploads become no events: run setup_infrastructure.sh"; fi
    fi
}

# One truth on the image: the parameter; the template follows it, the image is ours and of known sources.
check_image() {
    local name=${output[ImageParameter]} image template value running
    look image Parameter.Value ssm get-parameter --name "$name" || return 0
    if [[ $image != ami-* ]]; then
        bad "image: $name holds \"$image\": run build_ami.sh"
        return 0
    fi
    look value "Images[0].[State, Tags[?Key=='BuildId'].Value | [0]]" ec2 describe-images --owners self --image-ids "$image" || return 0
    case $value in
    available[[:space:]]None) bad "image $image: has no tag BuildId, so nobody knows what it is made of: run build_ami.sh --force" ;;
    available*) good "image $image: available, made of ${value##*[[:space:]]}" ;;
    *) bad "image $image: ${value:-is not there}: run build_ami.sh" ;;
    esac
    if look template 'LaunchTemplateVersions[0].LaunchTemplateData.ImageId' ec2 describe-launch-template-versions \
        --launch-template-id "${output[LaunchTemplateId]}" --versions "\$Default"; then
        if [[ $template == "resolve:ssm:$name" ]]; then good "launch template: takes the image from $name"; else bad "launch template: starts $template, not what $name says: run setup_infrastructure.sh"; fi
    fi
    if look running 'Reservations[].Instances[].ImageId' ec2 describe-instances --filters "Name=tag:Stack,Values=$stack" \
        Name=tag:Name,Values=transcriber-worker Name=instance-state-name,Values=pending,running; then
        for value in $running; do
            [[ $value == "$image" ]] || warn "a worker still runs the older image $value: it ends with its jobs"
        done
    fi
}

check_secret() {
    local kind
    # Its value is not asked for.
    if look kind 'Parameters[0].Type' ssm describe-parameters --parameter-filters "Key=Name,Values=${output[WebhookSecretParameter]}"; then
        case $kind in
        SecureString) good "webhooks: the secret is there" ;;
        '') bad "webhooks: ${output[WebhookSecretParameter]} is missing: run setup_infrastructure.sh" ;;
        *) bad "webhooks: ${output[WebhookSecretParameter]} is a $kind, readable to many: delete it, then run setup_infrastructure.sh" ;;
        esac
    fi
}

check_machines() {
    local deadline launched id job machines age count=0 quota
    look deadline "Stacks[0].Parameters[?ParameterKey=='DeadlineMin'].ParameterValue | [0]" cloudformation describe-stacks --stack-name "$stack" || return 0
    look machines "Reservations[].Instances[].[InstanceId, LaunchTime, Tags[?Key=='JobId'].Value | [0]]" ec2 describe-instances \
        --filters "Name=tag:Stack,Values=$stack" Name=tag:Name,Values=transcriber-worker Name=instance-state-name,Values=pending,running,stopping,stopped || return 0
    while read -r id launched job; do
        [[ -n $id ]] || continue
        count=$((count + 1))
        age=$((($(date +%s) - $(date -d "$launched" +%s)) / 60))
        if ((age > ${deadline:-120})); then bad "worker $id (job $job): $age minutes old, past its deadline: run cleanup_transcription_instances.sh"; fi
    done <<<"$machines"
    good "workers: $count"
    if quota=$(aws_quietly service-quotas get-service-quota --service-code ec2 --quota-code L-3819A6DF --query Quota.Value --output text); then
        if ((${quota%.*} >= 4)); then good "quota: ${quota%.*} vCPUs of spot machines with GPUs"; else bad "quota: ${quota%.*} vCPUs of spot machines with GPUs, a g4dn.xlarge needs 4: ask for more in Service Quotas (L-3819A6DF)"; fi
    else
        warn "quota: could not be read"
    fi
}

check_alarms() {
    local ringing name
    look ringing 'MetricAlarms[].AlarmName' cloudwatch describe-alarms --alarm-name-prefix "$stack-" --state-value ALARM || return 0
    [[ -n $ringing ]] || good "alarms: none"
    for name in $ringing; do bad "alarm: $name (docs/aws.md, runbook)"; done
}

# Without a signature it must say no: that shows both that it is there and that it is closed.
check_api() {
    local status
    command -v curl >/dev/null || {
        warn "API: was not asked, as curl is not there: install it"
        return
    }
    status=$(curl -s -o /dev/null -m 15 -w '%{http_code}' "${output[ApiUrl]}/v1/jobs") || :
    case $status in
    403) good "API: is there, and refuses requests without a signature" ;;
    000) bad "API: ${output[ApiUrl]} does not answer" ;;
    2*) bad "API: answers anybody: run setup_infrastructure.sh" ;;
    *) bad "API: answers $status to a request without a signature, 403 expected" ;;
    esac
}

smoke_test() {
    local program folder text
    program=$(command -v fast-transcribe || echo "$root/build/release/fast-transcribe")
    [[ -x $program ]] || die "fast-transcribe is not here: ./fast_transcribe.sh --help builds it"
    folder=$(mktemp -d "$scratch/smoke.XXXX")
    if AWS_REGION=$region AWS_PROFILE=${profile:-${AWS_PROFILE:-default}} "$program" submit --cloud --server "${output[ApiUrl]}" --wait \
        -f txt -o "$folder" "$smoke" >&2; then
        text=$(cat "$folder"/*.txt)
        if [[ -n $text ]]; then good "smoke test: ${text:0:80}"; else bad "smoke test: the transcript is empty"; fi
    else
        bad "smoke test: no transcript (see above)"
    fi
}

main() {
    local part
    read_flags "$@"
    [[ -z $smoke || -s $smoke ]] || die "$smoke: there is no such file"
    need_aws
    good "credentials: account $account"
    read_outputs
    for part in stack functions queues table bucket image secret machines alarms api; do "check_$part"; done
    [[ -z $smoke ]] || smoke_test
    printf '\n%s wrong, %s doubtful\n' "$wrong" "$doubtful"
    ((wrong == 0))
}
main "$@"
