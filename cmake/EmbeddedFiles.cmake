# Files that are part of the program. ft_embedded_files(TARGET FUNCTION FILE…) gives TARGET a source with
# `const std::vector<EmbeddedFile>& FUNCTION()` in namespace ft (base/embedded_file.h), made again whenever a file
# changes. @PROJECT_VERSION@ in a file is filled in. As a script, this file makes that source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(entries "")
  string(HEX "@PROJECT_VERSION@" mark)
  string(HEX "${VERSION}" version)
  foreach(name IN LISTS NAMES)
    file(READ "${FOLDER}/${name}" bytes HEX)
    string(REPLACE "${mark}" "${version}" bytes "${bytes}")
    string(SHA256 digest "${bytes}")
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    # Every byte is an escape, so none can be read as part of the one before it.
    string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
    string(SUBSTRING "${digest}" 0 32 digest)
    string(APPEND entries "    {\"${name}\", \"\\\"${digest}\\\"\", {\"${bytes}\", ${size}}},\n")
  endforeach()
  file(WRITE "${TARGET_FILE}.new" "// Made by EmbeddedFiles.cmake.\n#include \"base/embedded_file.h\"\n
namespace ft {\n
const std::vector<EmbeddedFile>& ${FUNCTION}();
const std::vector<EmbeddedFile>& ${FUNCTION}() {
    static const std::vector<EmbeddedFile> all = {\n${entries}    };\n    return all;\n}\n
}  // namespace ft\n")
  file(RENAME "${TARGET_FILE}.new" "${TARGET_FILE}")
  return()
endif()

include_guard()
set(ft_embedded_files_script ${CMAKE_CURRENT_LIST_FILE})

function(ft_embedded_files target function)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  set(paths ${ARGN})
  list(TRANSFORM paths PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DTARGET_FILE=${source} -DFUNCTION=${function} "-DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}"
            "-DNAMES=${ARGN}" -DVERSION=${PROJECT_VERSION} -P ${ft_embedded_files_script}
    DEPENDS ${paths} ${ft_embedded_files_script}
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
