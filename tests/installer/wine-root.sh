#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes <build>/wine-root: a Debian of 32 bits with wine32, in which the very x86 setup that ships is run. A root of
# its own, since the i386 packages of the host must match its amd64 ones to the letter and often cannot.
# usage: wine-root.sh <build>       needs root and debootstrap; takes about two minutes and 1.2 GB
set -eu
root=$1/wine-root
[ ! -f "$root/ready" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "wine-root: needs root; run: sudo make wine-root" >&2
    exit 1
fi
if ! command -v debootstrap >/dev/null; then
    echo "wine-root: debootstrap is missing: run \"make deps\" as root" >&2
    exit 1
fi
rm -rf "$root"
mkdir -p "$root"
mirror=$(sed -n 's/^URIs: *\(http[^ ]*\/debian\)\/*$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\(http[^ ]*\/debian\)\/* .*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1)
debootstrap --arch=i386 --variant=minbase --include=wine,wine32 bookworm "$root" "${mirror:-http://deb.debian.org/debian}"
rm -rf "$root"/var/cache/apt/archives/*.deb
"$(dirname "$0")/in-wine-root.sh" "$1" 'wineboot -i && wineserver -w && cp -a .wine .wine-new && rm -rf .wine'
touch "$root/ready"
