# Linking PE images with lld-link and the import libraries that they need.

set(tun_machine_amd64 i386:x86-64)
set(tun_machine_x86 i386)
set(tun_machine_arm64 arm64)
set(tun_machine_arm arm)

# Makes an import library from a .def file. The .def carries x86's decorations; on x86 the import loses them again
# (-k), on the others they are stripped beforehand.
function(tun_import_library library definition)
  set(kill_at -k)
  set(used ${definition})
  if(NOT TUN_ARCH STREQUAL "x86")
    set(kill_at "")
    file(READ ${definition} text)
    string(REGEX REPLACE "@[0-9]+(\r?\n)" "\\1" text "${text}")
    set(used ${library}.def)
    file(CONFIGURE OUTPUT ${used} CONTENT "${text}" @ONLY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${definition})
  endif()
  add_custom_command(
    OUTPUT ${library}
    COMMAND ${TUN_llvm_dlltool_19} -m ${tun_machine_${TUN_ARCH}} ${kill_at} -d ${used} -l ${library}
    DEPENDS ${used}
    VERBATIM)
endfunction()

# Links objects of an OBJECT library into an image, with ON_DEMAND only when the target is asked for; ARGUMENTS are lld-link's own.
function(tun_link target)
  cmake_parse_arguments(LINK "ON_DEMAND" "OUTPUT;PDB" "OBJECTS;LIBRARIES;RESOURCES;ARGUMENTS" ${ARGN})
  get_filename_component(pdb_name ${LINK_PDB} NAME)
  add_custom_command(
    OUTPUT ${LINK_OUTPUT} ${LINK_PDB}
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/relative.sh ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR} ${TUN_lld_link_19} /nologo /nodefaultlib /release /Brepro /debug /pdb:${LINK_PDB} /pdbaltpath:${pdb_name}
            /pdbsourcepath:. /out:${LINK_OUTPUT} ${LINK_ARGUMENTS}
            $<TARGET_OBJECTS:${LINK_OBJECTS}> ${LINK_RESOURCES} ${LINK_LIBRARIES}
    DEPENDS ${LINK_OBJECTS} $<TARGET_OBJECTS:${LINK_OBJECTS}> ${LINK_LIBRARIES} ${LINK_RESOURCES}
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMAND_EXPAND_LISTS
    VERBATIM)
  if(LINK_ON_DEMAND)
    add_custom_target(${target} DEPENDS ${LINK_OUTPUT})
  else()
    add_custom_target(${target} ALL DEPENDS ${LINK_OUTPUT})
  endif()
endfunction()

# Compiles a configured .rc into a .res.
function(tun_resource output source)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/relative.sh ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR} ${TUN_llvm_rc_19} /no-preprocess /fo ${output} ${source}
    DEPENDS ${source} ${ARGN}
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    VERBATIM)
endfunction()

# The version resource of an image, at <current binary dir>/<name>.version.res. Types are VS_FIXEDFILEINFO's: 1 program,
# 2 DLL, 3 driver (subtype 6: network).
function(tun_version_resource name description type subtype)
  set(VERSION_FILE ${name})
  set(VERSION_DESCRIPTION "${description}")
  set(VERSION_TYPE ${type})
  set(VERSION_SUBTYPE ${subtype})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.version.rc)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/version.rc.in ${source} @ONLY NEWLINE_STYLE LF)
  tun_resource(${CMAKE_CURRENT_BINARY_DIR}/${name}.version.res ${source})
endfunction()

# How user-mode code is compiled: no C runtime, nothing newer than Windows 7 without a look-up at run time.
set(TUN_USER_OPTIONS -std=gnu11 -O2 -g -gcodeview -ffreestanding -fms-extensions -fno-strict-aliasing -funwind-tables
  -fno-stack-protector -Wall -Wextra -Wframe-larger-than=3072)

# A whole program without a C runtime, <build>/<name>.exe, entered at ENTRY. IMPORTS are the modules that it takes
# functions from; a <module>.def of the current source folder lists them.
function(tun_program name)
  cmake_parse_arguments(PROGRAM "" "ENTRY;DESCRIPTION" "SOURCES;INCLUDES;IMPORTS" ${ARGN})
  add_library(${name} OBJECT ${PROGRAM_SOURCES})
  target_include_directories(${name} PRIVATE . ${PROGRAM_INCLUDES})
  target_include_directories(${name} SYSTEM PRIVATE /usr/share/mingw-w64/include)
  target_compile_definitions(${name} PRIVATE UNICODE _UNICODE WINVER=0x0A00 _WIN32_WINNT=0x0A00)
  target_compile_options(${name} PRIVATE ${TUN_USER_OPTIONS})

  set(libraries "")
  foreach(module IN LISTS PROGRAM_IMPORTS)
    tun_import_library(${CMAKE_CURRENT_BINARY_DIR}/${module}.lib ${CMAKE_CURRENT_SOURCE_DIR}/${module}.def)
    list(APPEND libraries ${CMAKE_CURRENT_BINARY_DIR}/${module}.lib)
  endforeach()
  if(TUN_ARCH STREQUAL "x86")
    set(safeseh /safeseh:no)
  endif()
  tun_version_resource(${name}.exe "${PROGRAM_DESCRIPTION}" 1 0)
  tun_link(${name}-image
    OUTPUT ${CMAKE_BINARY_DIR}/${name}.exe
    PDB ${CMAKE_BINARY_DIR}/${name}.pdb
    OBJECTS ${name}
    RESOURCES ${CMAKE_CURRENT_BINARY_DIR}/${name}.exe.version.res
    LIBRARIES ${libraries}
    ARGUMENTS /entry:${PROGRAM_ENTRY} /subsystem:console,6.1 ${safeseh})
endfunction()
