#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks a finished release from the outside: signatures, chains, time stamps, catalogs, layout of the images, versions,
# the driver packages inside the DLLs, checksums; in folders and in zip archives alike.
# usage: verify.sh PATH...           also `make verify [RELEASE=PATH]`; `sign-tool verify` has more options
#
#   VERIFY_TRUST='a.pem b.cer'   chains may end at these; without it the test authority counts in test mode, and in
#                                production mode the authorities that this machine knows
#   VERIFY_TIMESTAMP=1           a signature without a time stamp is a finding (production mode: always)
set -eu
here=$(dirname "$0")
. "$here/common.sh"
[ $# -gt 0 ] || die "usage: verify.sh PATH..."
settings
for path in "$@"; do
    [ -e "$path" ] || die "$path: no such file or folder"
done

if [ -n "${VERIFY_TRUST:-}" ]; then
    options=
    for file in $VERIFY_TRUST; do
        options="$options --trust $file"
    done
elif [ "${SIGN_MODE:-test}" = test ]; then
    root=${SIGN_TEST_CA:-$here/test-ca}/root.pem
    [ -f "$root" ] || die "whom to trust? Set VERIFY_TRUST to a certificate, for a test release the root.cer in it"
    options="--trust $root"
else
    options=--system-trust
fi
if [ "${VERIFY_TIMESTAMP:-0}" = 1 ] || [ "${SIGN_MODE:-test}" = production ]; then
    options="$options --require-timestamp"
fi
# shellcheck disable=SC2086
sign_tool verify $options "$@"
