# shellcheck shell=bash disable=SC2034
# What the tests of the scripts share: a scratch copy of the scripts on a made-up machine. Sourced first.
tested_root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/ft scripts.XXXXXX") # with a space, as users' folders have
trap 'rm -rf -- "$scratch"' EXIT
project=$scratch/project bin=$scratch/bin
mkdir -p "$project" "$bin" "$scratch/home"
cp -r -- "$tested_root"/{fast_transcribe.sh,scripts,CMakePresets.json} "$project/"
export HOME=$scratch/home PATH=$bin:$PATH
unset FAST_TRANSCRIBE_HOME XDG_CACHE_HOME FT_SKIP_PACKAGES http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY HF_HUB_OFFLINE

# stub NAME: an executable of the made-up machine; its text comes from standard input.
stub() {
    printf '#!/usr/bin/env bash\n' >"$bin/$1"
    cat >>"$bin/$1"
    chmod +x "$bin/$1"
}

# run COMMAND…: sets status, out and err.
run() {
    status=0
    "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
    out=$(<"$scratch/out") err=$(<"$scratch/err")
}

# contents FOLDER: what lies in it, hidden files too, in one line.
contents() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste -sd ' '; }

fail() {
    printf 'FAILED line %s: %s\n--- exit %s, out:\n%s\n--- err:\n%s\n' "${BASH_LINENO[-2]}" "$1" "${status-}" "${out-}" "${err-}" >&2
    exit 1
}

expect_status() { [[ $status == "$1" ]] || fail "exit code $1 expected"; }
expect_in() { [[ $2 == *"$1"* ]] || fail "expected: $1"; }
expect_not_in() { [[ $2 != *"$1"* ]] || fail "not expected: $1"; }
expect_same() { [[ $2 == "$1" ]] || fail "expected: $1, got: $2"; }
