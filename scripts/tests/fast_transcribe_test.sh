#!/usr/bin/env bash
# fast_transcribe.sh on made-up machines: what it installs, builds, downloads and says, and what the program gets.
set -euo pipefail
# shellcheck source=scripts/tests/check.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"
export calls=$scratch/calls installed=$scratch/installed listed=$scratch/listed project
export HF_ENDPOINT=http://127.0.0.1:9 # nobody answers there
called() { grep -c "^$1" "$calls" || :; }
forget() { : >"$calls"; }

stub dpkg-query <<'STUB'
shift 3 2>/dev/null
status=0
for name in "${@:1}"; do
    if grep -qx "$name" "$installed"; then printf 'installed:%s ' "$name"; else status=1; fi
done
exit $status
STUB
stub apt-get <<'STUB'
echo "apt-get $*" >>"$calls"
[[ " $* " != *" install "* || ! -e $installed.broken ]] || { echo "E: Unable to locate package"; exit 100; }
[[ " $* " != *" install "* ]] || printf '%s\n' "${@}" >>"$installed"
STUB
stub sudo <<'STUB'
echo "sudo $*" >>"$calls"
exec "$@"
STUB
stub cmake <<'STUB'
echo "cmake $*" >>"$calls"
mkdir -p "$project/build/release"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$project" >"$project/build/release/CMakeCache.txt"
echo configured >"$project/build/release/build.ninja"
STUB
stub ninja <<'STUB'
program=$project/build/release/fast-transcribe
if [[ " $* " == *" -n "* ]]; then
    if [[ -x $program ]]; then echo "ninja: no work to do."; else echo "[1/1] link"; fi
    exit 0
fi
echo "ninja $*" >>"$calls"
cat >"$program" <<'PROGRAM'
#!/usr/bin/env bash
case "${1-} ${2-}" in
"model list") cat "$listed"; exit 0 ;;
"model pull") echo "pull ${*:3}" >>"$calls"; [[ ! -e $listed.pull ]] && exit 1; echo "$3 abc123" >>"$listed"; exit 0 ;;
esac
echo "program in $PWD:" "$@"
[[ ${1-} != - ]] || cat
exit "${PROGRAM_STATUS:-0}"
PROGRAM
chmod +x "$program"
STUB
# Stands for scripts/fallback_models.sh, which has a test of its own.
cat >"$project/scripts/fallback_models.sh" <<'STUB'
#!/usr/bin/env bash
echo "fallback ${*:2}" >>"$calls"
[[ ! -e $listed.nopip ]] || exit 1
case $2 in whisper-base) echo "whisper-base" >>"$listed" ;; silero) echo x >"$1/silero_vad_16k.safetensors" ;; esac
STUB
cat >"$project/scripts/cuda_toolkit.sh" <<'STUB'
#!/usr/bin/env bash
echo "cuda_toolkit" >>"$calls"
[[ ! -e $FT_GPU_NODE.nopip ]]
STUB
chmod +x "$project/scripts/cuda_toolkit.sh"
export FT_GPU_NODE=$scratch/nvidiactl
here="$scratch/my recordings"
mkdir -p "$here"
cd "$here"
: >"$installed"
: >"$listed"
forget
start=("$project/fast_transcribe.sh")

# Without arguments, or asked for help before anything is built: usage, and nothing is installed.
run "${start[@]}"
expect_status 2
expect_in "FILE" "$err"
run "${start[@]}" --help
expect_status 0
expect_in "FILE" "$out"
expect_same 0 "$(called .)"

# A fresh machine whose hub is out of reach: packages, build, whisper-base, and then the program with all its arguments.
export PROGRAM_STATUS=7
run "${start[@]}" -f srt "two words.mp3" ""
expect_status 7
expect_same "program in $here: -f srt two words.mp3 " "$out"
expect_in "Missing packages" "$err"
expect_in "libavformat-dev" "$err"
expect_in "libavformat-dev" "$(grep 'apt-get .*install' "$calls")"
expect_not_in "libgtest-dev" "$(<"$calls")"
expect_same 0 "$(called pull)"
expect_same 1 "$(called "fallback silero")"
expect_same 1 "$(called "fallback whisper-base")"
expect_in "cannot be reached" "$err"
expect_in "one Swedish word in five" "$err"
((EUID != 0)) || expect_same 0 "$(called sudo)"
export PROGRAM_STATUS=0

# The second run does nothing of that again, and says nothing.
forget
run "${start[@]}" a.mp3
expect_status 0
expect_same "" "$(<"$calls")"
expect_same "" "$err"

# With an NVIDIA GPU the compiler of its engine is got first; where it cannot be had, the program is built without.
for compiler in there missing; do
    forget
    rm -rf "$project/build/release"
    : >"$FT_GPU_NODE"
    [[ $compiler == there ]] || : >"$FT_GPU_NODE.nopip"
    run "${start[@]}" a.mp3
    expect_status 0
    expect_same 1 "$(called cuda_toolkit)"
    expect_same 1 "$(called "cmake --preset release")"
done
expect_in "GPU engine is left out" "$err"
rm -f "$FT_GPU_NODE" "$FT_GPU_NODE.nopip"

# Standard input is the program's alone.
run "${start[@]}" - < <(echo the audio)
expect_in "the audio" "$out"

# A missing package is installed and nothing is configured or built again; without sudo a user is told what to run.
sed -i /libcli11-dev/d "$installed"
forget
run "${start[@]}" a.mp3
expect_status 0
expect_in "Missing packages to build and run fast-transcribe: libcli11-dev" "$err"
expect_same 0 "$(called cmake)"
sed -i /libcli11-dev/d "$installed"
touch "$installed.broken"
run "${start[@]}" a.mp3
expect_status 1
expect_in "Unable to locate package" "$err"
expect_in "universe" "$err"
rm "$installed.broken"
FT_SKIP_PACKAGES=1 run "${start[@]}" a.mp3
expect_status 0
# Root becomes nobody to see what a user sees, unless the system is closed to nobody.
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod -R a+rwX "$scratch"
if ((EUID != 0)) || "${nobody[@]}" true 2>/dev/null; then
    ((EUID == 0)) || nobody=()
    forget
    run "${nobody[@]}" "${start[@]}" a.mp3
    expect_status 0
    expect_in "sudo env" "$(<"$calls")"
    expect_in "password" "$err"
fi
echo libcli11-dev >>"$installed"

# A model that the user names is fetched under that name; when the hub refuses it, the run ends before the program, and
# when there is no hub, the program may know better.
forget
touch "$listed.pull"
HF_ENDPOINT=https://proxied.example https_proxy=http://127.0.0.1:9 run "${start[@]}" --model=kb-whisper-tiny --model-dir "a dir" a.mp3
expect_status 0
expect_same "pull kb-whisper-tiny --model_dir a dir" "$(<"$calls")"
run "${start[@]}" -m KBLab/kb-whisper-tiny@main a.mp3
expect_status 0
expect_same "" "$err"
rm "$listed.pull"
https_proxy=http://127.0.0.1:9 run "${start[@]}" --model kb-whisper-large a.mp3
expect_status 1
expect_same "" "$out"
touch "$listed.pull"
run "${start[@]}" --model kb-whisper-large a.mp3
expect_status 0
expect_in "cannot be reached" "$err"
expect_in "program in" "$out"
run "${start[@]}" --model "$here" a.mp3
expect_status 0

# Where the hub answers, the default model comes from it.
forget
: >"$listed"
https_proxy=http://127.0.0.1:9 run "${start[@]}" a.mp3
expect_status 0
expect_same "pull kb-whisper-small" "$(<"$calls")"

# Neither hub nor index: the run ends with what went wrong. Without the voice activity model alone it goes on.
: >"$listed"
touch "$listed.nopip"
run "${start[@]}" a.mp3
expect_status 1
rm "$HOME"/.cache/fast-transcribe/models/silero_vad_16k.safetensors
echo "kb-whisper-small abc" >"$listed"
forget
run "${start[@]}" a.mp3
expect_status 0
expect_in "Going on without it" "$err"
run "${start[@]}" a.mp3
expect_same "" "$err"
expect_same 1 "$(called fallback)"

# Subcommands and --version need no model; a moved project is configured anew.
: >"$listed"
forget
run "${start[@]}" doctor
expect_same "program in $here: doctor" "$out"
run "${start[@]}" --version
expect_same "program in $here: --version" "$out"
ln -s "$project/fast_transcribe.sh" "$scratch/linked"
run sh "$scratch/linked" doctor
expect_same "program in $here: doctor" "$out"
expect_same "" "$(<"$calls")"
touch -d '+1 minute' "$project/CMakePresets.json"
run "${start[@]}" doctor
expect_same 1 "$(called cmake)"
echo "all checks passed"
