# cmake -DTARGET_FILE=… -DFOLDER=… -DNAMES=a;b -P embed.cmake: writes a C++ source with the files' bytes (page_files.h).
set(entries "")
foreach(name IN LISTS NAMES)
  file(READ "${FOLDER}/${name}" bytes HEX)
  file(SHA256 "${FOLDER}/${name}" digest)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  # Every byte is an escape, so none can be read as part of the one before it.
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(SUBSTRING "${digest}" 0 32 digest)
  string(APPEND entries "    {\"${name}\", \"\\\"${digest}\\\"\", {\"${bytes}\", ${size}}},\n")
endforeach()
file(WRITE "${TARGET_FILE}.new" "// Made by embed.cmake.\n#include \"server/page/page_files.h\"\n
namespace ft {\n
const std::vector<PageFile>& page_files() {\n    static const std::vector<PageFile> all = {\n${entries}    };\n    return all;\n}\n
}  // namespace ft\n")
file(RENAME "${TARGET_FILE}.new" "${TARGET_FILE}")
