#!/usr/bin/env bash
# Puts NVIDIA's compiler for the GPU engine's kernels into build/cuda_toolkit, where CMake finds it (cmake/Cuda.cmake):
#     scripts/cuda_toolkit.sh [FOLDER]
# Packages and versions: cuda_toolkit_requirements.txt, 130 MB. Does nothing where there is an nvcc already. Where it cannot be had the
# script says why and ends with 1; the program is then built without the GPU engine.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/wheels.sh
. "$ft_root/scripts/wheels.sh"

# Where CMake looks, too; distributions have compilers that are too old.
for nvcc in "${CUDA_PATH-}/bin/nvcc" "$(type -P nvcc)" /usr/local/cuda/bin/nvcc; do
    [[ -x $nvcc ]] || continue
    release=$("$nvcc" --version | sed -n 's/.*release \([0-9]*\).*/\1/p')
    ((${release:-0} < 12)) || exit 0
done
[[ $(uname -m) == x86_64 ]] || ft_die "there is a compiler for the GPU engine for x86-64 only; install the CUDA toolkit to build it here"
ft_get_wheels "${1:-$ft_root/build/cuda_toolkit}" "$ft_root/scripts/cuda_toolkit_requirements.txt" "NVIDIA's compiler" \
    "makes the GPU engine's kernels"
