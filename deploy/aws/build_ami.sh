#!/usr/bin/env bash
# Makes the image that workers start from, publishes its id and removes old ones: docs/aws.md, "The image".
# No SSH, no keys, no inbound port: a machine installs and tests itself, tells by its tags how far it is, and switches off.
set -euo pipefail
# shellcheck source=deploy/aws/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

instance_type=g4dn.xlarge model=kb-whisper-small driver=580 keep=2 longest_min=90 volume_gib=40 force='' subnet=''
base_image=/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id
builder=''

usage() {
    cat <<'TEXT'
build_ami.sh: makes the image of the workers from the committed sources of this folder, tests and publishes it

  --model NAME          that the image holds; default kb-whisper-small
  --driver VERSION      of NVIDIA's driver, as Ubuntu's packages call it; default 580; none: for machines without a GPU
  --instance-type TYPE  of the machine that builds; default g4dn.xlarge, on whose GPU the image is tested
  --base PARAMETER      of SSM that names the image to begin with; default: Ubuntu 22.04 of Canonical
  --subnet ID           where it builds; default: one of the default VPC
  --keep N              images that stay, this one among them; default 2
  --longest-min N       minutes after which the build is given up; default 90
  --force               builds although there is an image of these sources
TEXT
}

own_flag() {
    consumed=2
    case $1 in
    --model) need_value "$@" && model=$2 ;;
    --driver) need_value "$@" && driver=$2 ;;
    --instance-type) need_value "$@" && instance_type=$2 ;;
    --base) need_value "$@" && base_image=$2 ;;
    --subnet) need_value "$@" && subnet=$2 ;;
    --keep) need_value "$@" && keep=$2 ;;
    --longest-min) need_value "$@" && longest_min=$2 ;;
    --force) force=1 && consumed=1 ;;
    *) consumed=0 ;;
    esac
}

# The builder costs money as long as it is there, whatever happens here.
on_exit() {
    [[ -z $builder ]] || aws_quietly ec2 terminate-instances --instance-ids "$builder" >/dev/null ||
        say "warning: the builder $builder could not be ended; do it by hand: aws ec2 terminate-instances --region $region --instance-ids $builder"
}

check_flags() {
    local name
    for name in keep longest_min; do
        [[ ${!name} =~ ^[1-9][0-9]{0,3}$ ]] || wrong_usage "--${name//_/-} ${!name}: a whole number from 1"
    done
    [[ $model =~ ^[A-Za-z0-9._/@-]+$ ]] || wrong_usage "--model $model: is no name of a model"
    [[ $driver =~ ^([0-9]+|none)$ ]] || wrong_usage "--driver $driver: a number such as 580, or none"
}

pack_sources() {
    git -C "$root" rev-parse HEAD >/dev/null 2>&1 || die "$root is no git repository: images are made of what is committed"
    [[ -z $(git -C "$root" status --porcelain --untracked-files=no) ]] ||
        say "note: changes that are not committed do not go into the image"
    git -C "$root" archive --format=tar.gz -o "$scratch/source.tar.gz" HEAD
    version=$(sed -n 's/^project(fast_transcribe VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
    # The same sources, model and driver make the same image.
    build_id=$version-$(git -C "$root" rev-parse --short=12 HEAD)-$(printf '%s' "$model $driver" | sha256sum | cut -c1-8)
}

# image_of_this_build: an available one, if there is.
image_of_this_build() {
    aws_text 'Images[0].ImageId' ec2 describe-images --owners self --filters "Name=tag:Stack,Values=$stack" \
        "Name=tag:BuildId,Values=$build_id" Name=state,Values=available
}

# Runs as root at the builder's first boot. What happens after the last line of install.sh is said by tags only.
write_user_data() {
    cat >"$scratch/user_data" <<TEXT
#!/bin/bash
shutdown -P +$longest_min
exec >/var/log/transcriber-build.log 2>&1
set -x
export DEBIAN_FRONTEND=noninteractive HOME=/root AWS_DEFAULT_REGION=$region
apt-get -q update && apt-get -q -y install awscli
token=\$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' http://169.254.169.254/latest/api/token)
id=\$(curl -sf -H "X-aws-ec2-metadata-token: \$token" http://169.254.169.254/latest/meta-data/instance-id)
report() { aws ec2 create-tags --resources "\$id" --tags "Key=BuildStatus,Value=\$1" "Key=BuildMessage,Value=\${2:0:200}"; }
report running 'getting the sources'
mkdir -p /var/tmp/source
if aws s3 cp --only-show-errors "s3://$code_bucket/$source_key" /var/tmp/source.tar.gz && tar -C /var/tmp/source -xf /var/tmp/source.tar.gz &&
    report running 'installing' &&
    /var/tmp/source/deploy/aws/install.sh --model '$model' --driver '$driver' --build-id '$build_id'; then
    report ready 'self-test passed'
else
    report failed "\$(tail -n 40 /var/log/transcriber-build.log | grep -E '^(error|E):' | tail -n 1 | tr -cd '[:alnum:] .,:;/_()-')"
    tail -n 60 /var/log/transcriber-build.log >/dev/console
fi
rm -rf /var/tmp/source /var/tmp/source.tar.gz
sync
poweroff
TEXT
    (($(stat -c %s "$scratch/user_data") < 16384)) || die "the builder's script has become longer than 16 KiB"
}

start_builder() {
    local image
    image=$(aws_text Parameter.Value ssm get-parameter --name "$base_image")
    [[ -n $subnet ]] || subnet=$(aws_text 'Subnets[0].SubnetId' ec2 describe-subnets --filters Name=default-for-az,Values=true)
    [[ -n $subnet ]] || die "$region has no default subnet: give --subnet"
    write_user_data
    # The token makes a repeated request the same request; each run of this script makes a machine of its own.
    builder=$(aws_text 'Instances[0].InstanceId' ec2 run-instances --client-token "$(head -c 16 /dev/urandom | sha256sum | cut -c1-48)" \
        --image-id "$image" --instance-type "$instance_type" --subnet-id "$subnet" --security-group-ids "${output[BuilderGroup]}" \
        --iam-instance-profile "Name=${output[BuilderProfile]}" --instance-initiated-shutdown-behavior stop \
        --metadata-options HttpTokens=required,HttpPutResponseHopLimit=1,HttpEndpoint=enabled \
        --block-device-mappings "DeviceName=/dev/sda1,Ebs={VolumeSize=$volume_gib,VolumeType=gp3,Encrypted=true,DeleteOnTermination=true}" \
        --user-data "file://$scratch/user_data" --tag-specifications \
        "ResourceType=instance,Tags=[{Key=Stack,Value=$stack},{Key=Name,Value=transcriber-builder},{Key=BuildId,Value=$build_id}]" \
        "ResourceType=volume,Tags=[{Key=Stack,Value=$stack},{Key=Name,Value=transcriber-builder}]")
    say "builder: $builder ($instance_type from $image)"
}

# builder_state: for wait_for.
builder_state() {
    local state status message
    state=$(aws_text 'Reservations[0].Instances[0].State.Name' ec2 describe-instances --instance-ids "$builder")
    status=$(aws_text 'Tags[0].Value' ec2 describe-tags --filters "Name=resource-id,Values=$builder" Name=key,Values=BuildStatus)
    message=$(aws_text 'Tags[0].Value' ec2 describe-tags --filters "Name=resource-id,Values=$builder" Name=key,Values=BuildMessage)
    case $state/$status in
    stopped/ready) echo finished ;;
    */failed)
        aws_quietly ec2 get-console-output --instance-id "$builder" --output text --query Output | tail -n 60 >&2 || :
        echo "failed: ${message:-the builder does not say why; its console is above}"
        ;;
    terminated/* | shutting-down/*) echo "failed: the builder was ended by somebody" ;;
    stopped/*) echo "failed: the builder switched off before it was done (after $longest_min minutes it does so by itself)" ;;
    *) echo "$state${message:+, $message}" ;;
    esac
}

# image_state ID: for wait_for.
image_state() {
    local state
    state=$(aws_text 'Images[0].[State, StateReason.Message]' ec2 describe-images --image-ids "$1")
    case $state in
    available*) echo finished ;;
    failed* | invalid* | error*) echo "failed: $state" ;;
    *) echo "${state%%[[:space:]]*}" ;;
    esac
}

make_image() {
    local tags="{Key=Stack,Value=$stack},{Key=Name,Value=transcriber-image},{Key=BuildId,Value=$build_id}"
    image=$(aws_text ImageId ec2 create-image --instance-id "$builder" --name "$stack-$build_id-$(date -u +%Y%m%d%H%M%S)" \
        --description "fast-transcribe $version, $model" \
        --tag-specifications "ResourceType=image,Tags=[$tags]" "ResourceType=snapshot,Tags=[$tags]")
    say "image: $image"
    wait_for "image $image" 3600 image_state "$image"
}

publish() {
    local name=${output[ImageParameter]} there
    there=$(aws_text Parameter.Value ssm get-parameter --name "$name")
    if [[ $there != "$image" ]]; then
        aws_call ssm put-parameter --name "$name" --type String --overwrite --value "$image" >/dev/null
        there=$(aws_text Parameter.Value ssm get-parameter --name "$name")
        [[ $there == "$image" ]] || die "$name says $there although $image was published: does somebody else publish now?"
    fi
    say "published: $image in $name; machines that start from now on have it"
}

# Newest first; the published one stays in any case.
prune() {
    local id images number=0
    images=$(aws_text 'reverse(sort_by(Images, &CreationDate))[].ImageId' ec2 describe-images --owners self \
        --filters "Name=tag:Stack,Values=$stack" Name=tag:Name,Values=transcriber-image)
    for id in $images; do
        [[ $id != "$image" ]] || continue
        number=$((number + 1))
        ((number >= keep)) || continue
        say "removing the old image $id"
        remove_image "$id"
    done
}

main() {
    local source_key version build_id image
    read_flags "$@"
    check_flags
    need_aws
    read_outputs
    pack_sources
    image=$(image_of_this_build)
    if [[ -n $image && -z $force ]]; then
        say "image $image is of these sources already (--force builds it again)"
    else
        source_key=$(upload_by_hash "$scratch/source.tar.gz" image tar.gz)
        start_builder
        wait_for "build $build_id" $((longest_min * 60 + 600)) builder_state
        make_image
    fi
    publish
    prune
}
main "$@"
