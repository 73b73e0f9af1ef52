#!/usr/bin/env bash
# Tests and times the GPU engine on this machine's GPU; writes report.json and report.txt beside itself, and ends with 1 when
# anything failed.
#     ./run.sh [--device_index N]
# Environment: PEAK_TFLOPS and PEAK_GBPS of the chip, where the table in report.py lacks it; SKIP_SANITIZER=1.
# A variant of a kernel: change src/, then with nvcc
#     nvcc -O3 -std=c++20 -arch=native -DFMT_HEADER_ONLY -Isrc -Iinclude benchmark.cpp src/backends/cuda/*.c* src/*/*.cpp -o gpu_benchmark
set -uo pipefail
cd "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" || exit 1
index=0
[[ ${1-} == --device_index && -n ${2-} ]] && index=$2
export CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES:-$index}

results=$(mktemp -d) && trap 'rm -rf "$results"' EXIT
date -u +%Y-%m-%dT%H:%M:%SZ >"$results/date"
nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.max.mem,power.limit,memory.total \
    --format=csv,noheader,nounits >"$results/gpu" 2>&1

printf 'Conformance …\n' >&2
./gpu_conformance --gtest_brief=1 --gtest_output="json:$results/conformance.json" >"$results/conformance.log" 2>&1
echo $? >"$results/conformance.status"
tail -n 3 "$results/conformance.log" >&2

if [[ -z ${SKIP_SANITIZER-} && -n $(type -P compute-sanitizer) ]]; then
    for tool in memcheck racecheck; do
        printf 'compute-sanitizer %s …\n' "$tool" >&2
        timeout 1200 compute-sanitizer --tool "$tool" --error-exitcode 9 ./gpu_conformance \
            --gtest_filter='*ResultsAreThoseOfTheReference*:*EveryNumberOfRows*:*RowsComeAndGo*' >"$results/$tool.log" 2>&1
        echo $? >"$results/$tool.status"
    done
fi
for type in float16 float32; do
    printf 'Benchmark %s …\n' "$type" >&2
    read -r -a peaks < <(python3 report.py --peaks "$(cut -d, -f1 "$results/gpu" | head -n 1)" "$type")
    ./gpu_benchmark --compute_type "$type" "${peaks[@]}" >"$results/benchmark.$type.json" 2>"$results/benchmark.$type.log"
    echo $? >"$results/benchmark.$type.status"
done
python3 report.py "$results" report.json report.txt
