#!/bin/bash
# Runs every test through ctest: the host's tests, and each scenario of the simulator once per architecture and
# system that exist together. Before ctest's own summary it prints the counts of passed, failed and skipped.
# Usage: check.sh <build folder> <product file name> short|long "<architectures>"
set -eu -o pipefail
build=$(realpath "$1") file=$2 extent=$3 arches=$4
here=$(dirname "$(realpath "$0")")
check=$build/check
zip=$(realpath dist/"$file"-[0-9]*[0-9].zip)
mkdir -p "$check"

emulator() {
    case $1 in
    arm64) command -v qemu-aarch64-static ;;
    arm) command -v qemu-arm-static ;;
    esac
}

# The systems that exist on an architecture; the short run samples under emulation.
systems() {
    case $1.$extent in
    amd64.*) echo win7 win81 win10 win11 ;;
    x86.*) echo win7 win81 win10 ;;
    arm64.short) echo win11 ;;
    arm64.long) echo win10 win11 ;;
    arm.short) echo win10 ;;
    arm.long) echo win81 win10 ;;
    esac
}

if [ -f "$build/wine-root/ready" ]; then
    "$here/../tools/step.sh" "setups of other versions" "$build/log/test-setups.log" -- \
        "$here/installer/test-setups.sh" "$build" dist/"$file"-*-setup.exe "$zip"
fi

{
    echo "# Written by tests/check.sh."
    echo "subdirs(\"$build/host\")"
    # The setup that ships, under Wine; each case says itself why it is skipped.
    for name in $("$here/installer/setup_test.sh" --list); do
        echo "add_test(setup.$name \"$here/installer/setup_test.sh\" \"$build\" $file $name)"
        echo "set_tests_properties(setup.$name PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 240 LABELS setup)"
    done
    echo "add_test(product.links \"$here/product/links_test.sh\" \"$zip\")"
    echo "add_test(product.rebrand \"$here/product/rebrand_test.sh\" \"$build\")"
    case " $arches " in *" amd64 "*) echo "add_test(product.two_packages \"$here/product/two_packages_test.sh\" \"$build\" $file)" ;; esac
    for arch in $arches; do
        echo "add_test(abi.machine_code.$arch \"$here/abi/machine_code.sh\" \"$build\" $file $arch)"
        echo "add_test(abi.relative_paths.$arch \"$here/abi/relative_paths.sh\" \"$build\" $arch)"
        echo "add_test(product.sdk.$arch \"$here/product/consumer_test.sh\" \"$build\" $file $arch \"$zip\")"
        sim=$build/sim/$arch/sim
        emulator=$(emulator "$arch" || true)
        # {arch} is the simulator's to fill in: a 32-bit process on a 64-bit system takes the DLL of its own.
        binaries="--sys $build/{arch}/$file.sys --dll $build/{arch}/release/wintun.dll --exe $build/{arch}/example.exe"
        # shellcheck disable=SC2046 # one word for each system
        "$here/sim/list.sh" "$sim" "$emulator" "$extent" $(systems "$arch") |
            while read -r system scenario timeout; do
                name=sim.$arch.$system.$scenario
                echo "add_test($name ${emulator:+\"$emulator\"} \"$sim\" --persona $system ${binaries} run $scenario)"
                echo "set_tests_properties($name PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT $timeout LABELS $arch"
                echo "  ENVIRONMENT \"SIM_EMULATOR=$emulator;SIM_EXTENT=$extent;SIM_BUILD=$build\")"
            done
    done
} >"$check/CTestTestfile.cmake"

# shellcheck disable=SC2046 # one word for each file
sha256sum $(for arch in $arches; do echo "$build/$arch/$file.sys" "$build/$arch/release/wintun.dll"; done) |
    sed "s|$build/|under test: |"

# The host's tests try every call that fails, not samples.
[ "$extent" = short ] || export EVERY_FAULT=1

# ctest's summary stays last; before it stand what was skipped and why, and the counts, made from its lines.
status=0
# CHECK_ARGS are more of ctest's arguments, "-R dll_" for example.
# shellcheck disable=SC2086
ctest --test-dir "$check" -j "${CHECK_JOBS:-2}" ${CHECK_ARGS:-} --output-on-failure --no-tests=error |
    awk -v skipped="$here/skipped.awk" -v journal="$check/Testing/Temporary/LastTest.log" '
    / Passed +[0-9.]+ sec/ { passed++ }
    /\*\*\*Skipped/ { skips++ }
    /\*\*\*(Failed|Timeout|Exception|Not Run)/ { failed++ }
    /^[0-9]+% tests passed/ { summary = 1 }
    summary { tail = tail $0 "\n"; next }
    { print; fflush() }
    END {
        system("awk -f " skipped " " journal)
        printf "\n%d passed, %d failed, %d skipped\n\n%s", passed, failed, skips, tail
    }' || status=$?
exit "$status"
