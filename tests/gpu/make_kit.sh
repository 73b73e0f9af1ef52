#!/usr/bin/env bash
# Makes a folder with everything that a machine with an NVIDIA GPU needs to test and time the GPU engine: programs that need
# libc and the driver alone, audio, the kernels' sources, and run.sh, which writes one report (README.md beside this file).
#     tests/gpu/make_kit.sh [FOLDER]      default: build/gpu_kit; needs nvcc, and what scripts/slim_libraries.sh needs
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../scripts/common.sh"
kit=$(realpath -m -- "${1:-$ft_root/build/gpu_kit}")
build=${FT_GPU_KIT_BUILD:-$ft_root/build/cuda-kit}

"$ft_root/scripts/slim_libraries.sh"
(cd "$ft_root" && cmake --preset cuda -B "$build" -DFT_BUILD_TESTS=ON -DFT_SLIM_LIBRARIES=ON >&2)
programs=(gpu_conformance gpu_benchmark gpu_transcribe gpu_random_model)
ninja -C "$build" "${programs[@]}" >&2

rm -rf -- "$kit"
mkdir -p "$kit/include" "$kit/src/backends" "$kit/src/base" "$kit/src/features" "$kit/src/tensor" "$kit/audio"
for program in "${programs[@]}"; do
    strip -o "$kit/$program" "$build/tests/gpu/$program"
done
cp -r "$ft_root/src/backends/cuda" "$kit/src/backends/"
rm -rf "$kit/src/backends/cuda/standin" "$kit"/src/backends/cuda/*_test.cpp
cp "$ft_root"/src/base/{error.cpp,error.h,fft.h,simd.h,start_timeline.cpp,start_timeline.h,stopwatch.h} "$kit/src/base/"
cp "$ft_root"/src/features/{log_mel,mel_filters}.{cpp,h} "$ft_root/src/features/vector_log10.h" "$kit/src/features/"
cp "$ft_root"/src/tensor/{backend.h,tensor.h,tensor.cpp} "$kit/src/tensor/"
cp -r /usr/include/{fmt,spdlog} "$kit/include/"
cp "$ft_root"/tests/gpu/{README.md,benchmark.cpp,small_whisper.h,run.sh,report.py,transformers_speed.py,machine_code_test.py} "$kit/"
for sample in "$ft_root"/samples/*.{flac,opus}; do
    name=$(basename -- "${sample%.*}")
    ffmpeg -loglevel error -i "$sample" -ar 16000 -ac 1 -c:a pcm_s16le -bitexact "$kit/audio/$name.wav"
    cp "$ft_root/samples/$name.txt" "$kit/audio/"
done
# An hour as people have it: Opus at a messenger's rate, and MP3 in a piece that run.sh repeats, as it would not fit.
speech() { # SECONDS FLAG…: the samples, again and again
    ffmpeg -loglevel error -y -f concat -safe 0 -i <(for _ in {1..200}; do printf "file '%s'\n" "$kit"/audio/*.wav; done) -t "$1" -bitexact "${@:2}"
}
speech 300 -c:a libmp3lame -b:a 64k -write_xing 0 -id3v2_version 0 "$kit/audio/five_minutes.mp3"
speech 3600 -c:a libopus -b:a 16k -application voip "$kit/audio/hour.opus"
vad=$ft_root/build/models/silero_vad_16k.safetensors
[[ ! -f $vad ]] || cp "$vad" "$kit/"
{ git -C "$ft_root" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown; } >"$kit/commit"

# Nothing but libc and what belongs to it: the driver is opened when the program runs.
foreign=$(for program in "$kit"/gpu_*; do ldd "$program"; done | awk '{print $1}' |
    grep -Ev '^(linux-vdso|libc|libm|libdl|librt|libpthread)\.so|ld-linux' || :)
[[ -z $foreign ]] || ft_die "the kit's programs need more than libc: $foreign"
newest=$(objdump -T "$kit"/gpu_* | grep -oE 'GLIBC_2\.[0-9]+' | sort -uV | tail -n 1)
[[ $(printf '%s\n' "$newest" GLIBC_2.35 | sort -V | tail -n 1) == GLIBC_2.35 ]] ||
    ft_die "the kit's programs need $newest, and Ubuntu 22.04 has 2.35: see kit/libc.cpp"
megabytes=$(du -sm "$kit" | cut -f1)
((megabytes <= 60)) || ft_die "the kit is $megabytes MB, and may be 60"
ft_say "$kit: $megabytes MB. On a machine with a GPU: ./run.sh"
