#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes <build>/wine-root: a Debian with Wine of 32 and 64 bits, in which the very x86 setup that ships is run, on a
# system of 32 bits and on one of 64. A root of its own, since the i386 packages of the host must match its amd64 ones
# to the letter and often cannot.
# usage: wine-root.sh <build>       needs root and debootstrap; takes about three minutes and 3.5 GB
set -eu
root=$1/wine-root
# What is inside; one made by an older form of this script is made again.
content="wine of 32 and 64 bits, Chinese font"
[ "$(cat "$root/ready" 2>/dev/null)" != "$content" ] || exit 0
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
mirror=${mirror:-http://deb.debian.org/debian}
certificates=
case $mirror in https:*) certificates=,ca-certificates ;; esac
debootstrap --arch=amd64 --variant=minbase --include="wine,wine64,fonts-wqy-microhei$certificates" bookworm "$root" "$mirror"
"$(dirname "$0")/in-wine-root.sh" "$1" "
    export http_proxy='${http_proxy:-}' https_proxy='${https_proxy:-}' DEBIAN_FRONTEND=noninteractive
    dpkg --add-architecture i386
    apt-get update -q
    apt-get install -y -q --no-install-recommends wine32:i386
    apt-get clean"
rm -rf "$root"/var/lib/apt/lists/*
# One prefix of 32 bits and one of 64; tests take copies.
"$(dirname "$0")/in-wine-root.sh" "$1" '
    for bits in 32 64; do
        export WINEPREFIX=/srv/.wine$bits WINEARCH=win$bits
        wineboot -i
        wineserver -w
    done'
echo "$content" >"$root/ready"
