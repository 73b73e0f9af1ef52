# Tests of what is not C++: the scripts, their behaviour on made-up machines, installing and packaging; and what the fuzz
# targets begin with.
if(TARGET make_fuzz_seeds)
  add_test(NAME make_fuzz_seeds COMMAND make_fuzz_seeds ${CMAKE_BINARY_DIR}/seeds)
  set_tests_properties(make_fuzz_seeds PROPERTIES LABELS fuzz TIMEOUT 300 FIXTURES_SETUP fuzz_seeds)
endif()

# Sanitizers have nothing to see in scripts.
if(NOT FT_BUILD_TESTS OR FT_SANITIZE)
  return()
endif()

# ft_script_test(NAME COMMAND… [TIMEOUT s]): exit code 77 means skipped, with a sentence in the output.
function(ft_script_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "COMMAND" ${ARGN})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS scripts SKIP_RETURN_CODE 77 TIMEOUT ${ARG_TIMEOUT})
endfunction()

ft_script_test(shellcheck COMMAND scripts/tests/shellcheck_test.sh TIMEOUT 120)
ft_script_test(fast_transcribe_sh COMMAND scripts/tests/fast_transcribe_test.sh TIMEOUT 120)
ft_script_test(fallback_models_sh COMMAND scripts/tests/fallback_models_test.sh TIMEOUT 120)
ft_script_test(packaging COMMAND scripts/tests/packaging_test.sh ${CMAKE_BINARY_DIR} TIMEOUT 300)
ft_script_test(page_in_a_browser COMMAND tests/browser/page_test.sh $<TARGET_FILE:fast-transcribe> TIMEOUT 600)
set_tests_properties(page_in_a_browser PROPERTIES PROCESSORS 2)
if(TARGET bootstrap)
  ft_script_test(local_aws COMMAND tests/e2e/aws/run.sh $<TARGET_FILE:fast-transcribe> $<TARGET_FILE:bootstrap> TIMEOUT 900)
  set_tests_properties(local_aws PROPERTIES PROCESSORS 2)
endif()
if(FT_HAVE_CUDA)
  ft_script_test(cuda_machine_code COMMAND tests/gpu/machine_code_test.py $<TARGET_FILE:fast-transcribe> ${FT_CUDA_CHIPS} TIMEOUT 60)
endif()

# deploy/aws: its roles, templates and scripts.
foreach(module costs_test iam_test roles_test template_test scripts_test)
  ft_script_test(deploy_${module} COMMAND tests/deploy/run.sh ${module} TIMEOUT 300)
  set_tests_properties(deploy_${module} PROPERTIES LABELS "scripts;deploy")
endforeach()
