#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs shell commands inside <build>/wine-root, in namespaces of their own: mounts and processes end with it.
# usage: in-wine-root.sh <build> '<commands>'     DISPLAY is passed on
set -eu
root=$(realpath "$1/wine-root")
commands=$(mktemp "$root/srv/commands.XXXXXX")
trap 'rm -f "$commands"' EXIT
printf '%s\n' "$2" >"$commands"
unshare -m -p -f --kill-child sh -eu -c '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" /usr/bin/env -i HOME=/srv PATH=/usr/sbin:/usr/bin:/sbin:/bin WINEDEBUG=-all \
        DISPLAY="$3" LANG=C.UTF-8 sh -c "cd /srv && . ./$2"' sh "$root" "$(basename "$commands")" "${DISPLAY:-}"
