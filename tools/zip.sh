#!/bin/bash
# SPDX-License-Identifier: MIT
# Packs folders into a zip whose bytes depend on their content alone: sorted names, one time stamp, no owners.
# usage: zip.sh <out.zip> <top folder name> <folder>...    the folders' contents are merged under the top folder
set -eu -o pipefail
out=$(realpath -m "$1") top=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/$top"
for folder in "$@"; do
    cp -a "$folder/." "$work/$top/"
done
(cd "$work/$top" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | sed 's|^\./||' | xargs -d '\n' sha256sum >"$work/SHA256SUMS")
mv "$work/SHA256SUMS" "$work/$top/"
chmod -R u=rwX,go=rX "$work"
find "$work" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm -f "$out"
(cd "$work" && find "$top" -type f | LC_ALL=C sort | TZ=UTC zip -X -q -9 "$out" -@)
