#!/usr/bin/env bash
# Builds FFmpeg's libraries into build/ffmpeg, from the distribution's own source package: audio decoders and containers only, static.
# For images and kits (cmake -DFT_SLIM_FFMPEG=ON), where every byte that a start reads from the disk counts: the distribution's
# libraries bring encoders, video, and a hundred further libraries along.
#     scripts/slim_ffmpeg.sh [FOLDER]       some four minutes; does nothing when it is there in this version
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/packages.sh
. "$ft_root/scripts/packages.sh"
# shellcheck source=scripts/build.sh
. "$ft_root/scripts/build.sh"

folder=$(realpath -m -- "${1:-$ft_root/build/ffmpeg}")
# What is installed here is what the sources are to be of.
version=$(dpkg-query -W -f '${Version}' libavcodec-dev 2>/dev/null) ||
    ft_die "this needs the sources of Debian's or Ubuntu's FFmpeg: install libavcodec-dev there"
stamp="$version $(sha256sum <"${BASH_SOURCE[0]}")"
[[ ! -f $folder/stamp || $(<"$folder/stamp") != "$stamp" ]] || exit 0

ft_install_packages "to build FFmpeg's libraries" build-essential nasm zlib1g-dev
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
log=$ft_root/build/ffmpeg.log
mkdir -p "$ft_root/build"

# A list of sources of our own, so that the system's stays as it is.
get_sources() {
    local file
    local -a apt=(apt-get -q -o "Dir::Etc::SourceParts=$work/lists.d" -o Dir::Etc::SourceList=/dev/null -o "Dir::State::Lists=$work/state"
        -o APT::Sandbox::User=root)
    mkdir -p "$work/lists.d" "$work/state/partial"
    for file in /etc/apt/sources.list.d/{debian,ubuntu}.sources; do
        [[ ! -f $file ]] || sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$work/lists.d/${file##*/}"
    done
    [[ ! -f /etc/apt/sources.list ]] || sed -nE 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/lists.d/system.list"
    "${apt[@]}" update || ft_say "apt-get update reported errors; trying all the same."
    (cd "$work" && "${apt[@]}" source --download-only "ffmpeg=$version" && dpkg-source --no-check -x ffmpeg_*.dsc ffmpeg)
}

# FFmpeg's list of all codecs, in sections that comments begin. Some have strayed among the video codecs.
audio_decoders() {
    awk '/\/\* audio codecs \*\//{on = 1} /\/\* subtitles \*\//{on = 0}
         on && /extern const FFCodec ff_[a-z0-9_]*_decoder;/ {sub(/^ff_/, "", $4); sub(/_decoder;$/, "", $4); printf "%s,", $4}' \
        libavcodec/allcodecs.c
}

# As a condition bash does not stop at what fails: hence the chain.
build() {
    cd "$work/ffmpeg" || return
    local decoders
    decoders=$(audio_decoders)
    [[ $decoders == *opus,* && $decoders == *mp3,* ]] || ft_die "FFmpeg $version lists its decoders in another way than this script knows"
    ./configure "--prefix=$folder" --enable-pic --enable-static --disable-shared --disable-autodetect --enable-zlib --disable-debug \
        --disable-programs --disable-doc --disable-avdevice --disable-avfilter --disable-swscale --disable-postproc --disable-network \
        --disable-everything --enable-decoder="${decoders}speex,s302m,dvaudio,eightsvx_exp,eightsvx_fib" --enable-demuxers --enable-parsers --enable-protocol=file,pipe &&
        make -j "$(ft_jobs)" &&
        rm -rf -- "$folder" &&
        make install
}

ft_say "Building FFmpeg's libraries without what is not needed (some minutes; details in $log) …"
if ! (get_sources && build) >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    ft_die "FFmpeg's libraries could not be built (see above and $log)"
fi
printf '%s' "$stamp" >"$folder/stamp"
