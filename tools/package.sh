#!/bin/bash
# SPDX-License-Identifier: MIT
# Signs the driver package of one architecture, links the DLL around it and signs that too.
# usage: package.sh <build> <product file name> <arch>
#
#   <build>/<arch>/package/          .sys signed, .inf, .cat signed: what the DLL carries; package2/ if two of them
#   <build>/<arch>/release/wintun.dll   the DLL around it before its own signature; this one is under test
#   <build>/<arch>/signed/           wintun.dll, example.exe and selftest.exe as they ship
#
# A signature differs from run to run, so nothing is signed again unless what it covers, or the key, has changed.
set -eu -o pipefail
build=$1 file=$2 arch=$3
out=$build/$arch
root=$(dirname "$0")/..

mkdir -p "$out/release" "$out/signed"
"$root/signing/sign-package.sh" "$build" "$file" "$arch"
# One package, or two when the platform's signing service returned two.
second=OFF
[ ! -d "$out/package2" ] || second=ON
grep -q "^TUN_SECOND_PACKAGE:BOOL=$second\$" "$out/CMakeCache.txt" || cmake -DTUN_SECOND_PACKAGE=$second "$out"
cmake --build "$out" --target wintun-release
"$root/signing/sign.sh" --kind dll --if-changed "$out/release/wintun.dll" "$out/signed/wintun.dll"
"$root/signing/sign.sh" --kind example --if-changed "$out/example.exe" "$out/signed/example.exe"
"$root/signing/sign.sh" --kind tool --if-changed "$out/selftest.exe" "$out/signed/selftest.exe"
