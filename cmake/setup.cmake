# Script: writes the product definition for the setup. -DOUTPUT=<file>
include(${CMAKE_CURRENT_LIST_DIR}/product.cmake)
# Tests of upgrades make setups of other versions: -DVERSION=major.minor.patch
if(VERSION)
  set(PRODUCT_VERSION ${VERSION})
  string(REGEX MATCH "^([0-9]+)\\.([0-9]+)" ignored ${VERSION})
  set(PRODUCT_VERSION_MAJOR ${CMAKE_MATCH_1})
  set(PRODUCT_VERSION_MINOR ${CMAKE_MATCH_2})
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/../installer/product.nsh.in ${OUTPUT} @ONLY NEWLINE_STYLE LF)
