#!/bin/sh
# SPDX-License-Identifier: MIT
# Puts what a machine needs that is to trust a test release into a folder: two certificates and a guide. In any other
# mode the folder does not come to be, and one that is there goes: nobody shall trust them who has no need to.
# usage: certificates.sh FOLDER
set -eu
here=$(dirname "$0")
. "$here/common.sh"
[ $# -eq 1 ] || die "usage: certificates.sh FOLDER"
settings
rm -rf "$1"
[ "${SIGN_MODE:-test}" = test ] || exit 0
authority=$("$here/test-ca.sh")
mkdir -p "$1"
cp "$here/test-certificate.txt" "$1/README.txt"
cp "$authority"/*.cer "$1/"
