#!/usr/bin/env bash
# Makes the samples again, though not byte for byte, from their texts with espeak-ng's voice sv+m3 at 130 words a minute:
#     samples/make_samples.sh [NAME…]
# An empty line in a text is a pause of two seconds. Needs espeak-ng, sox and ffmpeg (test.sh installs them).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# A robot's voice is harder to understand than people's: what Whisper makes of these exact sentences was tried out.
# Not louder than people speak on recordings; a quieter file is also a smaller one.
declare -A encodings=(
    [historien]="flac -compression_level 12"
    [forslaget]="flac -compression_level 12"
    [framtiden]="opus -b:a 40k"
)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

(($#)) || set -- "${!encodings[@]}"
for name in "$@"; do
    read -r -a encoding <<<"${encodings[$name]:?there is no sample $name}"
    target=$name.${encoding[0]}
    paragraphs=()
    while IFS= read -r line; do
        [[ -n $line ]] || continue
        paragraphs+=("$work/$name.${#paragraphs[@]}.wav")
        espeak-ng -v sv+m3 -s 130 -w "$work/spoken.wav" "$line"
        sox "$work/spoken.wav" "${paragraphs[-1]}" pad 0 2
    done <"$name.txt"
    sox "${paragraphs[@]}" "$work/$name.wav" reverse trim 1.8 reverse vol -10dB
    ffmpeg -y -loglevel error -i "$work/$name.wav" -ar 16000 -ac 1 "${encoding[@]:1}" -map_metadata -1 -fflags +bitexact -flags:a +bitexact "$target"
    printf '%s\n' "$target"
done
