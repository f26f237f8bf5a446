#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the test images of one architecture: build.sh <amd64|x86|arm64|arm> <output folder>
set -eu
arch=$1
out=$2
here=$(dirname "$0")
case $arch in
amd64) target=x86_64 machine=i386:x86-64 entry=DriverEntry ;;
x86) target=i686 machine=i386 entry=DriverEntry@8 ;;
arm64) target=aarch64 machine=arm64 entry=DriverEntry ;;
arm) target=thumbv7 machine=arm entry=DriverEntry ;;
*) echo "unknown architecture $arch" >&2; exit 2 ;;
esac
mkdir -p "$out"
flags= link=

# library <name> <module> <definition>: an import library; decoration exists on x86 only
library() {
    sed "s/^LIBRARY.*/LIBRARY $2/" "$3" > "$out/$1.def"
    if [ "$arch" = x86 ]; then
        llvm-dlltool-19 -m "$machine" -k -d "$out/$1.def" -l "$out/$1.lib"
    else
        sed -e 's/^@//' -e 's/@[0-9]*$//' "$out/$1.def" > "$out/$1.plain.def"
        llvm-dlltool-19 -m "$machine" -d "$out/$1.plain.def" -l "$out/$1.lib"
    fi
}

# image <output> <sources...>
image() {
    name=$1
    shift
    objects=
    for source; do
        object=$out/$(basename "$source").obj
        clang-19 --target=$target-pc-windows-msvc -ffreestanding -fms-extensions -funwind-tables -O2 -Wall -Wextra \
            -mno-stack-arg-probe $flags -I"$here" -c "$here/$source" -o "$object"
        objects="$objects $object"
    done
    lld-link-19 /nologo /driver /subsystem:native /entry:$entry /nodefaultlib /release /Brepro /section:INIT,ERD $link \
        /out:"$out/$name" $objects "$out/test.lib" "$out/ntoskrnl.lib"
}

library test test.sys "$here/test_driver.def"
library ntoskrnl ntoskrnl.exe "$here/ntoskrnl.def"
image basic.sys basic.c
flags="-Xclang -cfguard" link=/guard:cf
image guard.sys guard.c guard_config.S
flags= link=
image broken.sys basic.c broken.S
case $arch in
arm) image raise.sys raise_arm.c try_arm.S clobber_arm.S unwind_arm.S ;;
x86) image raise.sys raise.c clobber_x86.S ;;
*) image raise.sys raise.c clobber_$arch.S unwind_$arch.S ;;
esac
