#!/bin/bash
# SPDX-License-Identifier: MIT
# Shows real packets crossing the shipped binaries: pings answered by the example program, TCP between two network
# namespaces that only two adapters and a program between them connect. The namespaces belong to the simulator's
# processes and go with them, however they end.
# Usage: demo.sh <build folder> <product file name> "<architectures>"
# Environment: COUNT pings (1000), DURATION seconds of each of the four transfers (5), MTU (1500).
set -eu -o pipefail
build=$1 file=$2 arches=${3:-amd64}
count=${COUNT:-1000} duration=${DURATION:-5} mtu=${MTU:-1500}

missing=
[ "$(id -u)" = 0 ] || missing+=$'\n  root, to make network namespaces'
[ -c /dev/net/tun ] || missing+=$'\n  /dev/net/tun, the kernel\'s TUN device (modprobe tun; in a container: --device /dev/net/tun)'
for need in ip:iproute2 ping:iputils-ping iperf3:iperf3; do
    command -v "${need%:*}" >/dev/null || missing+=$'\n'"  ${need%:*} (apt-get install ${need#*:})"
done
emulator() {
    case $1 in
    arm64) echo qemu-aarch64-static ;;
    arm) echo qemu-arm-static ;;
    esac
}
for arch in $arches; do
    emulator=$(emulator "$arch")
    [ -z "$emulator" ] || command -v "$emulator" >/dev/null || missing+=$'\n'"  $emulator (apt-get install qemu-user-static)"
    for binary in "sim/$arch/sim" "$arch/$file.sys" "$arch/release/wintun.dll" "$arch/example.exe"; do
        [ -e "$build/$binary" ] || missing+=$'\n'"  $build/$binary (make build-$arch sim-$arch)"
    done
done
if [ -n "$missing" ]; then
    echo "demo: cannot run here, missing:$missing" >&2
    exit 77
fi

heading() {
    printf '\n=== %s ===\n\n' "$*"
}

status=0
for arch in $arches; do
    emulator=$(emulator "$arch")
    run() {
        SIM_EMULATOR=$emulator $emulator "$build/sim/$arch/sim" --persona win10 --sys "$build/$arch/$file.sys" \
            --dll "$build/$arch/release/wintun.dll" --exe "$build/$arch/example.exe" run "$@" "mtu=$mtu" show=1
    }
    heading "$arch: the shipped binaries${emulator:+, under $emulator}"
    sha256sum "$build/$arch/$file.sys" "$build/$arch/release/wintun.dll" "$build/$arch/example.exe"
    heading "$arch: $count pings through driver, DLL and example.exe"
    run demo_pings_cross_the_example "count=$count" || status=$?
    heading "$arch: TCP between two namespaces, through two adapters and a program between them, $duration s each way"
    run demo_tcp_crosses_two_adapters "seconds=$duration" || status=$?
    [ $status = 0 ] || break
done
heading "$([ $status = 0 ] && echo "all of it passed" || echo "failed with status $status")"
exit $status
