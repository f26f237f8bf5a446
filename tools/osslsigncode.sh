#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches the versions of osslsigncode that this system's package sources offer beside the installed one, for tests:
# releases have to come out of Debian's oldest and of newer ones alike. Nothing is installed.
# usage: osslsigncode.sh FOLDER        each version lies in FOLDER/<version>/usr/bin/osslsigncode afterwards
#
# What cannot be had is said and is no failure: the tests of it are skipped.
set -eu
[ $# -eq 1 ] || { echo "usage: osslsigncode.sh FOLDER" >&2; exit 2; }
folder=$1
installed=$(dpkg-query -W -f '${Version}' osslsigncode 2>/dev/null || true)
versions=$(apt-cache madison osslsigncode 2>/dev/null | cut -d '|' -f 2 | tr -d ' ' | sort -u)
work=
log=$folder.log
trap 'rm -rf "$work" "$log"' EXIT
for version in $versions; do
    target=$folder/$version
    if [ "$version" = "$installed" ] || [ -x "$target/usr/bin/osslsigncode" ]; then
        continue
    fi
    mkdir -p "$folder"
    work=$(mktemp -d "$folder/new.XXXXXX")
    # apt fetches as a user of its own, who has to write here.
    chmod 755 "$work"
    [ "$(id -u)" != 0 ] || chown _apt "$work" 2>/dev/null || true
    if ! (cd "$work" && timeout 120 apt-get -q download "osslsigncode=$version") >"$log" 2>&1 ||
        ! dpkg-deb -x "$work"/osslsigncode_*.deb "$work/x"; then
        echo "deps: osslsigncode $version, for tests, cannot be fetched: $(grep -v '^ *$' "$log" | tail -n 1)"
    elif ! "$work/x/usr/bin/osslsigncode" --version >"$log" 2>&1; then
        echo "deps: osslsigncode $version, for tests, does not start: $(head -n 1 "$log")"
    else
        mv "$work/x" "$target"
        echo "deps: osslsigncode $version, for tests, lies in $target"
    fi
    rm -rf "$work"
done
