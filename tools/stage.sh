#!/bin/bash
# SPDX-License-Identifier: MIT
# Lays out what ships, by component; zip and setup are made of the same files.
# usage: stage.sh <build> <product file name> <arch>...
#
#   <build>/stage/common     README.md LICENSE.txt certificates/
#   <build>/stage/others     bin/<arch>/wintun.dll
#   <build>/stage/sdk        include/ lib/<arch>/ lib/cmake/ lib/<arch>/pkgconfig/
#   <build>/stage/example    example/
#   <build>/stage/docs       docs/
#   <build>/stage/symbols    <arch>/*.pdb
set -eu -o pipefail
build=$1 file=$2
shift 2
root=$(dirname "$0")/..
stage=$build/stage
rm -rf "$stage"
mkdir -p "$stage"/{common,others,sdk/include,example/example,docs/docs,symbols}

# The pages that the README names are made into HTML here.
sed -E 's#\((docs/[a-z-]+)\.md\)#(\1.html)#g' "$root/README.md" >"$stage/common/README.md"
cp "$root/LICENSE.txt" "$stage/common/"
"$root/signing/certificates.sh" "$stage/common/certificates"

cp "$root/api/wintun.h" "$stage/sdk/include/"
cp "$root"/example/*.c "$root"/example/*.h "$root"/example/sdk/* "$stage/example/example/"
cmake -DSTAGE="$(realpath "$stage")" -P "$root/cmake/sdk.cmake"
for arch in "$@"; do
    mkdir -p "$stage/others/bin/$arch" "$stage/sdk/lib/$arch" "$stage/symbols/$arch" "$stage/example/example/bin/$arch"
    cp "$build/$arch/signed/wintun.dll" "$stage/others/bin/$arch/"
    cp "$build/$arch/signed/example.exe" "$build/$arch/signed/selftest.exe" "$stage/example/example/bin/$arch/"
    cp "$build/$arch/sdk/wintun.lib" "$build/$arch/sdk/libwintun.dll.a" "$stage/sdk/lib/$arch/"
    cp "$build/$arch/$file.pdb" "$build/$arch/wintun.pdb" "$stage/symbols/$arch/"
done
"$root/tools/docs.sh" "$stage/docs/docs"

# One time stamp for all, so that archives of the same content are the same bytes.
find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
