#!/bin/bash
# SPDX-License-Identifier: MIT
# The linker and the resource compiler take an argument that begins with a slash for an option: in a checkout below
# /check, llvm-rc reads the name of its input as its /c. Every call of them has to pass cmake/relative.sh, and a call of
# that wrapper with paths below any such folder must leave none that begins with a slash.
# usage: relative_paths.sh <build folder> <architecture>
set -eu -o pipefail
build=$1 arch=$2
root=$(realpath "$(dirname "$0")/../..")

calls=$(ninja -C "$build/$arch" -t commands | grep -E '(lld-link|llvm-rc)-[0-9]+ ') || {
    echo "$build/$arch calls neither linker nor resource compiler" >&2
    exit 1
}
if bare=$(grep -v 'relative\.sh ' <<<"$calls"); then
    printf 'with absolute paths:\n%s\n' "$bare" >&2
    exit 1
fi

given=(/fo /check/tree/build/a.res /check/tree/build/a.rc /pdb:/check/tree/build/a.pdb /check/tree/b.def)
wanted="/fo a.res a.rc /pdb:a.pdb ../b.def"
made=$("$root/cmake/relative.sh" /check/tree/build /check/tree echo "${given[@]}")
if [ "$made" != "$wanted" ]; then
    printf 'relative.sh makes   %s\nit should be made   %s\n' "$made" "$wanted" >&2
    exit 1
fi
echo "$(wc -l <<<"$calls") calls with relative paths"
