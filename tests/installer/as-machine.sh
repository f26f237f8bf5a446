#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds as_machine.exe, which runs the setup as if on another machine.
# usage: as-machine.sh <out.exe>
set -eu
out=$1
source=$(dirname "$0")/as_machine.c
[ ! "$out" -nt "$source" ] || exit 0
lib=$(mktemp -d)
trap 'rm -rf "$lib"' EXIT
{
    printf 'LIBRARY kernel32.dll\nEXPORTS\n'
    printf '%s\n' CloseHandle@4 ContinueDebugEvent@12 CreateProcessW@40 ExitProcess@4 GetCommandLineW@0 GetModuleHandleW@4 \
        GetProcAddress@8 GetStdHandle@4 IsWow64Process@8 LoadLibraryW@4 lstrcmpA@8 ReadFile@20 ReadProcessMemory@20 TerminateProcess@8 \
        VirtualProtectEx@20 WaitForDebugEvent@8 WriteProcessMemory@20
} >"$lib/kernel32.def"
llvm-dlltool-19 -m i386 -k -d "$lib/kernel32.def" -l "$lib/libkernel32.a"
clang-19 --target=i686-w64-windows-gnu -isystem /usr/share/mingw-w64/include -ffreestanding -O2 -Wall -Wextra -nostdlib \
    -fuse-ld=lld-19 -L"$lib" -Wl,-e,_Entry@0 -o "$out" "$source" -lkernel32
