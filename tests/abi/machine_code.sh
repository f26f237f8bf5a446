#!/bin/bash
# SPDX-License-Identifier: MIT
# Looks at the machine code that ships.
#
#   state      the driver of x86 uses no x87, MMX or SSE register, that of amd64 no AVX one: a driver may not touch
#              state that the kernel did not save
#   paging     no section of the driver is pageable (a name that begins with PAGE): the simulator never pages, and would
#              not see one touched at DISPATCH_LEVEL
#   barriers   every ordered access of the rings, compiled as the driver and the DLL compile it, has the instruction
#              that orders it on a weak machine, on the right side of the access
#
# An emulator on x86 shows no weak ordering, so on arm and arm64 the instructions themselves are the evidence.
# usage: machine_code.sh <build> <product file name> <arch>
set -eu -o pipefail
build=$1 file=$2 arch=$3
here=$(dirname "$0")
objdump=llvm-objdump-19
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "$arch: $*" >&2
    failed=1
}

case $arch in
amd64) kernel=x86_64 user=x86_64 ;;
x86) kernel=i686 user=i686 ;;
arm64) kernel=aarch64 user=aarch64 ;;
arm) kernel=thumbv7 user=armv7 ;;
esac

$objdump -d --no-show-raw-insn --no-leading-addr "$build/$arch/$file.sys" >"$work/driver.s"
[ "$(grep -c . "$work/driver.s")" -gt 1000 ] || fail "the disassembly of $file.sys is empty"
case $arch in
x86)
    if grep -nE '%(xmm|mm|st)[0-9(]|%st\b|\bf(ld|st|ild|istp|xch)[a-z]*\b' "$work/driver.s" | head -n 5; then
        fail "$file.sys touches x87, MMX or SSE state"
    fi
    ;;
amd64)
    if grep -nE '%[yz]mm[0-9]|^\s+v[a-z]+' "$work/driver.s" | head -n 5; then
        fail "$file.sys touches AVX state"
    fi
    ;;
esac

sections=$($objdump -h "$build/$arch/$file.sys" | awk '$1 ~ /^[0-9]+$/ { print $2 }')
grep -qx INIT <<<"$sections" || fail "$file.sys has no INIT section, or its sections were not read"
! grep '^PAGE' <<<"$sections" || fail "$file.sys has a pageable section"

# The instructions of one function, mnemonics only, in order.
body() {
    awk -v name="$2" '$0 ~ "<_?" name ">:" { on = 1; next } on && /^$/ { on = 0 } on { print }' "$1" | sed 's/^[[:space:]]*//'
}

# Whether the lines of a function match patterns in this order.
ordered() {
    local lines=$1
    shift
    local pattern
    for pattern in "$@"; do
        lines=$(awk -v pattern="$pattern" 'found { print } !found && $0 ~ pattern { found = 1; print "found" }' <<<"$lines")
        [ "${lines%%$'\n'*}" = found ] || return 1
        lines=$(sed 1d <<<"$lines")
    done
}

check() {
    local listing=$1 who=$2 name=$3
    shift 3
    ordered "$(body "$listing" "$name")" "$@" || {
        fail "$who: $name does not have, in this order: $*"
        body "$listing" "$name" >&2
    }
}

kernel_options="--target=$kernel-pc-windows-msvc -ffreestanding -fms-extensions"
[ "$arch" != x86 ] || kernel_options="$kernel_options -mno-80387 -mno-mmx -mno-sse"
user_options="--target=$user-w64-windows-gnu -ffreestanding"
for who in kernel user; do
    options=${who}_options
    # shellcheck disable=SC2086
    clang-19 ${!options} -std=gnu11 -O2 -fno-strict-aliasing -I"$here/../../driver" -c "$here/ring_accessors.c" -o "$work/$who.obj"
    listing=$work/$who.s
    $objdump -d --no-show-raw-insn --no-leading-addr "$work/$who.obj" >"$listing"
    case $arch in
    arm64)
        check "$listing" $who AccessLoadTailAcquire 'ldap?r[[:space:]]'
        check "$listing" $who AccessLoadHeadAcquire 'ldap?r[[:space:]]'
        check "$listing" $who AccessStoreTailRelease 'stlr[[:space:]]'
        check "$listing" $who AccessStoreHeadRelease 'stlr[[:space:]]'
        check "$listing" $who AccessArmAlertable 'str[[:space:]]' 'dmb[[:space:]]+ish$'
        check "$listing" $who AccessConsumerIsAlertable 'dmb[[:space:]]+ish$' 'ldr[[:space:]]'
        ;;
    arm)
        check "$listing" $who AccessLoadTailAcquire 'ldr' 'dmb[[:space:]]+ish$'
        check "$listing" $who AccessLoadHeadAcquire 'ldr' 'dmb[[:space:]]+ish$'
        check "$listing" $who AccessStoreTailRelease 'dmb[[:space:]]+ish$' 'str'
        check "$listing" $who AccessStoreHeadRelease 'dmb[[:space:]]+ish$' 'str'
        check "$listing" $who AccessArmAlertable 'str' 'dmb[[:space:]]+ish$'
        check "$listing" $who AccessConsumerIsAlertable 'dmb[[:space:]]+ish$' 'ldr'
        ;;
    amd64 | x86)
        # Loads and stores are ordered by the machine; only the full fence takes an instruction.
        check "$listing" $who AccessArmAlertable 'mov' '(mfence|lock|xchg)'
        check "$listing" $who AccessConsumerIsAlertable '(mfence|lock|xchg)' '(cmp|mov)'
        ;;
    esac
done
[ $failed = 0 ] && echo "$arch: machine code as it should be"
exit $failed
