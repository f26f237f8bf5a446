#!/bin/bash
# SPDX-License-Identifier: MIT
# Unzips the release into a folder with a space in its name and builds a project outside the tree with it, for one
# architecture: with CMake (one configuration and several), with plain Make, and as MSVC would; then runs what they made
# in the simulator, with the DLL from the zip.
# usage: consumer_test.sh <build> <product file name> <arch> <zip>
# Options that are there or not are words of their own:
# shellcheck disable=SC2046
set -eu -o pipefail
build=$(realpath "$1") file=$2 arch=$3 zip=$(realpath "$4")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

case $arch in
amd64) triple=x86_64-w64-windows-gnu msvc=x86_64 machine=i386:x86-64 entry=Entry ;;
x86) triple=i686-w64-windows-gnu msvc=i686 machine=i386 entry=_Entry@0 ;;
arm64) triple=aarch64-w64-windows-gnu msvc=aarch64 machine=arm64 entry=Entry emulator=$(command -v qemu-aarch64-static) ;;
arm) triple=armv7-w64-windows-gnu msvc=thumbv7 machine=arm entry=Entry emulator=$(command -v qemu-arm-static) ;;
esac
cp -r "$here/consumer" "$work/source"
unzip -q "$zip" -d "$work/the sdk"
sdk="$work/the sdk/$file"
(cd "$sdk" && sha256sum --quiet -c SHA256SUMS) || fail "checksums"
headers="-isystem /usr/share/mingw-w64/include -ffreestanding"

# The header needs no other before it, and is clean in every C and C++.
echo '#include <wintun.h>' >"$work/alone.c"
for standard in c99 c17 gnu89 c++98 c++20; do
    case $standard in c++*) language=c++ ;; *) language=c ;; esac
    clang-19 -x $language -std=$standard --target=$triple $headers -I"$sdk/include" -Wall -Wextra -pedantic -Werror \
        -fsyntax-only "$work/alone.c" || fail "wintun.h as $standard"
done

# kernel32, as any Windows tool chain has it.
mkdir "$work/lib"
printf 'LIBRARY kernel32.dll\nEXPORTS\nExitProcess%s\n' "$([ "$arch" = x86 ] && echo @4)" >"$work/kernel32.def"
llvm-dlltool-19 -m $machine $([ "$arch" = x86 ] && echo -k) -d "$work/kernel32.def" -l "$work/lib/libkernel32.a"

# Configures the project. configure <folder> <generator> <arguments of cmake>
configure() {
    local folder=$1 generator=$2
    shift 2
    cmake -G "$generator" -S "$work/source" -B "$folder" --toolchain "$work/source/toolchain.cmake" \
        -DCONSUMER_TRIPLE=$triple -DCONSUMER_LIB="$work/lib" -DCMAKE_C_STANDARD_LIBRARIES= -Dwintun_ROOT="$sdk" \
        -DCMAKE_EXE_LINKER_FLAGS="-fuse-ld=lld-19 -nostdlib -L$work/lib -Wl,-e,$entry" "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
configure "$work/cmake" Ninja
cmake --build "$work/cmake" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmp "$work/cmake/wintun.dll" "$sdk/bin/$arch/wintun.dll" || fail "wintun_copy_dll copied another DLL"

configure "$work/multi" "Ninja Multi-Config"
for configuration in Debug Release; do
    cmake --build "$work/multi" --config $configuration >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    cmp "$work/multi/$configuration/wintun.dll" "$sdk/bin/$arch/wintun.dll" || fail "$configuration has another DLL"
done

configure "$work/msvc" Ninja -DMSVC=1
grep -q "links .*/lib/$arch/wintun.lib" "$work/log" || fail "MSVC does not get wintun.lib"

# A version that the SDK has not is refused.
sed 's/find_package(wintun 0.1/find_package(wintun 99.1/' "$here/consumer/CMakeLists.txt" >"$work/source/CMakeLists.txt"
! (configure "$work/newer" Ninja) >"$work/refusal" || fail "version 99.1 was found"
grep -q 'version "99.1"' "$work/refusal" || fail "refused for another reason: $(cat "$work/refusal")"

PKG_CONFIG_PATH="$sdk/lib/$arch/pkgconfig" make -s -C "$work/source" CC=clang-19 \
    CFLAGS="--target=$triple $headers -O2" \
    LDFLAGS="-fuse-ld=lld-19 -nostdlib -L$work/lib -Wl,-e,$entry"
[ -f "$work/source/consumer.exe" ] || fail "plain Make made nothing"

# As MSVC links: wintun.lib, with and without dllimport. Without Microsoft's headers the prototypes stand here.
cat >"$work/msvc.c" <<'SOURCE'
void *__stdcall WintunCreateAdapter(const unsigned short *, const unsigned short *, const void *);
__declspec(dllimport) void __stdcall WintunCloseAdapter(void *);
__declspec(dllimport) void __stdcall ExitProcess(unsigned);
void __stdcall Entry(void);
void __stdcall Entry(void)
{
    void *Adapter = WintunCreateAdapter(L"Consumer", L"Test", 0);
    if (Adapter)
        WintunCloseAdapter(Adapter);
    ExitProcess(!Adapter);
}
SOURCE
clang-19 --target=$msvc-pc-windows-msvc -O2 -Wall -Wextra -c "$work/msvc.c" -o "$work/msvc.obj"
lld-link-19 -nologo -entry:Entry -subsystem:console -nodefaultlib "$work/msvc.obj" "$sdk/lib/$arch/wintun.lib" \
    "$work/lib/libkernel32.a" -out:"$work/msvc.exe"

# The example, from the folder where the SDK has it. What it takes from Windows comes from the sources' lists.
for definition in "$here"/../../example/*.def; do
    name=$(basename "$definition" .def)
    if [ "$arch" = x86 ]; then cat "$definition"; else sed 's/@[0-9]*$//' "$definition"; fi >"$work/$name.def"
    llvm-dlltool-19 -m $machine $([ "$arch" = x86 ] && echo -k) -d "$work/$name.def" -l "$work/lib/lib$name.a"
done
{
    cmake -G Ninja -S "$sdk/example" -B "$work/example" --toolchain "$work/source/toolchain.cmake" \
        -DCONSUMER_TRIPLE=$triple -DCONSUMER_LIB="$work/lib" -DCMAKE_C_STANDARD_LIBRARIES= \
        -DCMAKE_EXE_LINKER_FLAGS="-fuse-ld=lld-19 -L$work/lib" && cmake --build "$work/example"
} >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmp "$work/example/wintun.dll" "$sdk/bin/$arch/wintun.dll" || fail "the example got another DLL"

simulate() {
    SIM_EMULATOR=${emulator:-} timeout 120 ${emulator:-} "$build/sim/$arch/sim" --persona win10 --sys "$build/$arch/$file.sys" \
        --dll "$sdk/bin/$arch/wintun.dll" --exe "$1" run "$2"
}
for program in "$work/cmake/consumer.exe" "$work/multi/Debug/consumer.exe" "$work/source/consumer.exe" "$work/msvc.exe"; do
    simulate "$program" dll_program_linked_with_the_library_runs
done
simulate "$work/example/wintun-example.exe" dll_example_ends_after_its_time
