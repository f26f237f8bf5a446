# Toolchain for the simulator of arm: a static Linux program, run by qemu-arm-static.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(TUN_ARCH arm)
find_program(TUN_CC arm-linux-gnueabihf-gcc)
if(NOT TUN_CC)
  message(FATAL_ERROR "arm-linux-gnueabihf-gcc is missing: run \"make deps\" as root, which installs it.")
endif()
set(CMAKE_C_COMPILER ${TUN_CC})
set(CMAKE_ASM_COMPILER ${TUN_CC})
