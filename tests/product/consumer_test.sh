#!/bin/bash
# SPDX-License-Identifier: MIT
# Unzips the release and builds a project outside the tree with it, once with CMake and once with plain Make, for one
# architecture; then runs what CMake made in the simulator, with the DLL from the zip.
# usage: consumer_test.sh <build> <product file name> <arch> <zip>
set -eu -o pipefail
build=$(realpath "$1") file=$2 arch=$3 zip=$(realpath "$4")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $arch in
amd64) triple=x86_64-w64-windows-gnu machine=i386:x86-64 entry=Entry ;;
x86) triple=i686-w64-windows-gnu machine=i386 entry=_Entry@0 ;;
arm64) triple=aarch64-w64-windows-gnu machine=arm64 entry=Entry emulator=$(command -v qemu-aarch64-static) ;;
arm) triple=armv7-w64-windows-gnu machine=arm entry=Entry emulator=$(command -v qemu-arm-static) ;;
esac
cp -r "$here/consumer" "$work/source"
unzip -q "$zip" -d "$work/sdk"
sdk=$work/sdk/$file

# kernel32, as any Windows tool chain has it.
mkdir "$work/lib"
printf 'LIBRARY kernel32.dll\nEXPORTS\nExitProcess%s\n' "$([ "$arch" = x86 ] && echo @4)" >"$work/kernel32.def"
llvm-dlltool-19 -m $machine $([ "$arch" = x86 ] && echo -k) -d "$work/kernel32.def" -l "$work/lib/libkernel32.a"

cmake -G Ninja -S "$work/source" -B "$work/cmake" --toolchain "$work/source/toolchain.cmake" \
    -DCONSUMER_TRIPLE=$triple -DCONSUMER_LIB="$work/lib" -DCMAKE_C_STANDARD_LIBRARIES= -Dwintun_ROOT="$sdk" \
    -DCMAKE_EXE_LINKER_FLAGS="-fuse-ld=lld-19 -nostdlib -L$work/lib -Wl,-e,$entry" >"$work/log" 2>&1 &&
    cmake --build "$work/cmake" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmp "$work/cmake/wintun.dll" "$sdk/bin/$arch/wintun.dll" || { echo "wintun_copy_dll copied another DLL"; exit 1; }

PKG_CONFIG_PATH=$sdk/lib/$arch/pkgconfig make -s -C "$work/source" CC=clang-19 \
    CFLAGS="--target=$triple -isystem /usr/share/mingw-w64/include -ffreestanding -O2" \
    LDFLAGS="-fuse-ld=lld-19 -nostdlib -L$work/lib -Wl,-e,$entry"
[ -f "$work/source/consumer.exe" ] || { echo "plain Make made nothing"; exit 1; }

for program in "$work/cmake/consumer.exe" "$work/source/consumer.exe"; do
    SIM_EMULATOR=${emulator:-} timeout 120 ${emulator:-} "$build/sim/$arch/sim" --persona win10 --sys "$build/$arch/$file.sys" \
        --dll "$sdk/bin/$arch/wintun.dll" --exe "$program" run dll_program_linked_with_the_library_runs
done
