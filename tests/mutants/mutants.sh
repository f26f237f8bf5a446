#!/bin/bash
# Breaks the driver and the DLL in one way at a time, and reports whether the test that is to notice does.
# README.md has the format of a mutant. Everything happens in a copy, for amd64.
# Usage: mutants.sh <build folder> <product file name> [pattern of names]
set -eu -o pipefail
file=$2 pattern=${3:-.}
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
build=$(realpath "$1")
sim=$build/sim/amd64/sim
scratch=$build/mutants
src=$scratch/src out=$scratch/amd64 host=$scratch/host log=$scratch/log
caught=0 bad=0

rm -rf "$src" "$log"
mkdir -p "$src" "$log"
(cd "$root" && git ls-files -z | xargs -0 cp --parents -t "$src" --)

# Puts into $out what the sources in $src give. Without its own time stamps a file that is put back is built anew.
compile() {
    cmake --build "$out" --target driver-image wintun example
}

# run_test <kind> <name> [system]: 0 if it passes, 1 if it fails as a test fails, 2 if it could not be run.
run_test() {
    local status=0
    case $1 in
    sim)
        SIM_BUILD=$build timeout -k 5 240 "$sim" --persona "${3:-win10}" --sys "$out/$file.sys" \
            --dll "$out/wintun.dll" --exe "$out/example.exe" run "$2" || status=$?
        # 1 and 3 are the simulator's own verdicts; what never ends is noticed too. 2 and 77: it did not run.
        case $status in 0 | 1) return $status ;; 3 | 124 | 137) return 1 ;; *) return 2 ;; esac
        ;;
    host)
        [ -f "$host/build.ninja" ] || cmake -G Ninja -S "$src" -B "$host" -DTUN_HOST_TESTS=ON || return 2
        cmake --build "$host" --target "$2" || return 2
        ctest --test-dir "$host" -R "^host-$2\$" --no-tests=error --output-on-failure --timeout 240 || return 1
        ;;
    *)
        echo "a test is one of sim and host, not $1"
        return 2
        ;;
    esac
}

# The line of a test's output that says what was wrong.
verdict() {
    grep -aE '^(STOP|FAIL) |: error: |\[  FAILED' "$1" | head -n 1 | sed "s|$root/||" | cut -c 1-130
}

header() { sed -n "s/^$2: //p;/^--- /q" "$1" | head -n 1; }

report() {
    printf '  %-9s %-44s %s\n' "$1" "$2" "$3"
    case $1 in caught) caught=$((caught + 1)) ;; *) bad=$((bad + 1)) ;; esac
}

mutants=$(for patch in "$here"/*.patch; do basename "$patch" .patch; done | grep -E -e "$pattern") ||
    { echo "mutants: no name matches $pattern" >&2; exit 2; }

echo "mutants: building what is not broken"
{
    [ -f "$out/build.ninja" ] ||
        cmake -G Ninja -S "$src" -B "$out" --toolchain "$src/cmake/windows.cmake" -DTUN_ARCH=amd64
    compile
} >"$log/build" 2>&1 || { tail -n 20 "$log/build" >&2; exit 1; }

# A test that fails anyway notices nothing.
for name in $mutants; do header "$here/$name.patch" test; done | sort -u | while read -r kind test system; do
    # shellcheck disable=SC2086
    run_test $kind $test $system >"$log/whole-$test" 2>&1 </dev/null || {
        echo "mutants: without any mutant, $kind $test does not pass:" >&2
        tail -n 20 "$log/whole-$test" >&2
        exit 1
    }
done
echo "mutants: every test passes on what is not broken"

for name in $mutants; do
    patch=$here/$name.patch start=$(date +%s)
    read -r kind test system <<<"$(header "$patch" test)"
    if ! patch -d "$src" -p1 -s --no-backup-if-mismatch -r - <"$patch" >"$log/$name" 2>&1; then
        report STALE "$name" "the patch does not apply"
        (cd "$root" && git ls-files -z | xargs -0 cp --parents -t "$src" --)
        continue
    fi
    if [ "$kind" = sim ] && ! compile >>"$log/$name" 2>&1; then
        report BROKEN "$name" "it does not compile"
    else
        status=0
        # shellcheck disable=SC2086
        run_test $kind $test $system >"$log/$name" 2>&1 </dev/null || status=$?
        wanted=$(header "$patch" says)
        if [ $status = 0 ]; then
            report SURVIVED "$name" "$test passes"
        elif [ $status = 2 ]; then
            report UNTESTED "$name" "$test could not be run"
        elif [ -n "$wanted" ] && ! grep -aqF -- "$wanted" "$log/$name"; then
            report ELSEWHERE "$name" "$test fails, but not with \"$wanted\": $(verdict "$log/$name")"
        else
            report caught "$name" "$test, $(($(date +%s) - start)) s: $(verdict "$log/$name")"
        fi
    fi
    patch -d "$src" -p1 -s -R --no-backup-if-mismatch -r - <"$patch"
done
echo "mutants: $((caught + bad)) in all, $caught caught, $bad not"
[ $bad = 0 ]
