#!/usr/bin/env bash
# Makes a folder with everything that a machine with an NVIDIA GPU needs to test and time the GPU engine: programs that need
# libc and the driver alone, the kernels' sources, and run.sh, which writes one report.
#     tests/gpu/make_kit.sh [FOLDER]      default: build/gpu_kit; needs nvcc, and `cmake --preset cuda` done or possible
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../scripts/common.sh"
kit=${1:-$ft_root/build/gpu_kit}
build=${FT_GPU_KIT_BUILD:-$ft_root/build/cuda}

[[ -f $build/build.ninja ]] || (cd "$ft_root" && cmake --preset cuda -B "$build" -DFT_BUILD_TESTS=ON >&2)
ninja -C "$build" gpu_conformance gpu_benchmark >&2

rm -rf -- "$kit"
mkdir -p "$kit/include" "$kit/src/backends" "$kit/src/base" "$kit/src/tensor"
for program in gpu_conformance gpu_benchmark; do
    strip -o "$kit/$program" "$build/tests/gpu/$program"
done
cp -r "$ft_root/src/backends/cuda" "$kit/src/backends/"
rm -rf "$kit/src/backends/cuda/standin"
cp "$ft_root"/src/base/error.* "$kit/src/base/"
cp "$ft_root"/src/tensor/{backend.h,tensor.h,tensor.cpp} "$kit/src/tensor/"
cp -r /usr/include/fmt "$kit/include/"
cp "$ft_root/tests/gpu/benchmark.cpp" "$ft_root/tests/gpu/run.sh" "$ft_root/tests/gpu/report.py" \
    "$ft_root/tests/gpu/machine_code_test.py" "$kit/"
{ git -C "$ft_root" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown; } >"$kit/commit"

# Nothing but libc and what belongs to it: the driver is opened when the program runs.
foreign=$(for program in "$kit"/gpu_*; do ldd "$program"; done | awk '{print $1}' |
    grep -Ev '^(linux-vdso|libc|libm|libdl|librt|libpthread)\.so|ld-linux' || :)
[[ -z $foreign ]] || ft_die "the kit's programs need more than libc: $foreign"
megabytes=$(du -sm "$kit" | cut -f1)
((megabytes <= 60)) || ft_die "the kit is $megabytes MB, and may be 60"
ft_say "$kit: $megabytes MB. On a machine with a GPU: ./run.sh"
