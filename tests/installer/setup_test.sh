#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the setup that ships under Wine, one case of cases.sh a run: installs, looks at files, registry and shortcuts,
# and compares with what was there before. Nothing is believed on an exit code alone.
# usage: setup_test.sh <build> <product file name> <case>      setup_test.sh --list names the cases
set -eu -o pipefail
here=$(dirname "$(realpath "$0")")

if [ "$1" = --list ]; then
    sed -n 's/^case_\([a-z0-9_]*\)=.*/\1/p' "$here/cases.sh"
    exit 0
fi
build=$(realpath "$1") file=$2 name=$3
# shellcheck source=cases.sh
. "$here/cases.sh"
body=case_$name
[ -n "${!body:-}" ] || {
    echo "no case $name" >&2
    exit 2
}
skip() {
    echo "skipped: $1"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "needs root for a root folder of its own"
case $name in
*amd64* | *arm64*) new=$build/wine-root/srv/.wine64 ;;
*) new=$build/wine-root/srv/.wine32 ;;
esac
[ -f "$build/wine-root/ready" ] && [ -d "$new" ] || skip "$build/wine-root is missing or older; \"make wine-root\" as root makes it"
home=$build/wine-root/srv/$name
rm -rf "$home"
mkdir -p "$home"
trap 'rm -rf "$home"' EXIT
# Links for the many files that nobody changes, copies for the registry.
cp -al "$new" "$home/prefix"
for hive in "$home"/prefix/*.reg; do
    cp --remove-destination "$new/$(basename "$hive")" "$hive"
done
cp -r "$build"/setup/test/{setup-*.exe,as_machine.exe,zip} "$home/"
defined() {
    sed -n "s/^!define $1 \"\(.*\)\"/\1/p" "$build/setup/product.nsh"
}

# Commands see: current, older, newer (setup files), $C (drive c as a folder), $P (the target folder), product and
# version, as_machine.exe, zip/ (the zip's content) and these helpers. Their folder is the case's own.
prelude='
export WINEPREFIX=/srv/'$name'/prefix
cd /srv/'$name'
product="'$(defined PRODUCT_NAME)'" version="'$(defined PRODUCT_VERSION)'"
C=$WINEPREFIX/drive_c
P="$C/Program Files/$product"
current=setup-current.exe older=setup-0.0.1.exe newer=setup-9.9.9.exe
KEY="HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\$product"
fail() { echo "FAILED: $*" >&2; exit 1; }
run() { code=0; wine "$@" >/dev/null 2>&1 || code=$?; }
expect_code() { [ "$code" = "$1" ] || fail "exit code $code, expected $1"; }
expect_file() { [ -f "$1" ] || fail "$1 is missing"; }
expect_none() { [ ! -e "$1" ] || fail "$1 is there"; }
value() { wine reg query "$KEY" /v "$1" 2>/dev/null | tr -d "\r" | sed -n "s/^ *$1 *REG_[A-Z]* *//p" | while read -r v; do case $v in 0x*) echo $((v)) ;; *) printf "%s\n" "$v" ;; esac; done; }
expect_value() { [ "$(value "$1")" = "$2" ] || fail "$1 is \"$(value "$1")\", expected \"$2\""; }
log() { iconv -f UTF-16 -t UTF-8 "$C/$1"; }
# All that an installation could leave: files outside Temp, and the machine part of the registry.
snapshot() { wineserver -w; find "$C" -ipath "*/Temp/*" -prune -o -print | sort; wine reg export "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall" "C:\\u.reg" /y >/dev/null 2>&1 || true; tr -d "\000" <"$C/u.reg" 2>/dev/null | tr -d "\r" || true; rm -f "$C/u.reg"; }
sums() { (cd "$1" && find . -type f ! -name uninstall.exe | sort | xargs -d "\n" sha256sum); }
uninstall() { run "$1/uninstall.exe" /S "$2"; wineserver -w; }
# Until a process has the file open or mapped.
wait_for_holder() {
    for second in $(seq 60); do
        ! ls -l /proc/[0-9]*/fd /proc/[0-9]*/map_files 2>/dev/null | grep -qF -e "-> $1" || return 0
        sleep 1
    done
    fail "nobody holds $1"
}
'
display=
if [ "$name" = cancelled_changes_nothing ]; then
    for need in Xvfb xdotool; do
        command -v $need >/dev/null || skip "$need is missing: run \"make deps\" as root"
    done
    mkfifo "$home/display"
    exec 9<>"$home/display"
    Xvfb -displayfd 9 -screen 0 800x600x24 >/dev/null 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null || true; rm -rf "$home"' EXIT
    read -r -t 20 number <&9
    display=:$number
    (
        export DISPLAY=$display
        for _ in $(seq 60); do
            xdotool search --name "Setup$" >/dev/null 2>&1 && break
            sleep 1
        done
        for key in Return Return Escape Return; do
            sleep 2
            xdotool key $key
        done
    ) &
fi

DISPLAY=$display "$here/in-wine-root.sh" "$build" "set -eu
$prelude
${!body}
wineserver -k || true"
if [ "$name" = uninstaller_is_signed ]; then
    # By whom is for `make verify` to judge; here, that somebody did and that the file is as it was signed.
    osslsigncode verify -in "$home/uninstall.exe" >"$home/verify" 2>&1 || true
    digests=$(sed -n 's/^\(Current\|Calculated\) message digest *: *//p' "$home/verify" | sort | uniq -c | awk '$1 == 2')
    [ -n "$digests" ] || { cat "$home/verify"; echo "FAILED: the uninstaller is not signed"; exit 1; }
fi
echo "$name: passed"
