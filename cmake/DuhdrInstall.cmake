# SPDX-License-Identifier: Apache-2.0
# `cmake --install` makes a tree that can be moved; `cpack` packs it with the shared libraries it needs beside the
# programs (glibc and the CUDA libraries, which belong to the machine, excepted). With libheif come what it is linked to,
# in Debian 12 also x265 (GPL 2 or later): -DDUHDR_WITHOUT=libheif makes a package without.
include(GNUInstallDirs)
set(duhdr_programs duhdr-infer duhdr-train duhdr-eval duhdr-data duhdr-curves)
if(DUHDR_BENCH)
  list(APPEND duhdr_programs duhdr-bench)
endif()
set_target_properties(${duhdr_programs} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/duhdr")
install(TARGETS ${duhdr_programs} RUNTIME_DEPENDENCY_SET duhdr_libraries RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(RUNTIME_DEPENDENCY_SET duhdr_libraries
        PRE_EXCLUDE_REGEXES "^lib(c|m|dl|rt|pthread|resolv)\\.so" "^ld-linux" "^libcu(da|dart|blas|blasLt|dnn|fft|rand)"
                            "^libnvrtc" "^libnvJitLink"
        POST_EXCLUDE_REGEXES "/ld-linux[^/]*$" "/lib(c|m|dl|rt|pthread|resolv)\\.so[^/]*$"
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/duhdr)
install(DIRECTORY weights/curves DESTINATION ${CMAKE_INSTALL_DATADIR}/duhdr)
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/duhdr)
install(DIRECTORY weights/lite DESTINATION ${CMAKE_INSTALL_DATADIR}/duhdr/models)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

# The licences of the libraries that are compiled in or packed, as the distribution has them.
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/install-dependencies.sh --list OUTPUT_VARIABLE duhdr_packages
                OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REPLACE "\n" ";" duhdr_packages "${duhdr_packages}")
if(AVIF_FOUND)  # brings codecs along
  file(GLOB codecs LIST_DIRECTORIES true RELATIVE /usr/share/doc /usr/share/doc/libaom[0-9]* /usr/share/doc/libdav1d[0-9]*
       /usr/share/doc/libgav1-[0-9]* /usr/share/doc/librav1e[0-9]* /usr/share/doc/libsvtav1enc* /usr/share/doc/libyuv[0-9]*
       /usr/share/doc/libabsl[0-9]*)
  list(APPEND duhdr_packages ${codecs})
endif()
foreach(package ${duhdr_packages})
  install(FILES /usr/share/doc/${package}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences RENAME ${package}.txt
          OPTIONAL)
endforeach()

set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_NAME duhdr)
set(CPACK_PACKAGE_VENDOR "duhdr developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Single-image HDR reconstruction by dual learning")
include(CPack)
