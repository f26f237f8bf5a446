#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the setup that ships under Wine, one case a run: installs, looks at files, registry and shortcuts, and compares
# with what was there before. Nothing is believed on an exit code alone.
# usage: setup_test.sh <build> <product file name> <case>      setup_test.sh --list names the cases
set -eu -o pipefail
here=$(dirname "$(realpath "$0")")

cases="install_silent_puts_files_registry_shortcut uninstall_leaves_nothing components_none_installs_library_alone
unknown_component_refused upgrade_replaces_older repair_restores_changed_file downgrade_refused
folder_with_foreign_files_refused disk_full_rolls_back file_in_use_changes_nothing upgrade_disk_full_keeps_older
uninstall_keeps_foreign_files log_says_what_was_done unwritable_log_is_no_failure language_is_chosen uninstaller_is_signed
cancelled_changes_nothing"
if [ "$1" = --list ]; then
    for name in $cases; do echo "$name"; done
    exit 0
fi
build=$(realpath "$1") file=$2 name=$3
skip() {
    echo "skipped: $1"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "needs root for a root folder of its own"
[ -f "$build/wine-root/ready" ] || skip "$build/wine-root is missing; \"make wine-root\" as root makes it"

home=$build/wine-root/srv/$name
rm -rf "$home"
mkdir -p "$home"
trap 'rm -rf "$home"' EXIT
# Links for the many files that nobody changes, copies for the registry.
cp -al "$build/wine-root/srv/.wine-new" "$home/prefix"
for hive in "$home"/prefix/*.reg; do
    cp --remove-destination "$build/wine-root/srv/.wine-new/$(basename "$hive")" "$hive"
done
cp "$build"/setup/test/setup-*.exe "$home/"

# Commands see: current, older, newer (setup files), $C (drive c as a folder), and these helpers.
prelude='
export WINEPREFIX=/srv/'$name'/prefix
cd /srv/'$name'
C=$WINEPREFIX/drive_c
P="$C/Program Files/'$(sed -n 's/^!define PRODUCT_NAME "\(.*\)"/\1/p' "$build/setup/product.nsh")'"
current=setup-current.exe older=setup-0.0.1.exe newer=setup-9.9.9.exe
KEY="HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\'$(sed -n 's/^!define PRODUCT_NAME "\(.*\)"/\1/p' "$build/setup/product.nsh")'"
fail() { echo "FAILED: $*" >&2; exit 1; }
run() { code=0; wine "$@" >/dev/null 2>&1 || code=$?; }
expect_code() { [ "$code" = "$1" ] || fail "exit code $code, expected $1"; }
expect_file() { [ -f "$1" ] || fail "$1 is missing"; }
expect_none() { [ ! -e "$1" ] || fail "$1 is there"; }
value() { wine reg query "$KEY" /v "$1" 2>/dev/null | tr -d "\r" | sed -n "s/^ *$1 *REG_[A-Z]* *//p"; }
expect_value() { [ "$(value "$1")" = "$2" ] || fail "$1 is \"$(value "$1")\", expected \"$2\""; }
log() { iconv -f UTF-16 -t UTF-8 "$C/$1"; }
# All that an installation could leave: files outside Temp, and the machine part of the registry.
snapshot() { wineserver -w; find "$C" -path "*/Temp/*" -prune -o -print | sort; wine reg export "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall" "C:\\u.reg" /y >/dev/null 2>&1 || true; tr -d "\000" <"$C/u.reg" 2>/dev/null | tr -d "\r" || true; rm -f "$C/u.reg"; }
sums() { (cd "$1" && find . -type f ! -name uninstall.exe | sort | xargs -d "\n" sha256sum); }
uninstall() { run "$1/uninstall.exe" /S "$2"; wineserver -w; }
'

case_install_silent_puts_files_registry_shortcut='
run $current /S; expect_code 0
for f in bin/wintun.dll bin/amd64/wintun.dll bin/x86/wintun.dll bin/arm64/wintun.dll bin/arm/wintun.dll include/wintun.h lib/x86/wintun.lib example/example.c docs/index.html README.md LICENSE.txt uninstall.exe; do expect_file "$P/$f"; done
cmp "$P/bin/wintun.dll" "$P/bin/x86/wintun.dll" || fail "bin/wintun.dll is not the one of this machine"
expect_none "$P/~new"; expect_none "$P/~old"
expect_value DisplayVersion '$(sed -n 's/^!define PRODUCT_VERSION "\(.*\)"/\1/p' "$build/setup/product.nsh")'
[ -n "$(value Publisher)" ] && [ -n "$(value EstimatedSize)" ] && [ -n "$(value QuietUninstallString)" ] || fail "entry incomplete"
[ "$(find "$C/ProgramData" -name "*.lnk" | wc -l)" = 1 ] || fail "no shortcut"
'
case_uninstall_leaves_nothing='
snapshot >before
run $current /S; expect_code 0
uninstall "$P" ""
snapshot >after
diff before after || fail "the uninstaller left or took something"
'
case_components_none_installs_library_alone='
run $current /S /COMPONENTS=none; expect_code 0
expect_file "$P/bin/wintun.dll"; expect_none "$P/bin/arm64"; expect_none "$P/include"; expect_none "$P/docs"; expect_none "$P/example"
[ -z "$(find "$C/ProgramData" -name "*.lnk")" ] || fail "a shortcut without documentation"
'
case_unknown_component_refused='
snapshot >before
run $current /S /COMPONENTS=sdk,nonsense; expect_code 3
snapshot >after; diff before after || fail "something was changed"
'
case_upgrade_replaces_older='
run $older /S; expect_code 0; expect_value DisplayVersion 0.0.1
echo old >"$P/docs/gone.html"
run $current /S; expect_code 0
expect_none "$P/docs/gone.html"; expect_file "$P/bin/wintun.dll"
[ "$(value DisplayVersion)" != 0.0.1 ] || fail "still the older version"
'
case_repair_restores_changed_file='
run $current /S; expect_code 0
sums "$P" >before
echo changed >"$P/bin/wintun.dll"; rm "$P/include/wintun.h"
run $current /S; expect_code 0
sums "$P" >after; diff before after || fail "not repaired"
'
case_downgrade_refused='
run $newer /S; expect_code 0
sums "$P" >before
run $current /S "/LOG=C:\\l.txt"; expect_code 4
log l.txt | grep -q 9.9.9 || fail "the log does not name the newer version"
sums "$P" >after; diff before after || fail "the newer version was changed"
expect_value DisplayVersion 9.9.9
'
case_folder_with_foreign_files_refused='
mkdir "$C/mine"; echo mine >"$C/mine/file"
snapshot >before
run $current /S "/D=C:\\mine"; expect_code 5
snapshot >after; diff before after || fail "something was changed"
'
case_disk_full_rolls_back='
mkdir "$C/small"; mount -t tmpfs -o size=100k tmpfs "$C/small"
snapshot >before
run $current /S "/D=C:\\small\\target"; expect_code 2
snapshot >after; diff before after || fail "something was left"
'
case_upgrade_disk_full_keeps_older='
mkdir "$C/small"; mount -t tmpfs -o size=64m tmpfs "$C/small"
run $older /S "/D=C:\\small\\target"; expect_code 0
sums "$C/small/target" >before
dd if=/dev/zero of="$C/small/filler" bs=64k 2>/dev/null || true
run $current /S; expect_code 2
sums "$C/small/target" >after; diff before after || fail "the older version was changed"
expect_value DisplayVersion 0.0.1
'
case_file_in_use_changes_nothing='
run $older /S "/D=C:\\target"; expect_code 0
# cmd holds the file open for writing as long as its input lasts.
(sleep 8 | wine cmd /c "pause >> C:\\target\\bin\\wintun.dll" >/dev/null 2>&1) & sleep 2
sums "$C/target" >before
run $current /S "/LOG=C:\\l.txt"; expect_code 7
log l.txt | grep -q "bin.wintun.dll" || fail "the log does not name the file"
sums "$C/target" >after; diff before after || fail "the older version was changed"
expect_value DisplayVersion 0.0.1
wait
'
case_uninstall_keeps_foreign_files='
run $current /S; expect_code 0
echo mine >"$P/mine.txt"
uninstall "$P" ""
expect_file "$P/mine.txt"; expect_none "$P/bin"; expect_none "$P/uninstall.exe"
[ -z "$(value DisplayVersion)" ] || fail "the entry is still there"
'
case_log_says_what_was_done='
run $current /S "/LOG=C:\\l.txt"; expect_code 0
log l.txt | grep -q "installed .* (x86) into C:" || fail "no line about the installation"
uninstall "$P" "/LOG=C:\\u.txt"
log u.txt | grep -q "^uninstalled" || fail "no line about the removal"
'
case_unwritable_log_is_no_failure='
run $current /S "/LOG=C:\\no\\such\\folder\\l.txt"; expect_code 0
expect_file "$P/bin/wintun.dll"
'

# What setup says before its first page is in the system's language.
case_language_is_chosen='
mkdir "$C/mine"; echo mine >"$C/mine/file"
run $current /S /LANG=2052 "/LOG=C:\\l.txt" "/D=C:\\mine"; expect_code 5
log l.txt | grep -q "不属于" || fail "the error is not in Chinese"
run $current /S /LANG=1033 "/LOG=C:\\l.txt" "/D=C:\\mine"; expect_code 5
log l.txt | grep -q "not part of" || fail "the error is not in English"
run $current /S /LANG=7; expect_code 3
'
case_uninstaller_is_signed='
run $current /S; expect_code 0
cp "$P/uninstall.exe" .
'
# The user looks at the first pages and cancels; the question whether he means it is answered with yes.
case_cancelled_changes_nothing='
snapshot >before
code=0; timeout 90 wine $current >/dev/null 2>&1 || code=$?
expect_code 1
snapshot >after; diff before after || fail "something was left"
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

body=case_$name
[ -n "${!body:-}" ] || {
    echo "no case $name" >&2
    exit 2
}
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
