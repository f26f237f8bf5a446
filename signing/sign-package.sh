#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the signed driver package of one architecture, the one that the DLL carries.
# usage: sign-package.sh <build> <product file name> <arch>
#
#   <build>/<arch>/package/   .sys signed, .inf, .cat signed
#
# With SIGNED_DRIVERS=<folder> the package is the one that the platform's signing service returned, as it is, after
# signed-drivers.sh found it to be this build. Nothing is made again unless input or settings have changed.
set -eu -o pipefail
here=$(dirname "$0")
. "$here/common.sh"
[ $# -eq 3 ] || die "usage: sign-package.sh <build> <product file name> <arch>"
build=$1 file=$2 arch=$3
from=$build/$arch target=$build/$arch/package
mkdir -p "$target"

# The DLL is linked again when a file here is newer: replace only what differs.
put() {
    cmp -s "$1" "$2" || { cp "$1" "$2.new" && mv -f "$2.new" "$2"; }
}

if [ -n "${SIGNED_DRIVERS:-}" ]; then
    scratch
    "$here/signed-drivers.sh" "$SIGNED_DRIVERS" "$build" "$file" "$arch" "$scratch/returned"
    umask 022
    rm -f "$target"/*.signed-from
    for part in sys inf cat; do
        put "$scratch/returned/$file.$part" "$target/$file.$part"
    done
    exit 0
fi
put "$from/$file.inf" "$target/$file.inf"
"$here/sign.sh" --kind sys --if-changed "$from/$file.sys" "$target/$file.sys"
# Time and identifier of the catalog follow from the commit and the content, so this one changes with them alone.
"$here/make-catalog.sh" "$target/$file.inf" "$from/$file.unsigned.cat"
"$here/sign.sh" --kind cat --if-changed "$from/$file.unsigned.cat" "$target/$file.cat"
