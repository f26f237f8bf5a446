# Turns the product definition into the forms that C, the INF and other files need.
# Include after product.cmake; afterwards tun_configure_product(<folder>) writes product.h there.

# A vendor may keep the definition elsewhere.
set(TUN_PRODUCT ${CMAKE_CURRENT_LIST_DIR}/product.cmake CACHE FILEPATH "The product definition")
include(${TUN_PRODUCT})
set(PRODUCT_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

# "TunL" -> the value whose bytes in memory read T u n L.
string(HEX "${PRODUCT_POOL_TAG}" tag)
string(REGEX REPLACE "^(..)(..)(..)(..)$" "\\4\\3\\2\\1" PRODUCT_POOL_TAG_HEX "${tag}")
if(NOT PRODUCT_POOL_TAG_HEX MATCHES "^........$")
  message(FATAL_ERROR "cmake/product.cmake: PRODUCT_POOL_TAG is \"${PRODUCT_POOL_TAG}\"; it has to be four ASCII characters.")
endif()

function(tun_guid_initialiser guid result)
  if(NOT guid MATCHES "^([0-9a-fA-F]+)-([0-9a-fA-F]+)-([0-9a-fA-F]+)-(..)(..)-............$")
    message(FATAL_ERROR "cmake/product.cmake: \"${guid}\" is no GUID.")
  endif()
  set(text "{0x${CMAKE_MATCH_1}, 0x${CMAKE_MATCH_2}, 0x${CMAKE_MATCH_3}, {0x${CMAKE_MATCH_4}, 0x${CMAKE_MATCH_5}")
  string(REGEX REPLACE "^.*-(..)(..)(..)(..)(..)(..)$" ", 0x\\1, 0x\\2, 0x\\3, 0x\\4, 0x\\5, 0x\\6}}" tail "${guid}")
  set(${result} "${text}${tail}" PARENT_SCOPE)
endfunction()

tun_guid_initialiser("${PRODUCT_PROPERTY_GUID}" PRODUCT_PROPERTY_GUID_INIT)

function(tun_configure_product folder)
  configure_file(${PRODUCT_CMAKE_DIR}/product.h.in ${folder}/product.h @ONLY NEWLINE_STYLE LF)
endfunction()
