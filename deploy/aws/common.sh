# shellcheck shell=bash disable=SC2034
# What the scripts of deploy/aws share: their flags, calls of the AWS CLI with errors that say what to do, waits that show how
# far they are. Sourced, never run. A script defines `usage` and may define `own_flag`, which takes flags of its own and sets
# `consumed` to how many arguments they were.

here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd -P -- "$here/../.." && pwd -P)
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-eu-north-1}}
stack=transcriber
profile=
poll_s=${FT_POLL_S:-10} # between two looks at what takes long
scratch=$(mktemp -d "${TMPDIR:-/tmp}/fast-transcribe.XXXXXX")
chmod 700 "$scratch"
on_exit() { :; } # a script may have more to tidy up
trap 'on_exit; rm -rf -- "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '%s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
wrong_usage() {
    printf 'error: %s (--help tells more)\n' "$*" >&2
    exit 2
}

common_flags() {
    cat <<'TEXT'

  --region NAME     default $AWS_REGION, $AWS_DEFAULT_REGION, else eu-north-1
  --stack NAME      what everything is called by; default transcriber
  --profile NAME    of the AWS CLI's settings
  --help            this text
TEXT
}

# need_value FLAG VALUE…: the flag's value must be there.
need_value() { [[ -n ${2-} ]] || wrong_usage "$1 needs a value"; }

own_flag() { :; }

read_flags() {
    while (($#)); do
        case $1 in
        --*=*)
            set -- "${1%%=*}" "${1#*=}" "${@:2}"
            continue
            ;;
        -h | --help)
            usage
            common_flags
            exit 0
            ;;
        --region) need_value "$@" && region=$2 && shift 2 ;;
        --stack) need_value "$@" && stack=$2 && shift 2 ;;
        --profile) need_value "$@" && profile=$2 && shift 2 ;;
        *)
            consumed=0
            own_flag "$@"
            ((consumed > 0)) || wrong_usage "$1: unknown"
            shift "$consumed"
            ;;
        esac
    done
    # It becomes part of buckets' names.
    [[ $stack =~ ^[a-z][a-z0-9-]{1,19}$ ]] || wrong_usage "--stack $stack: 2 to 20 small letters, digits and hyphens, a letter first"
    [[ $region =~ ^[a-z]{2}(-[a-z]+)+-[0-9]+$ ]] || wrong_usage "--region $region: is none; eu-north-1 is one"
}

# explain OPERATION: what the AWS CLI has said, in $scratch/error, as one sentence on what to do.
explain() {
    local words
    words=$(grep -v '^[[:space:]]*$' "$scratch/error" | tail -n 1) || :
    case $words in
    *"Unable to locate credentials"* | *"could not be found"*profile* | *"config profile"*)
        die "no credentials: run 'aws configure', or give --profile NAME ($words)" ;;
    *ExpiredToken* | *"token included in the request is expired"* | *"Token has expired"* | *"SSO session"*)
        die "the credentials have expired: sign in again (aws sso login, or new keys), then run this script again" ;;
    *InvalidClientTokenId* | *SignatureDoesNotMatch* | *AuthFailure* | *UnrecognizedClient*)
        die "AWS does not know these credentials: check 'aws configure list' and this machine's clock ($words)" ;;
    *AccessDenied* | *UnauthorizedOperation* | *"not authorized"*)
        die "these credentials may not do this: $1: have its action added to the policy of who runs this script ($words)" ;;
    *VcpuLimitExceeded* | *MaxSpotInstanceCountExceeded* | *LimitExceeded* | *ServiceQuota*)
        die "a quota of the account is too low for $1: ask for more in Service Quotas; machines with GPUs need 'All G and VT Spot Instance Requests' (L-3819A6DF) and 'Running On-Demand G and VT instances' (L-DB2E81BA), four for each g4dn.xlarge ($words)" ;;
    *InsufficientInstanceCapacity*)
        die "AWS has no such machine free just now: try again later, or another --instance-type ($words)" ;;
    *"Could not connect to the endpoint"* | *"Connect timeout"* | *"Could not resolve"* | *EndpointConnectionError*)
        die "AWS cannot be reached: check the network and --region $region ($words)" ;;
    *) die "$1: ${words:-the AWS CLI ended without a word}" ;;
    esac
}

# The AWS CLI as it is, without paging; its words go to $scratch/error.
aws_quietly() {
    local -a flags=(--region "$region")
    [[ -z $profile ]] || flags+=(--profile "$profile")
    AWS_PAGER='' aws "${flags[@]}" "$@" 2>"$scratch/error"
}

# aws_call SERVICE OPERATION …: ends the script with a sentence when it fails.
aws_call() { aws_quietly "$@" || explain "$1 $2"; }

# aws_text QUERY SERVICE OPERATION …: a part of the answer as text; what is missing is empty, not "None".
aws_text() {
    local query=$1 answer
    shift
    answer=$(aws_quietly "$@" --query "$query" --output text) || explain "$1 $2"
    [[ $answer == None ]] || printf '%s' "$answer"
}

# failed_with CODE…: the last call's error is one of these.
failed_with() {
    local code
    for code in "$@"; do
        if grep -q -- "$code" "$scratch/error"; then return 0; fi
    done
    return 1
}

need_aws() {
    command -v aws >/dev/null ||
        die "the AWS CLI is not installed: see https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html, or 'pip install awscli'"
    account=$(aws_text Account sts get-caller-identity)
    [[ $account =~ ^[0-9]{12}$ ]] || die "sts get-caller-identity names no account: $account"
    code_bucket=$stack-code-$account-$region
}

# stack_status [NAME] [REGION]: empty when there is none.
stack_status() {
    local answer
    if answer=$(region=${2:-$region} aws_quietly cloudformation describe-stacks --stack-name "${1:-$stack}" \
        --query 'Stacks[0].StackStatus' --output text); then
        printf '%s' "$answer"
    elif ! failed_with 'does not exist'; then
        explain "cloudformation describe-stacks"
    fi
}

# read_outputs: the stack's outputs, as ${output[NAME]}.
declare -A output=()
read_outputs() {
    local name value lines
    lines=$(aws_quietly cloudformation describe-stacks --stack-name "$stack" \
        --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text) || {
        if failed_with 'does not exist'; then
            die "there is no stack $stack in $region: deploy/aws/setup_infrastructure.sh makes it (or give --stack and --region)"
        fi
        explain "cloudformation describe-stacks"
    }
    while read -r name value; do [[ -z $name ]] || output[$name]=$value; done <<<"$lines"
}

# wait_for WHAT LONGEST-S COMMAND…: until the command prints "finished", with what else it prints as progress. "failed: …" ends
# the script with these words.
wait_for() {
    local what=$1 longest_s=$2 begun=$SECONDS said='' now
    shift 2
    while :; do
        now=$("$@") || exit 1
        case $now in
        finished) say "$what: done ($((SECONDS - begun)) s)" && return 0 ;;
        failed:*) die "$what: ${now#failed: }" ;;
        esac
        ((SECONDS - begun < longest_s)) || die "$what: not finished after $longest_s s ($now); run this script again to go on"
        if [[ $now != "$said" ]]; then
            say "$what: $now ($((SECONDS - begun)) s)"
            said=$now
        elif [[ -t 2 ]]; then
            printf '.' >&2
        fi
        sleep "$poll_s"
    done
}

# upload_by_hash FILE FOLDER EXTENSION: into the bucket of code, under its hash; prints the key. Nothing is sent twice.
upload_by_hash() {
    local key
    key=$2/$(sha256sum "$1" | cut -c1-32).$3
    if ! aws_quietly s3api head-object --bucket "$code_bucket" --key "$key" >/dev/null; then
        failed_with 404 NotFound 'Not Found' 403 || explain "s3api head-object"
        say "uploading $(basename "$1") ($(($(stat -c %s "$1") / 1024)) KiB)"
        aws_call s3api put-object --bucket "$code_bucket" --key "$key" --body "$1" >/dev/null
    fi
    printf '%s' "$key"
}

# own_instances NAME STATE,STATE…: ids of our machines that are called so.
own_instances() {
    aws_text 'Reservations[].Instances[].InstanceId' ec2 describe-instances --filters "Name=tag:Stack,Values=$stack" \
        "Name=tag:Name,Values=$1" "Name=instance-state-name,Values=$2" | tr '\t' '\n'
}

# remove_image ID: with its snapshots, which would go on costing money.
remove_image() {
    local snapshot snapshots
    snapshots=$(aws_text 'Images[0].BlockDeviceMappings[].Ebs.SnapshotId' ec2 describe-images --image-ids "$1")
    aws_call ec2 deregister-image --image-id "$1" >/dev/null
    for snapshot in $snapshots; do
        aws_quietly ec2 delete-snapshot --snapshot-id "$snapshot" >/dev/null || failed_with InvalidSnapshot.NotFound ||
            explain "ec2 delete-snapshot"
    done
}
