#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes everything that users get out of binaries that are built, a line a step, and a table of what was made.
# usage: dist.sh <build> <product file name> <version> <arch>...
set -eu -o pipefail
build=$1 file=$2 version=$3
shift 3
root=$(dirname "$0")/..
step() {
    "$root/tools/step.sh" "$1" "$build/log/$2.log" -- "${@:3}"
}

for arch in "$@"; do
    step "$arch package, signed" "package-$arch" "$root/tools/package.sh" "$build" "$file" "$arch"
done
step "files laid out" stage "$root/tools/stage.sh" "$build" "$file" "$@"
mkdir -p dist
stage=$build/stage
zip=dist/$file-$version.zip symbols=dist/$file-$version-symbols.zip setup=dist/$file-$version-setup.exe
step "zip" zip "$root/tools/zip.sh" "$zip" "$file" "$stage"/{common,others,sdk,example,docs}
step "symbols" symbols "$root/tools/zip.sh" "$symbols" "$file-symbols" "$stage/symbols"
# The setup serves every machine or none: it needs the library of each native architecture that it may meet.
rm -f "$setup"
lacking=
for arch in amd64 x86 arm64; do
    case " $* " in *" $arch "*) ;; *) lacking="$lacking $arch" ;; esac
done
if [ -z "$lacking" ]; then
    step "setup" setup "$root/tools/setup.sh" "$build" "$setup"
else
    setup=
    echo "  no setup: it needs$lacking too"
fi

# Limits of size are promises to users who embed these files.
limit() {
    local size
    size=$(stat -c %s "$1")
    if [ "$size" -ge "$2" ]; then
        echo "$1 has $size bytes, the limit is $2" >&2
        exit 1
    fi
}
for arch in "$@"; do
    limit "$build/$arch/$file.sys" $((96 * 1024))
    limit "$build/$arch/package/$file.sys" $((96 * 1024))
    limit "$build/$arch/signed/wintun.dll" $((768 * 1024))
done

signer() {
    local name
    name=$("${OSSLSIGNCODE:-osslsigncode}" verify -in "$1" 2>/dev/null | sed -n 's/.*Subject: .*CN *= *\([^,/]*\).*/\1/p' | head -n 1) || true
    echo "${name:-not signed}"
}
echo
printf '%-34s %10s  %-40s %s\n' file bytes signer 'SHA-256 before its own signature'
row() {
    local unsigned=
    [ -z "${3:-}" ] || unsigned=$(sha256sum "$3" | cut -c1-64)
    printf '%-34s %10d  %-40s %s\n' "$1" "$(stat -c %s "$2")" "$(case $2 in *.zip) echo - ;; *) signer "$2" ;; esac)" "$unsigned"
}
for arch in "$@"; do
    row "$arch/$file.sys" "$build/$arch/package/$file.sys" "$build/$arch/$file.sys"
    row "$arch/wintun.dll" "$build/$arch/signed/wintun.dll" "$build/$arch/release/wintun.dll"
done
for made in "$zip" "$symbols" ${setup:+"$setup"}; do
    row "$made" "$made"
done
"$root/signing/sbom.sh" "dist/$file-$version.spdx.json" "$zip" "$symbols" ${setup:+"$setup"}
(cd dist && for made in "$zip" "$symbols" ${setup:+"$setup"} "$file-$version.spdx.json"; do sha256sum "${made##*/}"; done >"$file-$version.sha256")
