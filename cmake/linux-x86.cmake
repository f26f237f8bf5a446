# Toolchain for the simulator of x86: a static Linux program.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(TUN_ARCH x86)
find_program(TUN_CC i686-linux-gnu-gcc)
if(NOT TUN_CC)
  message(FATAL_ERROR "i686-linux-gnu-gcc is missing: run \"make deps\" as root, which installs it.")
endif()
set(CMAKE_C_COMPILER ${TUN_CC})
set(CMAKE_ASM_COMPILER ${TUN_CC})
set(CMAKE_C_FLAGS_INIT "-march=i686 -msse2 -mfpmath=sse")
