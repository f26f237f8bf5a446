#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the committed state twice without signing, in folders whose paths differ in length, and compares every output
# byte for byte: images, symbols, packages, zip and setup. usage: reproduce.sh      also `make reproduce`
#
# To compare two signed releases, of two machines say, use `sign-tool same A B`: it shows that they differ in their
# signatures alone.
set -eu -o pipefail
here=$(realpath "$(dirname "$0")")
. "$here/common.sh"
scratch
root=$(realpath "$here/..")
set -- amd64 x86 arm64 arm
commit=$(git -C "$root" rev-parse HEAD) || die "needs a git checkout"
first=$scratch/a second=$scratch/a/rather/longer/path/to/b
mkdir -p "$first" "$second"
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH
unset MAKEFLAGS MAKELEVEL BUILD SIGN_CONFIG SIGNED_DRIVERS SIGNED_DRIVERS_WHCP
file=$(product PRODUCT_FILE)
for tree in "$first" "$second"; do
    mkdir -p "$tree/source"
    git -C "$root" archive "$commit" | tar -x -C "$tree/source"
    SIGN_MODE=none make -s -C "$tree/source" ARCHES="$*" dist >"$tree/log" 2>&1 || die "the build fails: $(tail -n 1 "$tree/log")"
    # The second build runs at another time of day, in another zone and locale, under another umask.
    export TZ=Pacific/Kiritimati LC_ALL=C.UTF-8
    umask 027
done
differ=0 count=0
for arch in "$@"; do
    for name in "$file.sys" "$file.inf" "$file.pdb" wintun.dll wintun.pdb example.exe selftest.exe; do
        [ -f "$first/source/build/$arch/$name" ] || die "the build made no $arch/$name"
        count=$((count + 1))
        if ! cmp -s "$first/source/build/$arch/$name" "$second/source/build/$arch/$name"; then
            echo "$arch/$name differs" >&2
            differ=$((differ + 1))
        fi
    done
done
for made in "$first/source/dist"/*; do
    count=$((count + 1))
    if ! cmp -s "$made" "$second/source/dist/$(basename "$made")"; then
        echo "$(basename "$made") differs" >&2
        differ=$((differ + 1))
    fi
done
echo "$count files of $commit built twice: $differ differ"
[ "$differ" = 0 ]
