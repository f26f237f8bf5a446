# Script: writes the files by which other builds find the library. -DSTAGE=<stage folder>
include(${CMAKE_CURRENT_LIST_DIR}/product.cmake)
set(sdk ${CMAKE_CURRENT_LIST_DIR}/../api/sdk)
foreach(name wintun-config wintun-config-version)
  configure_file(${sdk}/${name}.cmake.in ${STAGE}/sdk/lib/cmake/wintun/${name}.cmake @ONLY NEWLINE_STYLE LF)
endforeach()
foreach(arch amd64 x86 arm64 arm)
  configure_file(${sdk}/wintun.pc.in ${STAGE}/sdk/lib/${arch}/pkgconfig/wintun.pc @ONLY NEWLINE_STYLE LF)
endforeach()
