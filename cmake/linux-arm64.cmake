# Toolchain for the simulator of arm64: a static Linux program, run by qemu-aarch64-static.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(TUN_ARCH arm64)
find_program(TUN_CC aarch64-linux-gnu-gcc)
if(NOT TUN_CC)
  message(FATAL_ERROR "aarch64-linux-gnu-gcc is missing: run \"make deps\" as root, which installs it.")
endif()
set(CMAKE_C_COMPILER ${TUN_CC})
set(CMAKE_ASM_COMPILER ${TUN_CC})
