#!/bin/bash
# SPDX-License-Identifier: MIT
# Takes back what the platform's signing service returned for one architecture, if it is this build.
# usage: signed-drivers.sh <returned folder> <build> <product file name> <arch> <target folder>
#
# The returned folder is searched for the package of that architecture, whatever its folders are called. It has to
# be this build: the driver's Authenticode hash (which a signature leaves alone), the INF byte for byte, and so the
# version. Its catalog has to list both, and driver and catalog have to be signed. SIGNED_DRIVERS_TRUST names the
# roots that are accepted (PEM; Microsoft's, for what comes from the Dev Center); without it signatures are checked
# but not who made them, and a warning says so. On success the three files lie in the target folder, as they are.
set -eu -o pipefail
here=$(dirname "$0")
. "$here/common.sh"
[ $# -eq 5 ] || die "usage: signed-drivers.sh <returned folder> <build> <product file name> <arch> <target folder>"
returned=$1 build=$2 file=$3 arch=$4 target=$5
settings
[ -d "$returned" ] || die "$returned, named by SIGNED_DRIVERS or SIGNED_DRIVERS_WHCP, is no folder"
scratch

hash_of() {
    sign_tool hash "$1" 2>/dev/null | cut -d ' ' -f 1
}

# The one driver of that architecture.
found=
while IFS= read -r -d '' sys; do
    machine=$(sign_tool hash "$sys" 2>/dev/null | cut -d ' ' -f 3) || continue
    if [ "$machine" = "$arch" ]; then
        [ -z "$found" ] || die "$returned holds more than one driver for $arch: $found and $sys"
        found=$sys
    fi
done < <(find "$returned" -type f -iname "$file.sys" -print0 | LC_ALL=C sort -z)
[ -n "$found" ] || die "$returned holds no $file.sys for $arch"
folder=$(dirname "$found")

one() {
    find "$folder" -maxdepth 1 -type f -iname "$file.$1" | head -n 1
}
inf=$(one inf) cat=$(one cat)
[ -n "$inf" ] || die "$folder has no $file.inf"
[ -n "$cat" ] || die "$folder has no $file.cat"
[ "$(hash_of "$found")" = "$(hash_of "$build/$arch/$file.sys")" ] ||
    die "$found is not the driver of this build: its hash without signatures differs from $build/$arch/$file.sys"
cmp -s "$inf" "$build/$arch/$file.inf" || die "$inf is not the INF of this build"
if [ -n "${SIGNED_DRIVERS_TRUST:-}" ]; then
    set -- --trust "$SIGNED_DRIVERS_TRUST"
else
    set -- --any-root
    echo "signed-drivers.sh: warning: SIGNED_DRIVERS_TRUST is not set; who signed is not checked" >&2
fi
mkdir -p "$scratch/package"
cp "$found" "$scratch/package/$file.sys"
cp "$inf" "$scratch/package/$file.inf"
cp "$cat" "$scratch/package/$file.cat"
sign_tool verify "$@" --quiet "$scratch/package/$file.inf" >"$scratch/log" ||
    die "what $returned holds for $arch is not good: $(sed -n "1s|^$scratch/package/||p" "$scratch/log")"
umask 022
mkdir -p "$target"
for part in sys inf cat; do
    cp "$scratch/package/$file.$part" "$target/$file.$part.new"
    chmod 644 "$target/$file.$part.new"
    mv -f "$target/$file.$part.new" "$target/$file.$part"
done
