# How every target of the project is made: ft_library, ft_executable, ft_test, ft_fuzzer.
include_guard()

add_library(ft_options INTERFACE)
target_include_directories(ft_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(ft_options INTERFACE -Wall -Wextra -Werror)
# GCC 12 sees overlapping copies in every std::string concatenation (its bug 105651).
target_compile_options(ft_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_compile_definitions(ft_options INTERFACE FT_VERSION="${PROJECT_VERSION}")
if(FT_SANITIZE)
  # With sanitizers GCC 12 takes parts of std::function inside std::regex for uninitialized.
  target_compile_options(ft_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  # -g1 (lines, no variables) and no check of every pointer against null, which faults by itself, compile a third faster.
  target_compile_options(ft_options INTERFACE -fsanitize=${FT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1
    -O1)
  # Sources of a folder are compiled together here; without sanitizers only those of its tests.
  set(CMAKE_UNITY_BUILD ON)
  if(FT_SANITIZE MATCHES "undefined")
    target_compile_options(ft_options INTERFACE -fno-sanitize=null)
  endif()
  string(REPLACE "fuzzer-no-link," "" ft_link_sanitize "${FT_SANITIZE}")
  target_link_options(ft_options INTERFACE -fsanitize=${ft_link_sanitize})
endif()

# Tests without optimization compile twice as fast. What they test is optimized.
target_compile_options(ft_options INTERFACE $<$<BOOL:$<TARGET_PROPERTY:FT_TEST>>:-O0>)

find_program(FT_CCACHE ccache)
if(FT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FT_CCACHE})
endif()

# ft_library(NAME SOURCES… DEPS…): a static library ft_NAME. DEPS are other folders' names or imported targets (with ::).
function(ft_link target visibility)
  foreach(dep IN LISTS ARGN)
    if(dep MATCHES "::")
      target_link_libraries(${target} ${visibility} ${dep})
    else()
      target_link_libraries(${target} ${visibility} ft_${dep})
    endif()
  endforeach()
endfunction()

function(ft_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(ft_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(ft_${name} PUBLIC ft_options)
  ft_link(ft_${name} PUBLIC ${ARG_DEPS})
endfunction()

function(ft_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ft_options)
  ft_link(${name} PRIVATE ${ARG_DEPS})
endfunction()

# ft_test(NAME SOURCES… DEPS… [TIMEOUT s] [SLOW] [ALONE]): one GoogleTest program, NAME_test, whose cases ctest sees one by
# one. SLOW ones need FT_SLOW_TESTS; ALONE ones, which time something, run beside no other.
function(ft_test name)
  cmake_parse_arguments(ARG "SLOW;ALONE" "TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT FT_BUILD_TESTS OR (ARG_SLOW AND NOT FT_SLOW_TESTS))
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name}_test ${ARG_SOURCES})
  # Together they compile in half the time; only the product is compiled file by file, where a missing include shows.
  set_target_properties(${name}_test PROPERTIES FT_TEST ON UNITY_BUILD ON)
  target_link_libraries(${name}_test PRIVATE ft_options GTest::gtest GTest::gtest_main)
  ft_link(${name}_test PRIVATE ${ARG_DEPS})
  target_compile_definitions(${name}_test PRIVATE FT_SOURCE_DIR="${CMAKE_SOURCE_DIR}" FT_BINARY_DIR="${CMAKE_BINARY_DIR}")
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS ${name} RUN_SERIAL ${ARG_ALONE})
endfunction()

# ft_fuzzer(NAME SOURCES… DEPS…): a libFuzzer target fuzz_NAME, built by the `fuzz` preset only, and the ctest case of that
# name, which runs it for FUZZ_SECONDS (environment; default 20) as scripts/fuzz.sh says. Seeds come from make_fuzz_seeds.
function(ft_fuzzer name)
  if(NOT FT_BUILD_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers fuzz_${name})
  target_link_libraries(fuzz_${name} PRIVATE ft_options)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  ft_link(fuzz_${name} PRIVATE ${ARG_DEPS})
  add_test(NAME fuzz_${name} COMMAND ${CMAKE_SOURCE_DIR}/scripts/fuzz.sh $<TARGET_FILE:fuzz_${name}> ${name} ${CMAKE_BINARY_DIR})
  set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 0 FIXTURES_REQUIRED fuzz_seeds)
endfunction()
