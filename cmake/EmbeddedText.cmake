# A text that is part of the program: ft_embedded_text(TARGET SYMBOL FILE) gives TARGET a source with
# `extern const std::string_view SYMBOL` in namespace ft, which holds FILE with @PROJECT_VERSION@ filled in.
include_guard()
set(ft_embedded_text_template ${CMAKE_CURRENT_LIST_DIR}/embedded_text.cpp.in)

function(ft_embedded_text target symbol file)
  get_filename_component(path ${file} ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} text)
  string(REPLACE "@PROJECT_VERSION@" "${PROJECT_VERSION}" text "${text}")
  configure_file(${ft_embedded_text_template} ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp)
endfunction()
