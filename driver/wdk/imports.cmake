# Turns imports.txt into .def files.
#
# tun_wdk_definition(MODULE VARIABLE) writes the .def of ndis, ntoskrnl or hal for TUN_ARCH below the current binary
# directory and stores its path in VARIABLE; empty if the architecture imports nothing from that module. On x86 the
# names carry their decorations, for llvm-dlltool -k to strip from the import and keep in the symbol.

set(tun_wdk_imports ${CMAKE_CURRENT_LIST_DIR}/imports.txt)
set(tun_wdk_file_ndis ndis.sys)
set(tun_wdk_file_ntoskrnl ntoskrnl.exe)
set(tun_wdk_file_hal hal.dll)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${tun_wdk_imports})

# The names that architecture ARCH imports from module MODULE, as the .def spells them.
function(tun_wdk_names arch module names)
  set(columns x86 amd64 arm64 arm)
  list(FIND columns ${arch} column)
  string(REPLACE ntoskrnl nt module ${module})
  file(STRINGS ${tun_wdk_imports} rows REGEX "^[^#]")
  set(found "")
  foreach(row IN LISTS rows)
    string(REGEX MATCHALL "[^ ]+" fields "${row}")
    list(POP_FRONT fields symbol)
    list(GET fields ${column} where)
    if(NOT where STREQUAL module)
      continue()
    endif()
    if(NOT arch STREQUAL "x86")
      string(REGEX REPLACE "^@|@[0-9]+$" "" symbol ${symbol})
    endif()
    string(REPLACE "=DATA" " DATA" symbol ${symbol})
    list(APPEND found ${symbol})
  endforeach()
  set(${names} "${found}" PARENT_SCOPE)
endfunction()

function(tun_wdk_definition module variable)
  tun_wdk_names(${TUN_ARCH} ${module} names)
  if(NOT names)
    set(${variable} "" PARENT_SCOPE)
    return()
  endif()
  set(definition ${CMAKE_CURRENT_BINARY_DIR}/${module}.def)
  string(REPLACE ";" "\n" lines "${names}")
  # Not file(CONFIGURE): it takes a fastcall name for a variable of its own.
  set(text "LIBRARY ${tun_wdk_file_${module}}\nEXPORTS\n${lines}\n")
  set(old "")
  if(EXISTS ${definition})
    file(READ ${definition} old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE ${definition} "${text}")
  endif()
  set(${variable} ${definition} PARENT_SCOPE)
endfunction()
