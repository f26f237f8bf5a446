#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the signed driver package of one architecture, the one that the DLL carries.
# usage: sign-package.sh <build> <product file name> <arch>
#
#   <build>/<arch>/package/    .sys signed, .inf, .cat signed
#   <build>/<arch>/package2/   the same, of a DLL with two packages; missing otherwise
#
# With SIGNED_DRIVERS=<folder> the package is the one that the platform's signing service returned, as it is, after
# signed-drivers.sh found it to be this build. SIGNED_DRIVERS_WHCP=<folder> beside it makes a second package likewise,
# for the systems that do not load the first. Nothing is made again unless input or settings have changed.
set -eu -o pipefail
here=$(dirname "$0")
. "$here/common.sh"
[ $# -eq 3 ] || die "usage: sign-package.sh <build> <product file name> <arch>"
build=$1 file=$2 arch=$3
settings
from=$build/$arch target=$build/$arch/package second=$build/$arch/package2
[ -z "${SIGNED_DRIVERS_WHCP:-}" ] || [ -n "${SIGNED_DRIVERS:-}" ] ||
    die "SIGNED_DRIVERS_WHCP is the second of two packages; name the one package in SIGNED_DRIVERS"

# The DLL is linked again when a file here is newer: replace only what differs.
put() {
    cmp -s "$1" "$2" || { cp "$1" "$2.new" && mv -f "$2.new" "$2"; }
}

# take_back FOLDER TARGET
take_back() {
    "$here/signed-drivers.sh" "$1" "$build" "$file" "$arch" "$scratch/returned"
    (
        umask 022
        mkdir -p "$2"
        rm -f "$2"/*.signed-from
        for part in sys inf cat; do
            put "$scratch/returned/$file.$part" "$2/$file.$part"
        done
    )
}

if [ -n "${SIGNED_DRIVERS:-}" ]; then
    scratch
    take_back "$SIGNED_DRIVERS" "$target"
    if [ -n "${SIGNED_DRIVERS_WHCP:-}" ]; then
        take_back "$SIGNED_DRIVERS_WHCP" "$second"
    else
        rm -rf "$second"
    fi
    exit 0
fi
rm -rf "$second"
mkdir -p "$target"
put "$from/$file.inf" "$target/$file.inf"
"$here/sign.sh" --kind sys --if-changed "$from/$file.sys" "$target/$file.sys"
# Time and identifier of the catalog follow from the commit and the content, so this one changes with them alone.
"$here/make-catalog.sh" "$target/$file.inf" "$from/$file.unsigned.cat"
"$here/sign.sh" --kind cat --if-changed "$from/$file.unsigned.cat" "$target/$file.cat"
