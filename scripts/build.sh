# shellcheck shell=bash disable=SC2034,SC2154
# Configuring and building a preset without doing again what is done. Sourced after common.sh.

# There is an NVIDIA GPU, and its driver.
ft_gpu_node=${FT_GPU_NODE:-/dev/nvidiactl}

# As many compilers as there are cores, but no more than one a GiB of free memory.
ft_jobs() {
    local cores memory_kb=0 name value
    cores=$(nproc 2>/dev/null || echo 2)
    while read -r name value _; do [[ $name == MemAvailable: ]] && memory_kb=$value; done 2>/dev/null </proc/meminfo || :
    if ((memory_kb > 0 && memory_kb / 1048576 < cores)); then cores=$((memory_kb / 1048576)); fi
    printf '%s\n' "$((cores > 0 ? cores : 1))"
}

# ft_is_configured PRESET: ninja itself runs CMake again when a CMakeLists.txt has changed; this tells what it cannot see.
ft_is_configured() {
    local dir=$ft_root/build/$1
    [[ -f $dir/build.ninja && -f $dir/CMakeCache.txt && ! $ft_root/CMakePresets.json -nt $dir/build.ninja ]]
}

# ft_configure PRESET [CMAKE-ARGUMENT…]
ft_configure() {
    local preset=$1 dir=$ft_root/build/$1 log=$ft_root/build/$1.configure.log
    shift
    # A copied or renamed project brings a build folder of another place, which CMake refuses.
    if [[ -f $dir/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$ft_root" "$dir/CMakeCache.txt"; then
        rm -rf -- "$dir"
    fi
    mkdir -p "$ft_root/build"
    if ! (cd "$ft_root" && cmake --preset "$preset" "$@") >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        ft_die "CMake could not configure the preset $preset (see above and $log); if packages changed, remove $dir and try again"
    fi
    touch "$dir/build.ninja" # CMake leaves an unchanged file's time as it was
}

# ft_build PRESET [TARGET…]: silent when nothing is to be done.
ft_build() {
    local preset=$1 dir=$ft_root/build/$1
    shift
    [[ $(ninja -C "$dir" -n "$@" 2>/dev/null | tail -n 1) != *"no work to do"* ]] || return 0
    ft_say "Building ($preset, $(ft_jobs) at a time) …"
    NINJA_STATUS='[%f/%t, %es] ' ninja -C "$dir" -j "$(ft_jobs)" "$@" >&2 9>&- ||
        ft_die "the build failed (see above); if the system's packages changed, remove $dir and try again"
}
