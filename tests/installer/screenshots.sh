#!/bin/bash
# SPDX-License-Identifier: MIT
# Pictures of every page of setup and uninstaller, in both languages, to be looked at after a change of them; the one
# of the components in English stands in docs/setup.md.
# usage: screenshots.sh <build> <folder>      root, wine root, what test-setups.sh makes, and ImageMagick's import
set -eu -o pipefail
here=$(dirname "$(realpath "$0")")
build=$(realpath "$1") out=$2
mkdir -p "$out"
name=$(sed -n 's/^!define PRODUCT_NAME "\(.*\)"/\1/p' "$build/setup/product.nsh")
home=$build/wine-root/srv/screenshots
trap 'kill $server 2>/dev/null || true; rm -rf "$home"' EXIT

display=$(mktemp -u)
mkfifo "$display"
exec 9<>"$display"
rm "$display"
Xvfb -displayfd 9 -screen 0 640x480x24 >/dev/null 2>&1 &
server=$!
read -r -t 20 number <&9
export DISPLAY=:$number

# page <picture> <keys that lead on>
page() {
    sleep 3
    import -window root "$out/$language-$1.png"
    shift
    for key in "$@"; do
        xdotool key "$key"
        sleep 0.3
    done
}

for language in english chinese; do
    case $language in
    english) id=1033 agree=alt+a finish=alt+f ;;
    chinese) id=2052 agree=alt+i finish=alt+f ;;
    esac
    rm -rf "$home"
    mkdir -p "$home"
    cp -al "$build/wine-root/srv/.wine32" "$home/prefix"
    for hive in "$home"/prefix/*.reg; do
        cp --remove-destination "$build/wine-root/srv/.wine32/$(basename "$hive")" "$hive"
    done
    cp "$build/setup/test/setup-current.exe" "$home/"
    # Wine's own fonts have no Chinese characters; Windows' in that language do.
    "$here/in-wine-root.sh" "$build" "
        export WINEPREFIX=/srv/screenshots/prefix
        cd /srv/screenshots
        if [ $language = chinese ]; then
            for font in Tahoma 'MS Shell Dlg' 'MS Shell Dlg 2' SimSun 'Microsoft Sans Serif' Arial; do
                wine reg add 'HKCU\\Software\\Wine\\Fonts\\Replacements' /v \"\$font\" /d 'WenQuanYi Micro Hei' /f >/dev/null
            done
            wineserver -w
        fi
        timeout 120 wine setup-current.exe /LANG=$id
        timeout 60 wine \"\$WINEPREFIX/drive_c/Program Files/$name/uninstall.exe\"
        timeout 60 wineserver -w || true
        wineserver -k || true" &
    run=$!
    for _ in $(seq 60); do
        xdotool search --name "$name" >/dev/null 2>&1 && break
        sleep 1
    done
    page 1-welcome alt+n
    page 2-license $agree
    xdotool mousemove 300 216
    page 3-components alt+n
    xdotool mousemove 300 140
    page 4-folder alt+i
    sleep 4
    page 5-installed alt+n
    page 6-finish $finish
    sleep 4
    page 7-uninstall-confirm alt+u
    sleep 3
    page 8-uninstalled Return
    wait $run || echo "$language: the setup or the uninstaller ended with an error" >&2
done
