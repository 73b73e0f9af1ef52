#!/usr/bin/env bash
# Builds FFmpeg's libraries and curl's into build/slim_libraries, from the distribution's own source packages: static,
# and without what the program never uses. For images and kits (cmake -DFT_SLIM_LIBRARIES=ON), where every byte that a
# start reads from the disk counts: the distribution's FFmpeg brings encoders, video and a hundred further libraries
# along, its curl LDAP, RTMP, SSH and Kerberos.
#     scripts/slim_libraries.sh       some five minutes; does nothing when they are there in these versions
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/packages.sh
. "$ft_root/scripts/packages.sh"
# shellcheck source=scripts/build.sh
. "$ft_root/scripts/build.sh"

folder=$ft_root/build/slim_libraries
log=$folder.log
# What is installed here is what the sources are to be of: "ffmpeg=7:5.1.6-0+deb12u1", "curl=7.88.1-10+deb12u12".
# shellcheck disable=SC2016
sources=$(dpkg-query -W -f '${source:Package}=${source:Version}\n' libavcodec-dev libcurl4-openssl-dev 2>/dev/null) ||
    ft_die "this needs Debian's or Ubuntu's FFmpeg and curl: install libavcodec-dev and libcurl4-openssl-dev there"
mapfile -t sources <<<"$sources"
stamp="${sources[*]} $(sha256sum <"${BASH_SOURCE[0]}")"
[[ ! -f $folder/stamp || $(<"$folder/stamp") != "$stamp" ]] || exit 0

ft_install_packages "to build FFmpeg's libraries and curl's" \
    build-essential dpkg-dev nasm zlib1g-dev libssl-dev libnghttp2-dev libidn2-dev
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
export DESTDIR=$work/installed # of every "make install" below: what is there stays until all of them have passed
mkdir -p "$ft_root/build"

# A list of sources of our own, so that the system's stays as it is.
get_sources() {
    local file source
    local -a apt=(apt-get -q -o "Dir::Etc::SourceParts=$work/lists.d" -o Dir::Etc::SourceList=/dev/null
        -o "Dir::State::Lists=$work/state" -o APT::Sandbox::User=root)
    mkdir -p "$work/lists.d" "$work/state/partial"
    for file in /etc/apt/sources.list.d/{debian,ubuntu}.sources; do
        [[ ! -f $file ]] || sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$work/lists.d/${file##*/}"
    done
    [[ ! -f /etc/apt/sources.list ]] || sed -nE 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/lists.d/system.list"
    "${apt[@]}" update || ft_say "apt-get update reported errors; trying all the same."
    cd "$work" && "${apt[@]}" source --download-only "${sources[@]}" || return
    for source in "${sources[@]%%=*}"; do dpkg-source --no-check -x "$source"_*.dsc "$source" || return; done
}

# FFmpeg's list of all codecs, in sections that comments begin. Some have strayed among the video codecs.
audio_decoders() {
    awk '/\/\* audio codecs \*\//{on = 1} /\/\* subtitles \*\//{on = 0}
         on && /extern const FFCodec ff_[a-z0-9_]*_decoder;/ {sub(/^ff_/, "", $4); sub(/_decoder;$/, "", $4); printf "%s,", $4}' \
        libavcodec/allcodecs.c
}

# Audio decoders and containers. As a condition bash does not stop at what fails: hence the chains.
build_ffmpeg() {
    cd "$work/ffmpeg" || return
    local decoders
    decoders=$(audio_decoders)
    [[ $decoders == *opus,* && $decoders == *mp3,* ]] ||
        ft_die "${sources[0]} lists its decoders in another way than this script knows"
    decoders+=speex,s302m,dvaudio,eightsvx_exp,eightsvx_fib
    ./configure "--prefix=$folder" --enable-pic --enable-static --disable-shared --disable-autodetect --enable-zlib \
        --disable-debug --disable-programs --disable-doc --disable-avdevice --disable-avfilter --disable-swscale \
        --disable-postproc --disable-network --disable-everything --enable-decoder="$decoders" --enable-demuxers \
        --enable-parsers --enable-protocol=file,pipe &&
        make -j "$(ft_jobs)" &&
        make install
}

# HTTP and HTTPS as the distribution's curl has them: HTTP/2, names with letters beyond ASCII, the system's
# certificates, the compiler's hardening. Without the other protocols, none of which the program allows, and without
# what it never asks for: Kerberos, the cookies' list of suffixes, compressed answers. The library only, not the tool.
build_curl() {
    cd "$work/curl" || return
    local protocol
    local -a without=()
    for protocol in dict file ftp gopher imap ldap ldaps mqtt pop3 rtsp smb smtp telnet tftp; do
        without+=("--disable-$protocol")
    done
    export DEB_BUILD_MAINT_OPTIONS="hardening=+all optimize=-lto"
    CPPFLAGS=$(dpkg-buildflags --get CPPFLAGS) CFLAGS="$(dpkg-buildflags --get CFLAGS) -g0" \
        ./configure "--prefix=$folder" --enable-static --disable-shared --with-pic "${without[@]}" --disable-manual \
        --with-openssl --with-ca-path=/etc/ssl/certs --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
        --with-nghttp2 --with-libidn2 --enable-threaded-resolver --without-brotli --without-zstd --without-librtmp \
        --without-libssh2 --without-libssh --without-libpsl --without-gssapi --without-libgsasl &&
        make -j "$(ft_jobs)" -C lib &&
        make -C lib install && make -C include install && make install-pkgconfigDATA
}

replace() { printf '%s' "$stamp" >"$DESTDIR$folder/stamp" && rm -rf -- "$folder" && mv -- "$DESTDIR$folder" "$folder"; }

ft_say "Building FFmpeg's libraries and curl's without what is not needed (some minutes; details in $log) …"
if ! (get_sources && build_ffmpeg && build_curl && replace) >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    ft_die "FFmpeg's libraries and curl's could not be built (see above and $log)"
fi
