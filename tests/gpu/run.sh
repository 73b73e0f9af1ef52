#!/usr/bin/env bash
# Tests and times the GPU engine on this machine's GPU; writes report.json and report.txt into RESULTS, and ends with 1
# when anything failed.
#     ./run.sh [--device_index N] [STEP…]     default: all of them, in this order
#       conformance sanitizer benchmark model parity start hour formats transformers
#     ./run.sh --dry      without a GPU: the CPU in its place, on a small model, one minute for the hour
# Each step has a time limit; what one leaves in RESULTS stays, so steps can be run one by one, and the report is of all
# that is there. Environment:
#     RESULTS=FOLDER   default: results/ beside this file
#     WORK=FOLDER      for models and audio; default: work/ beside it
#     MODEL=FOLDER     real weights instead of random ones   TOKENS=110    of a window, with random weights
#     LIMIT_S=570      seconds that all steps may take together: what is under way then ends, and the report is written
#     PEAK_TFLOPS, PEAK_GBPS   of the chip, where the table in report.py lacks it
# A variant of a kernel: change src/, then with nvcc
#     nvcc -O3 -std=c++20 -arch=native -DFMT_HEADER_ONLY -DFMT_USE_CONSTEXPR=1 -DSPDLOG_FMT_EXTERNAL -Isrc -Iinclude benchmark.cpp src/backends/cuda/*.c* src/*/*.cpp \
#         -o gpu_benchmark
set -uo pipefail
cd "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" || exit 1
index=0 dry='' steps=()
while (($#)); do
    case $1 in
        --device_index) index=${2:-0} && shift ;;
        --dry) dry=1 ;;
        -*) printf 'run.sh: %s: no such flag; see the top of run.sh\n' "$1" >&2 && exit 2 ;;
        *) steps+=("$1") ;;
    esac
    shift
done
export CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES:-$index}
results=${RESULTS:-results} work=${WORK:-work} tokens=${TOKENS:-110}
[[ -z ${MODEL-} ]] || tokens=${TOKENS:-224} # of real texts none is longer
shape=() base_shape=(--width 512 --layers 6) audio_s=3600 device=cuda types=(float16 int8_float16 float32)
if [[ $dry ]]; then
    shape=(--width 64 --layers 1) base_shape=(--width 64 --layers 1) audio_s=60 device=cpu types=(float32)
fi
if ((${#steps[@]} == 0)); then
    steps=(conformance sanitizer benchmark model parity start hour formats transformers)
    [[ ! $dry ]] || steps=(model parity start hour formats transformers)
fi
mkdir -p "$results" "$work"
date -u +%Y-%m-%dT%H:%M:%SZ >"$results/date"
nvidia-smi -i "$index" --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.max.mem,power.limit,memory.total \
    --format=csv,noheader,nounits >"$results/gpu" 2>&1

# attempt NAME SECONDS COMMAND…: its output goes to NAME.json and NAME.log, its exit code to NAME.status (124: too late).
attempt() {
    local name=$1 limit=$2 status left
    shift 2
    printf '%s …\n' "$name" >&2
    if [[ -n ${LIMIT_S-} ]]; then
        left=$((LIMIT_S - SECONDS - 15)) # to end what is under way, and for the report
        ((left > 0)) || left=1
        ((limit < left)) || limit=$left
    fi
    timeout -k 10 "$limit" "$@" >"$results/$name.json" 2>"$results/$name.log"
    status=$?
    echo "$status" >"$results/$name.status"
    ((status == 0)) || printf '%s: exit code %d; see %s\n' "$name" "$status" "$results/$name.log" >&2
}

# The model in use, and how it is heard: random weights know no silence, and every 30 s are a window.
model=${MODEL:-$work/model}
plain=(--plain --vad_model none --chunk_length 30) heard=("${plain[@]}")
if [[ -n ${MODEL-} ]]; then
    heard=(--vad_model energy)
    [[ ! -f silero_vad_16k.safetensors ]] || heard=(--vad_model silero_vad_16k.safetensors)
    echo real >"$results/weights"
else
    echo "random, $tokens tokens a window" >"$results/weights"
fi
packed() {
    echo "$work/packed-$(basename -- "$model")-$1"
}

step_conformance() {
    rm -f "$results"/conformance.{tests,alone}
    attempt conformance 300 ./gpu_conformance --gtest_brief=1 --gtest_output="json:$results/conformance.tests"
    [[ $(<"$results/conformance.status") == 0 ]] || fail_again
}

# A kernel that faults takes everything after it in its process along: which tests fail by themselves, and where.
fail_again() {
    local name
    while read -r name; do
        CUDA_LAUNCH_BLOCKING=1 attempt conformance.again 60 ./gpu_conformance --gtest_brief=1 --gtest_filter="$name" 2>/dev/null
        printf '%s by itself: exit code %s\n%s\n' "$name" "$(<"$results/conformance.again.status")" \
            "$(cat "$results"/conformance.again.{json,log} | head -n 15)" >>"$results/conformance.alone"
    done < <(python3 report.py --failed-tests "$results/conformance.tests" | head -n 20)
    rm -f "$results"/conformance.again.*
}

step_sanitizer() {
    [[ -n $(type -P compute-sanitizer) ]] || return 0
    local tool
    for tool in memcheck racecheck; do
        attempt "$tool" 250 compute-sanitizer --tool "$tool" --error-exitcode 9 ./gpu_conformance \
            --gtest_filter='*ResultsAreThoseOfTheReference*:*EveryNumberOfRows*:*RowsComeAndGo*'
        # Where the GPU is lent to a virtual machine it may say so.
        ! grep -qs 'Device not supported' "$results/$tool".{json,log} || echo 77 >"$results/$tool.status"
    done
}

step_benchmark() {
    local type peaks
    for type in "${types[@]}"; do
        read -r -a peaks < <(python3 report.py --peaks "$(cut -d, -f1 "$results/gpu" | head -n 1)" "$type")
        attempt "benchmark.$type" 120 ./gpu_benchmark --compute_type "$type" "${peaks[@]}"
    done
}

step_model() {
    [[ -n ${MODEL-} ]] || attempt model 120 ./gpu_random_model --tokens "$tokens" "${shape[@]}" "$work/model"
    attempt base_model 60 ./gpu_random_model --tokens "$tokens" "${base_shape[@]}" "$work/base"
    attempt hour_of_audio 30 python3 report.py --join "$audio_s" "$work/hour.wav" audio/*.wav
}

# The truth is the CPU in float32, with products of its own.
step_parity() {
    local type
    attempt parity.cpu 300 ./gpu_transcribe --device cpu --compute_type float32 --model "$model" \
        --packed "$(packed cpu)" --batch_size 8 "${heard[@]}" audio/*.wav
    for type in "${types[@]}"; do
        attempt "parity.$type" 120 ./gpu_transcribe --device "$device" --compute_type "$type" --model "$model" \
            --packed "$(packed "$device-$type")" "${heard[@]}" audio/*.wav
    done
}

# Packed at the first run, timed at the second.
step_start() {
    local audio=(audio/*.wav) name
    for name in start.first start; do
        attempt "$name" 60 ./gpu_transcribe --device "$device" --compute_type "${types[0]}" --model "$work/base" \
            --packed "$work/packed-base" "${plain[@]}" "${audio[0]}"
    done
}

# Twice, as the first time warms up.
step_hour() {
    local type
    for type in "${types[@]}"; do
        attempt "hour.$type" 200 ./gpu_transcribe --device "$device" --compute_type "$type" --model "$model" \
            --packed "$(packed "$device-$type")" "${plain[@]}" --repeat 2 "$work/hour.wav"
    done
    [[ -z ${MODEL-} ]] || attempt "hour.whole" 300 ./gpu_transcribe --device "$device" --compute_type "${types[0]}" \
        --model "$model" --packed "$(packed "$device-${types[0]}")" "${heard[@]}" --repeat 2 "$work/hour.wav"
}

# What people send, decoded by few and by many threads; a machine of two cores is played with two of this one's.
step_formats() {
    local threads file name pinned copies=$((audio_s / 300))
    ((copies > 0)) || copies=1
    for ((; copies > 0; copies--)); do cat audio/five_minutes.mp3; done >"$work/hour.mp3"
    for threads in 2 16; do
        ((threads <= $(nproc))) || continue
        pinned=()
        [[ -z $(type -P taskset) ]] ||
            pinned=(taskset -c "$(python3 -c "import os; print(*sorted(os.sched_getaffinity(0))[:$threads], sep=',')")")
        for file in "$work/hour.mp3" audio/hour.opus; do
            [[ ! $dry || $file == *.mp3 ]] || continue
            name=formats.${file##*.}.$threads
            attempt "$name" 200 "${pinned[@]}" ./gpu_transcribe --device "$device" --compute_type "${types[0]}" --model "$model" \
                --packed "$(packed "$device-${types[0]}")" "${plain[@]}" --audio_threads "$threads" --repeat 2 "$file"
        done
    done
}

step_transformers() {
    local settings=()
    [[ ! $dry ]] || settings=(--device cpu --dtype float32)
    attempt transformers 400 python3 transformers_speed.py --model "$model" --tokens "$tokens" "${settings[@]}" \
        "$work/hour.wav"
}

[[ ! $dry ]] || echo "dry run: a tiny model on the CPU" >"$results/weights"
for step in "${steps[@]}"; do
    if declare -F "step_$step" >/dev/null; then
        "step_$step"
        python3 report.py "$results" "$results/report.json" "$results/report.txt" >/dev/null
    else
        printf 'run.sh: %s: no such step; see the top of run.sh\n' "$step" >&2
        exit 2
    fi
done
python3 report.py "$results" "$results/report.json" "$results/report.txt"
