#!/usr/bin/env bash
# Audio in, text out, from a fresh clone: installs missing Debian/Ubuntu packages, builds the program, gets a model, and
# runs the program with all arguments of this script. What is done already is not done again, and costs no time.
[ -n "${BASH_VERSION-}" ] || exec bash "$0" "$@" # started with sh
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/common.sh"
# shellcheck source=scripts/packages.sh
. "$ft_root/scripts/packages.sh"
# shellcheck source=scripts/build.sh
. "$ft_root/scripts/build.sh"
# shellcheck source=scripts/models.sh
. "$ft_root/scripts/models.sh"

program=$ft_root/build/release/fast-transcribe

usage() {
    cat <<'TEXT'
Swedish audio in, transcript out.

    ./fast_transcribe.sh [flags] FILE…     audio or video; - reads standard input
    ./fast_transcribe.sh model …           get, list, check and remove models
    ./fast_transcribe.sh doctor            what this machine can do, and what is missing

With no flags the text goes to transcription_<date>_<time>.txt in the current folder. The first run installs what is
missing, builds the program and gets a model; after that, --help lists every flag (README.md does too).
TEXT
}

# read_arguments ARGUMENT…: what this script must know of the program's arguments, and no more.
read_arguments() {
    local argument value_of=
    command=transcribe model='' model_dir='' help=''
    case ${1-} in model | doctor) command=$1 ;; esac
    for argument in "$@"; do
        case $value_of in
        model) model=$argument ;;
        model_dir) model_dir=$argument ;;
        esac
        [[ -z $value_of ]] || { value_of='' && continue; }
        case $argument in
        --) break ;;
        -h | --help) help=1 ;;
        --version) command=version ;;
        -m | --model) value_of=model ;;
        --model=*) model=${argument#*=} ;;
        --model_dir | --model-dir) value_of=model_dir ;;
        --model_dir=* | --model-dir=*) model_dir=${argument#*=} ;;
        --*) ;;
        -m?*) model=${argument#-m} model=${model#=} ;;
        esac
    done
}

prepare() {
    local -a packages=("${ft_packages_build[@]}")
    if [[ $command == transcribe ]] && ! ft_has_silero; then packages+=("${ft_packages_wheels[@]}"); fi
    if [[ -e $ft_gpu_node ]] && ! ft_is_configured release; then packages+=("${ft_packages_wheels[@]}"); fi
    ft_install_packages "to build and run fast-transcribe" "${packages[@]}"
    if ! ft_is_configured release; then
        [[ ! -e $ft_gpu_node ]] || "$ft_root/scripts/cuda_toolkit.sh" || ft_say "The GPU engine is left out; the CPU will be used."
        ft_configure release
    fi
    ft_build release fast-transcribe
    if [[ $command == transcribe ]]; then ft_get_models "$program" "$model" "$model_dir"; fi
}

if (($# == 0)); then
    usage >&2
    exit 2
fi
read_arguments "$@"
if [[ -n $help && ! -x $program ]]; then
    usage
    exit 0
fi
# Standard input may be the audio: nothing but the program may read it.
if [[ -z $help ]]; then
    ft_lock
    prepare </dev/null
    ft_unlock
fi
exec "$program" "$@"
