#!/usr/bin/env bash
# Ends workers that nothing needs: docs/aws.md. The reaper does so by itself every few minutes; this is for people.
set -euo pipefail
# shellcheck source=deploy/aws/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

yes='' min_age_min=10

usage() {
    cat <<'TEXT'
cleanup_transcription_instances.sh: shows the stack's workers, and which of them work for nobody; with --yes these are ended

A machine whose job has renewed its lease is never touched, and neither is one that has just been started.

  --yes             ends them; without it nothing is changed
  --min-age-min N   younger ones are left alone: they may still be booting; default 10
TEXT
}

own_flag() {
    case $1 in
    --yes) yes=1 && consumed=1 ;;
    --min-age-min) need_value "$@" && min_age_min=$2 && consumed=2 ;;
    *) consumed=0 ;;
    esac
}

# leased TABLE: jobs with a lease that is running: "JOB OWNER" a line. A job's row is due when its lease ends. One that cannot be
# read ends the script: then nobody knows who is busy.
leased() {
    local state rows now_ms=$(($(date +%s) * 1000))
    for state in running launching; do
        rows=$(aws_text 'Items[].[job_id.S, record.S]' dynamodb query --table-name "$1" --index-name by-state \
            --key-condition-expression '#state = :state and #due > :now' --expression-attribute-names '{"#state":"state","#due":"due_ms"}' \
            --expression-attribute-values "{\":state\":{\"S\":\"$state\"},\":now\":{\"N\":\"$now_ms\"}}")
        sed -n 's/^\([^\t]*\)\t.*"owner":[[:space:]]*"\([^"]*\)".*/\1 \2/p; t; s/^\([^\t]\+\)\t.*/\1 -/p' <<<"$rows"
    done
}

# verdict INSTANCE JOB AGE-MIN: "keep: why" or "end: why".
verdict() {
    local job owner
    while read -r job owner; do
        [[ -n $job ]] || continue
        if [[ $owner == *"$1"* ]]; then
            echo "keep: works on $job"
            return
        elif [[ $job == "$2" ]]; then
            echo "keep: its job $job has a lease that runs"
            return
        fi
    done <<<"$leases"
    if (($3 < min_age_min)); then
        echo "keep: started $3 minutes ago"
    else
        echo "end: no job of it has a lease"
    fi
}

main() {
    local id launched job type state age why leases machines
    local -a to_end=()
    read_flags "$@"
    [[ $min_age_min =~ ^[0-9]{1,5}$ ]] || wrong_usage "--min-age-min $min_age_min: a whole number of minutes"
    need_aws
    read_outputs
    machines=$(aws_text "Reservations[].Instances[].[InstanceId, LaunchTime, InstanceType, State.Name, Tags[?Key=='JobId'].Value | [0]]" \
        ec2 describe-instances --filters "Name=tag:Stack,Values=$stack" Name=tag:Name,Values=transcriber-worker \
        Name=instance-state-name,Values=pending,running,stopping,stopped)
    if [[ -z $machines ]]; then
        say "no worker of $stack runs in $region"
        return 0
    fi
    # After the machines: a job that begins in between is seen.
    leases=$(leased "${output[TableName]}")
    while read -r id launched type state job; do
        age=$((($(date +%s) - $(date -d "$launched" +%s)) / 60))
        why=$(verdict "$id" "$job" "$age")
        printf '%s  %s  %s  %s min  job %s  %s\n' "$id" "$type" "$state" "$age" "$job" "$why"
        [[ $why == keep:* ]] || to_end+=("$id")
    done <<<"$machines"
    if ((${#to_end[@]} == 0)); then
        say "all are needed"
    elif [[ -z $yes ]]; then
        say "${#to_end[@]} would be ended with --yes; nothing was changed"
    else
        aws_call ec2 terminate-instances --instance-ids "${to_end[@]}" >/dev/null
        say "ended: ${to_end[*]}"
    fi
}
main "$@"
