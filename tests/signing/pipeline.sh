#!/bin/bash
# SPDX-License-Identifier: MIT
# The pipeline with real tools: one case per run, a function case_<name> in cases-*.sh. Exit code 77: a tool is missing, skipped.
# usage: pipeline.sh CASE      SIGN_TOOL and TSA name the host programs, WORK a folder for this case
set -eu -o pipefail
here=$(realpath "$(dirname "$0")")
signing=$(realpath "$here/../../signing")
case=$1
work=${WORK:?}/$case
rm -rf "$work"
mkdir -p "$work"
. "$here/pki.sh"
. "$here/demo.sh"
unset "${!SIGN_@}" 2>/dev/null || true
export SIGN_TOOL=${TOOL:?} SIGN_TEST_CA=$WORK/test-ca SOURCE_DATE_EPOCH=1767225600

fail() {
    echo "$case: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || {
        echo "$1 is missing: skipped"
        exit 77
    }
}
need osslsigncode
need clang-19
need lld-link-19

# One set of certificates for all cases; whoever comes first makes it, and again when pki.sh has changed.
pki=$WORK/pki
complete=$pki/done.$(sha256sum <"$here/pki.sh" | cut -c1-16)
(
    flock 9
    if [ ! -f "$complete" ]; then
        rm -rf "$pki"
        mkdir -p "$pki"
        pki_make
        touch "$complete"
    fi
) 9>"$WORK/lock"

sign() {
    "$signing/sign.sh" "$@"
}

# expect_failure WORDS COMMAND...: fails with exactly one line of words, and leaves no output file.
expect_failure() {
    words=$1
    shift
    rm -f "$work/out"
    if "$@" >"$work/stdout" 2>"$work/stderr"; then
        fail "succeeded where it should say '$words'"
    fi
    grep -q -- "$words" "$work/stderr" || fail "does not say '$words' but: $(cat "$work/stderr")"
    [ "$(grep -vc 'no time stamp from' "$work/stderr")" -le 1 ] || fail "says more than a line: $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || fail "writes to the standard output: $(cat "$work/stdout")"
    if [ -n "$(find "$work" -name 'out*')" ]; then
        fail "leaves a file behind"
    fi
    ! grep -q 'correct\|wrong$' "$work/stderr" || fail "shows a passphrase"
}

verify() {
    "$SIGN_TOOL" verify --trust "$pki/root.pem" "$@" >"$work/verify.log" || {
        cat "$work/verify.log" >&2
        fail "the verifier has findings"
    }
}

# refuse WORDS VERIFY-ARGUMENTS...: the verifier has that finding.
refuse() {
    words=$1
    shift
    if "$SIGN_TOOL" verify "$@" >"$work/verify.log" 2>&1; then
        fail "the verifier accepts what it should call '$words'"
    fi
    grep -q -- "$words" "$work/verify.log" || fail "no finding '$words' but: $(cat "$work/verify.log")"
}

# A package signed whole: sys, then catalog. package FOLDER ARCH SYSTEM
package() {
    demo_driver "$1" "$2" "$3"
    sign --kind sys "$1/demo.sys" "$1/demo.sys"
    "$signing/make-catalog.sh" "$1/demo.inf" "$1/demo.cat"
    sign --kind cat "$1/demo.cat" "$1/demo.cat"
}

# The tool that is under test, in place of the one on the path.
osslsigncode() {
    command "${OSSLSIGNCODE:-osslsigncode}" "$@"
}

osslsigncode_verify() {
    osslsigncode verify "$@" >"$work/ossl.log" 2>&1 || {
        cat "$work/ossl.log" >&2
        fail "osslsigncode does not accept it"
    }
}

pem_key() {
    export SIGN_MODE=production SIGN_CERTS=$pki/signer-chain.pem SIGN_KEY=$pki/signer.key
}

. "$here/cases-signing.sh"
. "$here/cases-release.sh"
. "$here/cases-containers.sh"
"case_$case"
echo "$case: good"
