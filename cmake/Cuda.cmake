# The GPU: FT_CUDA=AUTO builds it when nvcc is found, ON demands it, OFF leaves it out. Kernels become machine code for the
# chips of FT_CUDA_CHIPS and no PTX: nothing is compiled when the program starts, and another chip gets a clear error. The
# runtime is linked statically; of NVIDIA's, the program needs the driver alone.
include_guard()
set(FT_CUDA AUTO CACHE STRING "Build the GPU engine: AUTO (when nvcc is found), ON or OFF")
set(FT_CUDA_CHIPS "75;80;86;89;90" CACHE STRING "Compute capabilities that kernels are compiled for")
set(FT_HAVE_CUDA OFF)
# Sanitizers have nothing to see in GPU code: tests run it on the stand-in.
if(FT_CUDA STREQUAL "OFF" OR FT_SANITIZE)
  return()
endif()
# scripts/cuda_toolkit.sh puts it into build/, where the system has none or one that is too old.
find_program(FT_NVCC nvcc HINTS ENV CUDA_PATH ${CMAKE_SOURCE_DIR}/build/cuda_toolkit/packages/nvidia/cu13 PATHS /usr/local/cuda
             PATH_SUFFIXES bin)
if(FT_NVCC)
  get_filename_component(ft_cuda_root ${FT_NVCC} REALPATH)
  get_filename_component(ft_cuda_root ${ft_cuda_root}/../.. ABSOLUTE)
  find_path(FT_CUDA_INCLUDE_DIR cuda_runtime_api.h HINTS ${ft_cuda_root} PATH_SUFFIXES include targets/x86_64-linux/include)
  find_library(FT_CUDART_STATIC libcudart_static.a HINTS ${ft_cuda_root} PATH_SUFFIXES lib64 lib targets/x86_64-linux/lib)
endif()
# Distributions have older ones, which know neither C++20 nor Hopper.
if(FT_NVCC)
  execute_process(COMMAND ${FT_NVCC} --version OUTPUT_VARIABLE ft_nvcc_says ERROR_QUIET)
  string(REGEX MATCH "release ([0-9.]+)" ft_nvcc_version "${ft_nvcc_says}")
  set(ft_nvcc_version "${CMAKE_MATCH_1}")
endif()
if(FT_NVCC AND ft_nvcc_version VERSION_LESS 12)
  message(STATUS "GPU engine: ${FT_NVCC} is too old (${ft_nvcc_version}; 12 or later is needed)")
elseif(FT_NVCC AND FT_CUDA_INCLUDE_DIR AND FT_CUDART_STATIC)
  set(FT_HAVE_CUDA ON)
  message(STATUS "GPU engine: ${FT_NVCC}, chips ${FT_CUDA_CHIPS}")
endif()
if(FT_CUDA STREQUAL "ON" AND NOT FT_HAVE_CUDA)
  message(FATAL_ERROR "FT_CUDA=ON needs the CUDA toolkit 12 or later (nvcc, headers, libcudart_static.a): get it with "
                      "scripts/cuda_toolkit.sh, install it, name it by CUDA_PATH, "
                      "or leave FT_CUDA out")
endif()

# ft_cuda_kernels(TARGET FILE.cu…): compiles them for every chip into objects of TARGET.
function(ft_cuda_kernels target)
  set(codes "")
  set(launcher "")
  if(FT_CCACHE)
    set(launcher ${FT_CCACHE})
  endif()
  foreach(chip IN LISTS FT_CUDA_CHIPS)
    list(APPEND codes -gencode arch=compute_${chip},code=sm_${chip})
  endforeach()
  foreach(kernel IN LISTS ARGN)
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${kernel})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${kernel}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${launcher} ${FT_NVCC} -std=c++20 -O3 -Werror all-warnings ${codes} -ccbin ${CMAKE_CXX_COMPILER} -I${CMAKE_SOURCE_DIR}/src
              -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "Compiling ${kernel} for chips ${FT_CUDA_CHIPS}"
      VERBATIM)
    target_sources(${target} PRIVATE ${object})
  endforeach()
endfunction()
