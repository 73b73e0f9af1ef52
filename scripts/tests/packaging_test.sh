#!/usr/bin/env bash
# Installing and packaging a finished build:   packaging_test.sh BUILD-FOLDER
# The installed program runs from its new place, the .deb names the libraries' packages, and what it contains runs too.
set -euo pipefail
# shellcheck source=scripts/tests/check.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"
build=$1
for tool in dpkg-shlibdeps file; do
    command -v $tool >/dev/null || { echo "skipped: packaging needs $tool (apt-get install dpkg-dev file)"; exit 77; }
done
version=$("$build/fast-transcribe" --version)

run cmake --install "$build" --prefix "$scratch/usr"
expect_status 0
expect_same "$version" "$("$scratch/usr/bin/fast-transcribe" --version)"
[[ -s $scratch/usr/share/doc/fast-transcribe/copyright ]] || fail "no licence was installed"
[[ -s $scratch/usr/share/doc/fast-transcribe/README.md ]] || fail "no README was installed"
unit=$scratch/usr/lib/systemd/system/fast-transcribe.service
expect_in "ExecStart=$scratch/usr/bin/fast-transcribe serve" "$(<"$unit")"
[[ -s $(sed -n 's/^Documentation=file://p' "$unit") ]] || fail "the unit names documentation that was not installed"
expect_not_in PATH "$(readelf -d "$scratch/usr/bin/fast-transcribe" | grep -E 'RPATH|RUNPATH' || :)"

run cpack --config "$build/CPackConfig.cmake" -G DEB -B "$scratch/packages"
expect_status 0
packages=("$scratch"/packages/fast-transcribe_*.deb)
[[ -s ${packages[0]} ]] || fail "cpack made no .deb"
depends=$(dpkg-deb -f "${packages[0]}" Depends)
for library in libavformat libavcodec libavutil libswresample libdnnl libcurl libssl libc6 'libstdc++6'; do
    expect_in "$library" "$depends"
done
expect_same "$(dpkg --print-architecture)" "$(dpkg-deb -f "${packages[0]}" Architecture)"
dpkg-deb -x "${packages[0]}" "$scratch/unpacked"
unit=$scratch/unpacked/usr/lib/systemd/system/fast-transcribe.service
expect_in "ExecStart=/usr/bin/fast-transcribe serve" "$(<"$unit")"
if command -v systemd-analyze >/dev/null; then
    sed -i 's#=/usr/bin/fast-transcribe #=/bin/true #' "$unit" # it wants a program that is there
    run systemd-analyze verify "$unit"
    expect_status 0
fi
expect_same "$version" "$("$scratch/unpacked/usr/bin/fast-transcribe" --version)"
echo "all checks passed; the package depends on: $depends"
