#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the signed cabinet for the Hardware Dev Center: one folder per architecture with .inf .sys .cat .pdb.
# usage: submission.sh <build> <product file name> <out.cab> <arch>...
#
# Takes the signed packages (<build>/<arch>/package) and the symbols (<build>/<arch>/<file>.pdb). The Dev Center
# accepts no 32-bit ARM. The cabinet is signed as kind "cab": with the EV certificate that is registered there, in
# production mode; a test signature shows only that the pipeline works.
set -eu -o pipefail
here=$(dirname "$0")
. "$here/common.sh"
[ $# -ge 4 ] || die "usage: submission.sh <build> <product file name> <out.cab> <arch>..."
build=$1 file=$2 out=$3
shift 3
command -v gcab >/dev/null || die 'gcab is missing: run "make deps" as root, which installs it'
scratch

for arch in "$@"; do
    [ "$arch" != arm ] || continue
    package=$build/$arch/package
    # At most 40 characters, letters, digits, hyphens; no file at the cabinet's root.
    folder=$scratch/cab/$file-$arch
    mkdir -p "$folder"
    for part in "$package/$file.inf" "$package/$file.sys" "$package/$file.cat" "$build/$arch/$file.pdb"; do
        [ -f "$part" ] || die "$part is missing: run \"make dist\" first"
        cp "$part" "$folder/"
    done
    sign_tool verify --any-root --quiet "$folder/$file.inf" >"$scratch/log" ||
        die "the package for $arch is not good: $(head -n 1 "$scratch/log")"
done
[ -d "$scratch/cab" ] || die "none of these architectures can be submitted: $*"
find "$scratch/cab" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
# One order of names and one time: the same input gives the same bytes.
(cd "$scratch/cab" && find . -type f | LC_ALL=C sort | sed "s|^\./||" | xargs -d "\n" gcab -c -z "$scratch/out.cab") ||
    die "gcab failed"
"$here/sign.sh" --kind cab "$scratch/out.cab" "$out"
