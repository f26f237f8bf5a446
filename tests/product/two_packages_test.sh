#!/bin/bash
# SPDX-License-Identifier: MIT
# Links a DLL around two driver packages that differ, and sees in the simulator which one it stages on which system.
# usage: two_packages_test.sh <build> <product file name>
set -eu -o pipefail
build=$(realpath "$1") file=$2
root=$(realpath "$(dirname "$0")/../..")
work=$build/two
mkdir -p "$work/amd64"

cmake -G Ninja -S "$root" -B "$work/amd64" --toolchain "$root/cmake/windows.cmake" -DTUN_ARCH=amd64 \
    -DTUN_SECOND_PACKAGE=ON >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
pack() {
    mkdir -p "$work/amd64/$1"
    cp "$build/amd64/package/$file".{sys,inf,cat} "$work/amd64/$1/"
    printf '; %s\r\n' "$2" >>"$work/amd64/$1/$file.inf"
    printf '\n; %s\n' "$2" >>"$work/amd64/$1/$file.cat"
}
pack package "first package"
pack package2 "second package"
cmake --build "$work/amd64" --target wintun-release >>"$work/log" 2>&1 || { tail -n 30 "$work/log"; exit 1; }

for system in win10 win11 server; do
    timeout 120 "$build/sim/amd64/sim" --persona $system --sys "$build/amd64/$file.sys" \
        --dll "$work/amd64/release/wintun.dll" run dll_of_two_packages_the_one_for_the_system_is_staged
done
