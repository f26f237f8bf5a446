#!/bin/bash
# SPDX-License-Identifier: MIT
# Reads the code without running it: clang's static analyzer over all that ships and the signing tool, shellcheck over the
# scripts, clang-format over the layout. A line for each part; ends with an error if there is any finding. Tests and
# simulator are left out of the first: they run under sanitizers, and stop where the analyzer does not see it. usage: analyze.sh <build> <arch>...
set -eu -o pipefail
build=$1
shift
root=$(realpath "$(dirname "$0")/..")
for tool in clang-19 shellcheck clang-format jq; do
    command -v "$tool" >/dev/null || {
        echo "analyze: $tool is missing: run \"make deps\" as root, which installs it" >&2
        exit 1
    }
done
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
total=0

part() {
    local what=$1 count
    count=$(grep -cE '(warning|error):|SC[0-9]+' "$findings" || true)
    printf '  %-36s %s\n' "$what" "$([ "$count" = 0 ] && echo "nothing found" || echo "$count lines")"
    if [ "$count" != 0 ]; then
        cat "$findings"
        total=$((total + 1))
    fi
}

# analyze <build tree> [<pattern of files>]: its commands with the analyzer in place of the code generator. gcc's are
# taken by clang as they are.
analyze() {
    jq -r --arg pattern "${2:-.}" --arg root "$root" 'unique_by(.file)[] | (.file | ltrimstr($root)) as $name |
        select(($name | endswith(".c")) and ($name | test($pattern))) | [.directory, .command] | @tsv' "$1/compile_commands.json" |
        sed -E 's/ -o [^ ]+//; s/ -c / --analyze /; s/\t[^ ]*(cc|gcc|clang-19) /\tclang-19 /' |
        sort -u | xargs -d '\n' -P 2 -I {} sh -c '
            line=$1 tab=$(printf "\t")
            cd "${line%%$tab*}" && eval "${line#*$tab} -Xclang -analyzer-output=text -Wno-unknown-warning-option \
                -Wno-unused-command-line-argument" 2>&1 | grep -E "(warning|error): " || true' sh {} | sort -u >"$findings"
}

for arch in "$@"; do
    analyze "$build/$arch"
    part "$arch: driver, DLL, programs"
done
analyze "$build/host" "^/signing/"
part "host: signing tool"

cd "$root"
git ls-files '*.sh' .ci/run | xargs shellcheck -S warning >"$findings" || true
part "scripts"
git ls-files '*.c' '*.h' | xargs clang-format --dry-run >"$findings" 2>&1
part "layout"
[ "$total" = 0 ]
