#!/bin/sh
# SPDX-License-Identifier: MIT
# Puts what the tests of the setup need where they look: the setup that ships, the zip's content, as_machine.exe, and
# setups of an older and a newer version, the older one with a file more.
# usage: test-setups.sh <build> <setup.exe> <zip>
set -eu
build=$1 current=$2 zip=$3
here=$(dirname "$0")
test=$build/setup/test
mkdir -p "$test"
"$here/as-machine.sh" "$test/as_machine.exe"
rm -rf "$test/zip" "$test/stage"
unzip -q "$zip" -d "$test/zip"
if [ ! "$test/setup-9.9.9.exe" -nt "$current" ]; then
    SETUP_VERSION=9.9.9 SETUP_SIGN=true "$here/../../tools/setup.sh" "$build" "$test/setup-9.9.9.exe"
fi
if [ ! "$test/setup-0.0.1.exe" -nt "$current" ]; then
    cp -r "$build/stage/." "$test/stage"
    echo old >"$test/stage/docs/docs/only-in-0.0.1.html"
    SETUP_STAGE=$test/stage SETUP_VERSION=0.0.1 SETUP_SIGN=true \
        "$here/../../tools/setup.sh" "$build" "$test/setup-0.0.1.exe"
    rm -r "$test/stage"
fi
# The product's own values again, for the tests to read.
cmake -DOUTPUT="$build/setup/product.nsh" -P "$here/../../cmake/setup.cmake"
cp "$current" "$test/setup-current.exe"
