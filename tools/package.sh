#!/bin/bash
# SPDX-License-Identifier: MIT
# Signs the driver package of one architecture, links the DLL around it and signs that too.
# usage: package.sh <build> <product file name> <arch>
#
#   <build>/<arch>/package/          .sys signed, .inf, .cat signed: what the DLL carries
#   <build>/<arch>/release/wintun.dll   the DLL around it before its own signature; this one is under test
#   <build>/<arch>/signed/           wintun.dll and example.exe as they ship
#
# A signature differs from run to run, so nothing is signed again unless what it covers has changed.
set -eu -o pipefail
build=$1 file=$2 arch=$3
out=$build/$arch
root=$(dirname "$0")/..

mkdir -p "$out/package" "$out/release" "$out/signed"

# Whether $1 has to be made again from the others.
stale() {
    local made=$1 from
    shift
    [ -f "$made" ] || return 0
    for from in "$@"; do
        [ "$made" -nt "$from" ] || return 0
    done
    return 1
}

sys=$out/$file.sys inf=$out/$file.inf
if stale "$out/package/$file.cat" "$sys" "$inf"; then
    rm -f "$out/package/$file.cat"
    cp "$inf" "$out/package/$file.inf"
    "$root/signing/sign.sh" --kind sys "$sys" "$out/package/$file.sys"
    "$root/signing/make-catalog.sh" "$out/package/$file.inf" "$out/package/$file.unsigned.cat"
    "$root/signing/sign.sh" --kind cat "$out/package/$file.unsigned.cat" "$out/package/$file.cat"
    rm -f "$out/package/$file.unsigned.cat"
fi
cmake --build "$out" --target wintun-release
if stale "$out/signed/wintun.dll" "$out/release/wintun.dll"; then
    "$root/signing/sign.sh" --kind dll "$out/release/wintun.dll" "$out/signed/wintun.dll"
fi
if stale "$out/signed/example.exe" "$out/example.exe"; then
    "$root/signing/sign.sh" --kind example "$out/example.exe" "$out/signed/example.exe"
fi
