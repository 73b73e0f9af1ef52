# `cmake --install` and the .deb: the program, its documents and licence. Everything it needs at run time comes from the
# distribution's packages, whose names dpkg-shlibdeps finds out from the binary itself.
include(GNUInstallDirs)
set(ft_docs ${CMAKE_INSTALL_DATAROOTDIR}/doc/fast-transcribe)

# All libraries lie in the system's folders: an installed program that looks anywhere else would be a mistake.
set_target_properties(fast-transcribe PROPERTIES INSTALL_RPATH "")
# Installing needs the program only, and must not build every test first.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

install(TARGETS fast-transcribe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md CHANGELOG.md DESTINATION ${ft_docs})
# Debian's name for the licence.
install(FILES LICENSE DESTINATION ${ft_docs} RENAME copyright)
# The unit names the program where it is being installed, which is known then only.
install(CODE "
  set(program \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/fast-transcribe\")
  set(docs \"\${CMAKE_INSTALL_PREFIX}/${ft_docs}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/deploy/systemd/fast-transcribe.service.in\"
                 \"${CMAKE_BINARY_DIR}/fast-transcribe.service\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/fast-transcribe.service DESTINATION lib/systemd/system)
# The worker of a machine on AWS, for deploy/aws/install.sh; without /run/transcribe/worker.env it does nothing.
install(FILES deploy/aws/systemd/transcribe-worker.service DESTINATION lib/systemd/system RENAME fast-transcribe-worker.service)
install(DIRECTORY docs/ DESTINATION ${ft_docs} FILES_MATCHING PATTERN "*.md")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fast-transcribe)
set(CPACK_PACKAGE_VENDOR "The fast-transcribe developers")
set(CPACK_PACKAGE_CONTACT "The fast-transcribe developers <fast-transcribe@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Swedish speech to text, fast and on your own machine")
set(CPACK_PACKAGE_DESCRIPTION
"Turns any audio or video file into text, subtitles or JSON with Whisper models,
above all KBLab's for Swedish. Computes on the CPU; nothing leaves the machine.
Get a model first: fast-transcribe model pull kb-whisper-small")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION sound)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
include(CPack)
