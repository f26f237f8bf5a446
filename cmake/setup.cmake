# Script: writes the product definition for the setup. -DOUTPUT=<file>
include(${CMAKE_CURRENT_LIST_DIR}/product.cmake)
configure_file(${CMAKE_CURRENT_LIST_DIR}/../installer/product.nsh.in ${OUTPUT} @ONLY NEWLINE_STYLE LF)
