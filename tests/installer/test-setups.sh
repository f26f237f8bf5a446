#!/bin/sh
# SPDX-License-Identifier: MIT
# Puts the setup that ships, and setups of an older and a newer version made of the same files, where the tests look.
# usage: test-setups.sh <build> <setup.exe>
set -eu
build=$1 current=$2
here=$(dirname "$0")
mkdir -p "$build/setup/test"
for version in 0.0.1 9.9.9; do
    if [ ! "$build/setup/test/setup-$version.exe" -nt "$current" ]; then
        SETUP_VERSION=$version SETUP_SIGN=true "$here/../../tools/setup.sh" "$build" "$build/setup/test/setup-$version.exe"
    fi
done
# The product's own values again, for the tests to read.
cmake -DOUTPUT="$build/setup/product.nsh" -P "$here/../../cmake/setup.cmake"
cp "$current" "$build/setup/test/setup-current.exe"
