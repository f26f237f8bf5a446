#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Links wdk_imports.c for one architecture and checks what it imports, name by name and module by module, against
# the list of "module name" lines that the build made from imports.txt.
# Usage: wdk_imports.sh TRIPLE MACHINE ENTRY EXPECTED SOURCE_ROOT DIRECTORY; DIRECTORY holds names.inc and the .def files.
set -eu
triple=$1 machine=$2 entry=$3 expected=$4 root=$5
cd "$6"

kill=
[ "$machine" = i386 ] && kill=-k
libraries=
for definition in ndis ntoskrnl hal; do
    [ -f $definition.def ] || continue
    llvm-dlltool-19 -m "$machine" $kill -d $definition.def -l $definition.lib
    libraries="$libraries $definition.lib"
done
clang-19 --target="$triple" -ffreestanding -fms-extensions -std=gnu11 -Wall -Wextra -Werror -O1 \
    -I"$root" -I. -c "$root/tests/abi/wdk_imports.c" -o imports.o
lld-link-19 /nologo /driver /subsystem:native /nodefaultlib "/entry:$entry" /safeseh:no /out:imports.sys imports.o $libraries
llvm-readobj-19 --coff-imports imports.sys |
    awk '$1 == "Name:" { module = $2 } $1 == "Symbol:" { print module, $2 }' | sort >actual
sort "$expected" | diff - actual
echo "$(wc -l <actual) imports of the right name from the right module"
