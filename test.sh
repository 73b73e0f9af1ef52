#!/usr/bin/env bash
# Proves the project from a fresh clone: installs missing Debian/Ubuntu packages, gets the models that tests need, builds,
# and runs every test: the release build, then AddressSanitizer with UBSan, ThreadSanitizer, and each fuzz target for 20 s.
#     ./test.sh [--quick] [CTEST-FLAG…]     --quick: the release build only; flags go to ctest, e.g. -R tokenizer
# Environment: TEST_SANITIZERS=0 is --quick; TEST_TSAN=all runs every test under ThreadSanitizer, not only those with
# threads; FUZZ_SECONDS=600 fuzzes longer; FT_SKIP_PACKAGES=1 installs no packages.
[ -n "${BASH_VERSION-}" ] || exec bash "$0" "$@" # started with sh
set -euo pipefail
# Older sanitizer runtimes cannot live with the address randomization of newer kernels.
if [[ -z ${FT_FIXED_ADDRESSES:-} ]] && setarch "$(uname -m)" -R true 2>/dev/null; then
    FT_FIXED_ADDRESSES=1 exec setarch "$(uname -m)" -R bash "${BASH_SOURCE[0]}" "$@"
fi
# shellcheck source=scripts/common.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/common.sh"
# shellcheck source=scripts/packages.sh
. "$ft_root/scripts/packages.sh"
# shellcheck source=scripts/build.sh
. "$ft_root/scripts/build.sh"

sanitizers=${TEST_SANITIZERS:-1}
if [[ ${1-} == --quick ]]; then
    sanitizers=0
    shift
fi
ctest_flags=("$@")
finished=() # presets whose tests have run, the last one first
failed=()

# Repeats what ctest said of each run, so that the end of the output tells it all, also when a later step broke off.
closing_lines() {
    local status=$? preset
    for preset in "${finished[@]}"; do
        printf '\n--- %s\n' "$preset"
        sed -n '/% tests passed/,$p' "$ft_root/build/$preset.ctest.log"
    done
    ((status == 0)) || printf '\ntest.sh failed%s\n' "${failed[*]:+ in: ${failed[*]}}" >&2
}
trap closing_lines EXIT

# run_tests PRESET [CTEST-FLAG…]: a failure is remembered, and the other presets still run.
run_tests() {
    local preset=$1
    shift
    ft_say "Testing ($preset) …"
    (cd "$ft_root" && ctest --preset "$preset" -j "$(ft_jobs)" --no-label-summary "$@" "${ctest_flags[@]}") 2>&1 |
        tee "$ft_root/build/$preset.ctest.log" || failed+=("$preset")
    finished=("$preset" "${finished[@]}")
}

install_packages() {
    ft_install_packages "to build and test" "${ft_packages_build[@]}" "${ft_packages_wheels[@]}" "${ft_packages_test[@]}"
    # Debian has libFuzzer and the sanitizers' runtimes of clang in a package of their own, Ubuntu 22.04 has not.
    [[ -n $(compgen -G '/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a') ]] ||
        ft_install_packages "to fuzz" libclang-rt-14-dev
}

# A model that the user has already is not downloaded again.
get_models() {
    "$ft_root/scripts/fallback_models.sh" --from "$ft_user_models" "$ft_root/build/models" whisper-base silero
}

# AWS's stand-in for tests; the tests that need it say so when it is missing.
get_moto() {
    "$ft_root/scripts/moto.sh" || ft_say "The tests against moto will be skipped."
}

# A browser, for the test of the page, which says so when it is missing: Ubuntu 22.04 has none as a package.
get_browser() {
    if [[ -z $(type -P chromium chromium-browser google-chrome) && -n $(apt-cache search --names-only '^chromium$' 2>/dev/null) ]]; then
        (ft_install_packages "to test the page in a browser" "${ft_packages_browser[@]}") || :
    fi
    "$ft_root/scripts/browser.sh" || ft_say "The test of the page in a browser will be skipped."
}

# The kernels' compiler: without it they are tested on their stand-in only, not made into machine code.
get_cuda_toolkit() {
    "$ft_root/scripts/cuda_toolkit.sh" || ft_say "The GPU engine's machine code will not be made and tested."
}

ft_lock
install_packages
get_models
get_moto
get_browser
get_cuda_toolkit
ft_configure release -DFT_BUILD_TESTS=ON -DFT_BUILD_BENCH=ON
ft_build release
run_tests release

if [[ $sanitizers != 0 && $sanitizers != off ]]; then
    export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:${ASAN_OPTIONS-}"
    export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS-}"
    # Libraries of the distribution are not instrumented: what their own threads do among themselves looks like races.
    export TSAN_OPTIONS="halt_on_error=1:ignore_noninstrumented_modules=1:${TSAN_OPTIONS-}"
    ft_configure asan-ubsan -DFT_BUILD_TESTS=ON
    ft_build asan-ubsan
    run_tests asan-ubsan
    # Races need threads: the pool and the queue, the transcriber, where all of them meet, the stores of jobs with their
    # workers, and the service. TEST_TSAN=all: every test.
    ft_configure tsan -DFT_BUILD_TESTS=ON
    if [[ ${TEST_TSAN:-} == all ]]; then
        ft_build tsan
        run_tests tsan
    else
        ft_build tsan base_test transcriber_test jobs_conformance_test server_test service_test
        run_tests tsan -L '^(base|transcriber|jobs_conformance|server|service)$'
    fi
    ft_configure fuzz
    ft_build fuzz fuzzers make_fuzz_seeds
    run_tests fuzz -L fuzz
fi

((${#failed[@]} == 0)) || exit 1
