# shellcheck shell=bash disable=SC2154
# Which models a transcription needs, and how it comes to them. Sourced after common.sh.

readonly ft_default_model=kb-whisper-small

# ft_has_silero: whether the voice activity model lies where the program looks for it (model_store.h).
ft_has_silero() {
    local folder
    for folder in /opt/transcribe/models "$ft_user_models" "${XDG_CACHE_HOME:-$HOME/.cache}/fast-transcribe/models"; do
        [[ ! -s $folder/silero_vad_16k.safetensors ]] || return 0
    done
    return 1
}

# ft_hub_answers: whether the hub takes a connection, known within four seconds; a pull waits far longer before it gives up.
ft_hub_answers() {
    local endpoint=${HF_ENDPOINT:-https://huggingface.co} host port=443
    case ${HF_HUB_OFFLINE:-} in 1 | [Tt]* | [Yy]* | [Oo][Nn]) return 1 ;; esac
    # Behind a proxy only the program itself can tell.
    [[ -z ${https_proxy:-}${HTTPS_PROXY:-}${http_proxy:-}${all_proxy:-}${ALL_PROXY:-} ]] || return 0
    [[ $endpoint != http://* ]] || port=80
    host=${endpoint#*://} host=${host%%/*} host=${host##*@}
    if [[ $host =~ ^(.*):([0-9]+)$ ]]; then host=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]}; fi
    host=${host#[} host=${host%]}
    # shellcheck disable=SC2016 # the inner shell expands its own arguments
    timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>/dev/null
}

readonly ft_unreachable=75

# ft_pull PROGRAM MODEL [FLAG…]: returns the program's exit code, or ft_unreachable.
ft_pull() {
    local program=$1 model=$2
    shift 2
    if ! ft_hub_answers; then
        ft_say "The model hub (${HF_ENDPOINT:-https://huggingface.co}) cannot be reached from here."
        return $ft_unreachable
    fi
    ft_say "Downloading the model $model …"
    "$program" model pull "$model" "$@" >&2 9>&-
}

ft_get_whisper_base() {
    "$ft_root/scripts/fallback_models.sh" "$ft_user_models" whisper-base 9>&-
    ft_say "Using OpenAI's whisper-base in place of $ft_default_model: it gets about one Swedish word in five wrong," \
        "$ft_default_model about one in fourteen by its makers' tests."
}

# ft_get_silero: without it the program works, with a simpler detector. A failure is tried again after a day, not on every run.
ft_get_silero() {
    local failed=$ft_user_models/.silero-failed
    ! ft_has_silero || return 0
    [[ -z $(find "$failed" -mmin -1440 2>/dev/null) ]] || return 0
    mkdir -p -- "$ft_user_models"
    if "$ft_root/scripts/fallback_models.sh" "$ft_user_models" silero 9>&-; then
        rm -f -- "$failed"
    else
        touch -- "$failed"
        ft_say "Going on without it: speech is then told from silence by its loudness, which is less exact."
    fi
}

# ft_is_listed NAME LIST: whether a line of LIST begins with the word NAME.
ft_is_listed() {
    local first
    while read -r first _; do
        if [[ $first == "$1" ]]; then return 0; fi
    done <<<"$2"
    return 1
}

# ft_get_models PROGRAM MODEL MODEL_DIR: MODEL and MODEL_DIR as the user gave them, or empty.
ft_get_models() {
    local program=$1 given=$2 name status=0 have
    local -a flags=()
    [[ -z $3 ]] || flags=(--model_dir "$3")
    ft_get_silero
    name=${given:-$ft_default_model}
    name=${name%@standard} name=${name%@main} name=${name#KBLab/} name=${name#openai/}
    [[ -z $given || ! -e $given ]] || return 0
    have=$("$program" model list "${flags[@]}" 2>/dev/null 9>&-) || have=''
    if ft_is_listed "$name" "$have"; then return 0; fi
    # Once whisper-base had to do, it does: a hub that cannot be reached is not asked again on every run. The program says
    # which model it takes, and how to get the better one.
    if [[ -z $given ]] && ft_is_listed whisper-base "$have"; then return 0; fi
    ft_pull "$program" "${given:-$ft_default_model}" "${flags[@]}" || status=$?
    if ((status == 0)); then return 0; fi
    if ((status > 128)); then exit "$status"; fi # interrupted
    if [[ -z $given || $given == whisper-base ]]; then
        ft_get_whisper_base
    elif ((status != ft_unreachable)); then
        exit "$status" # the program has said why
    fi
    # Else the program knows best whether the model is here all the same, and what to do when it is not.
}
