# shellcheck shell=bash disable=SC2034
# What every script of the project shares: where the project lies, how it talks, where models are kept. Sourced, never run.
# Everything a person reads goes to stderr: stdout belongs to the program's results.

ft_root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly ft_root
export HOME="${HOME:-$(cd ~ && pwd)}" # cron and services may leave it unset
readonly ft_user_models=${FAST_TRANSCRIBE_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/fast-transcribe}/models

ft_say() { printf '%s\n' "$*" >&2; }

ft_die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# ft_lock: one script at a time changes build/ and the models; a second one waits and says so. File descriptor 9 holds it.
ft_lock() {
    { mkdir -p "$ft_root/build" && touch "$ft_root/build/.lock"; } 2>/dev/null ||
        ft_die "$ft_root/build cannot be written: use a clone of your own, or make the folder yours (sudo chown -R $(id -un) $ft_root/build)"
    exec 9>"$ft_root/build/.lock"
    flock -n 9 && return 0
    ft_say "Another run is building or fetching a model; waiting for it."
    flock 9
}

ft_unlock() { exec 9>&-; }
