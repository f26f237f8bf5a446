#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the driver package and the DLL under another name and looks for a trace of the product's own, as a vendor who
# rebrands by changing the product definition alone would.
# usage: rebrand_test.sh <build>
set -eu -o pipefail
build=$(realpath -m "$1")
root=$(realpath "$(dirname "$0")/../..")
work=$build/rebrand
mkdir -p "$work"

name=$(sed -n 's/^set(PRODUCT_NAME "\([^"]*\)").*/\1/p' "$root/cmake/product.cmake")
file=$(sed -n 's/^set(PRODUCT_FILE "\([^"]*\)").*/\1/p' "$root/cmake/product.cmake")
sed -e "s/$name/Otherbrand/g" -e "s/\"$file\"/\"otherbrand\"/" -e 's/PRODUCT_POOL_TAG "[^"]*"/PRODUCT_POOL_TAG "Othr"/' \
    -e 's/PRODUCT_PROPERTY_GUID "[^"]*"/PRODUCT_PROPERTY_GUID "01234567-89ab-cdef-0123-456789abcdef"/' \
    "$root/cmake/product.cmake" >"$work/product.cmake"
cmake -G Ninja -S "$root" -B "$work/amd64" --toolchain "$root/cmake/windows.cmake" -DTUN_ARCH=amd64 \
    -DTUN_PRODUCT="$work/product.cmake" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/amd64" >>"$work/log" 2>&1 || { tail -n 30 "$work/log"; exit 1; }

failed=0
for made in otherbrand.sys otherbrand.inf wintun.dll; do
    [ -f "$work/amd64/$made" ] || { echo "$made was not made"; exit 1; }
    # The new name has to be there, or this looks in the wrong place; in the DLL it is UTF-16 too.
    { strings -n 4 "$work/amd64/$made"; strings -n 4 -e l "$work/amd64/$made"; } >"$work/strings"
    grep -qi otherbrand "$work/strings" || { echo "$made: the new name is nowhere"; failed=1; }
    if grep -i "$file" "$work/strings"; then
        echo "$made: the lines above still carry the old name"
        failed=1
    fi
done
tag=$(sed -n 's/.*PRODUCT_POOL_TAG "\([^"]*\)".*/\1/p' "$root/cmake/product.cmake")
if grep -qa "$tag" "$work/amd64/otherbrand.sys"; then
    echo "otherbrand.sys: the pool tag $tag is still there"
    failed=1
fi
exit $failed
