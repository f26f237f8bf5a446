# Toolchain for the simulator of amd64: a static Linux program.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(TUN_ARCH amd64)
find_program(TUN_CC gcc)
if(NOT TUN_CC)
  message(FATAL_ERROR "gcc is missing: run \"make deps\" as root, which installs it.")
endif()
set(CMAKE_C_COMPILER ${TUN_CC})
set(CMAKE_ASM_COMPILER ${TUN_CC})
