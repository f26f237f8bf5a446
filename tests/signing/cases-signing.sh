# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Cases of pipeline.sh around one signature: keys, certificates, time stamps, faults. A function each.

case_test_certificate() {
    rm -rf "$work/ca"
    SIGN_TEST_CA=$work/ca package "$work/package" amd64 6.1
    before=$(sha256sum "$work/ca/signer.pem")
    [ "$(stat -c %a "$work/ca")" = 700 ] || fail "the folder of the test key can be read by others"
    [ "$(stat -c %a "$work/ca/signer.key")" = 600 ] || fail "the test key can be read by others"
    "$SIGN_TOOL" verify --trust "$work/ca/root.cer" "$work/package/demo.inf" || fail "not good"
    osslsigncode_verify -CAfile "$work/ca/root.pem" "$work/package/demo.cat"
    # Used again, not made again; and with the commit's time the same bytes come out.
    cp -r "$work/package" "$work/first"
    SIGN_TEST_CA=$work/ca package "$work/package" amd64 6.1
    [ "$before" = "$(sha256sum "$work/ca/signer.pem")" ] || fail "the certificate was made anew"
    diff -r "$work/first" "$work/package" || fail "two runs differ"
}

case_pem() {
    pem_key
    for arch in amd64 x86 arm64 arm; do
        system=10.0
        [ $arch != arm ] || system=6.3
        package "$work/$arch" $arch $system
        verify "$work/$arch/demo.inf"
        osslsigncode_verify -CAfile "$pki/root.pem" "$work/$arch/demo.cat"
        osslsigncode_verify -CAfile "$pki/root.pem" "$work/$arch/demo.sys"
        if osslsigncode verify --help 2>&1 | grep -q -- -catalog; then
            osslsigncode_verify -catalog "$work/$arch/demo.cat" -CAfile "$pki/root.pem" "$work/$arch/demo.sys"
        fi
    done
}

# The same certificate from every source, at the same time of signing, gives the same bytes.
case_sources_agree() {
    need softhsm2-util
    pem_key
    export SIGN_TIME=1767225600
    demo_driver "$work" amd64 10.0
    sign "$work/demo.sys" "$work/pem.sys"
    SIGN_KEY=$pki/locked.key SIGN_PASS_FILE=$pki/pass sign "$work/demo.sys" "$work/locked.sys"
    SIGN_KEY=$pki/locked.key SIGN_PASS=correct sign "$work/demo.sys" "$work/environment.sys"
    (
        unset SIGN_CERTS SIGN_KEY
        SIGN_PKCS12=$pki/signer.p12 SIGN_PASS_FILE=$pki/pass sign "$work/demo.sys" "$work/pkcs12.sys"
    )
    token
    sign "$work/demo.sys" "$work/pkcs11.sys"
    for source in locked environment pkcs12 pkcs11; do
        verify "$work/$source.sys"
        cmp "$work/pem.sys" "$work/$source.sys" || fail "$source differs"
    done
}

# A token of this case alone, with the signer's key. PIN "correct".
token() {
    engines=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')
    module=$(find /usr/lib -name libsofthsm2.so 2>/dev/null | head -n 1)
    if [ ! -e "$engines/pkcs11.so" ] || [ -z "$module" ]; then
        echo "the PKCS#11 engine or softhsm2 is missing: skipped"
        exit 77
    fi
    mkdir -p "$work/tokens"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/tokens" \
        >"$work/softhsm2.conf"
    export SOFTHSM2_CONF=$work/softhsm2.conf
    openssl pkcs8 -topk8 -nocrypt -in "$pki/signer.key" -out "$work/pkcs8.key"
    softhsm2-util --init-token --free --label release --pin correct --so-pin correct >/dev/null
    softhsm2-util --import "$work/pkcs8.key" --token release --label signer --id 01 --pin correct >/dev/null
    unset SIGN_KEY
    export SIGN_CERTS=$pki/signer-chain.pem SIGN_PKCS11_MODULE=$module SIGN_PASS_FILE=$pki/pass
    export SIGN_PKCS11_KEY='pkcs11:token=release;object=signer;type=private'
}

case_pkcs11_wrong_pin() {
    need softhsm2-util
    export SIGN_MODE=production
    demo_driver "$work" amd64 10.0
    token
    SIGN_PASS_FILE=$pki/wrong-pass expect_failure 'refuses the PIN' sign "$work/demo.sys" "$work/out"
    SIGN_PKCS11_KEY='pkcs11:token=release;object=other;type=private' \
        expect_failure 'the token holds no key that SIGN_PKCS11_KEY names' sign "$work/demo.sys" "$work/out"
    SIGN_PKCS11_KEY='pkcs11:token=other;object=signer;type=private' \
        expect_failure 'no token is the one that\|holds no key that SIGN_PKCS11_KEY names' sign "$work/demo.sys" "$work/out"
    SIGN_PASS_FILE='' expect_failure 'asks for a PIN and none is set' sign "$work/demo.sys" "$work/out"
    echo none >"$work/library"
    SIGN_PKCS11_MODULE=$work/library expect_failure 'the token library cannot be loaded' sign "$work/demo.sys" "$work/out"
    SIGN_PKCS11_MODULE=$work/none expect_failure 'cannot read the token library' sign "$work/demo.sys" "$work/out"
    sign "$work/demo.sys" "$work/signed.sys"
    verify "$work/signed.sys"
}

case_wrong_passphrase() {
    demo_driver "$work" amd64 10.0
    export SIGN_MODE=production
    SIGN_PKCS12=$pki/signer.p12 SIGN_PASS_FILE=$pki/wrong-pass \
        expect_failure 'passphrase of .*signer.p12 is wrong' sign "$work/demo.sys" "$work/out"
    export SIGN_CERTS=$pki/signer-chain.pem SIGN_KEY=$pki/locked.key
    SIGN_PASS=wrong expect_failure 'passphrase of .*locked.key is wrong' sign "$work/demo.sys" "$work/out"
    expect_failure 'encrypted and no passphrase is set' sign "$work/demo.sys" "$work/out"
    SIGN_PASS_FILE=$work/none expect_failure 'cannot read the passphrase file' sign "$work/demo.sys" "$work/out"
}

case_passphrase_stays_hidden() {
    need softhsm2-util
    demo_driver "$work" amd64 10.0
    export SIGN_MODE=production SIGN_CERTS=$pki/signer-chain.pem
    # Every program that a run may start is one that records its command line, and the signing tool's environment too.
    local bin=$work/bin program real
    mkdir -p "$bin"
    for program in osslsigncode sign-tool openssl basename cat chmod cp dirname grep head mkdir mktemp mv od rm sed \
        sh sha256sum sleep tail timeout tr; do
        case $program in
        osslsigncode) real=${OSSLSIGNCODE:-$(type -P osslsigncode)} ;;
        sign-tool) real=$SIGN_TOOL ;;
        *) real=$(type -P "$program") ;;
        esac
        {
            printf '#!%s\nprintf "%%s\\n" "%s $*" >>%s/seen\n' "$(type -P bash)" "$program" "$work"
            [ "$program" != osslsigncode ] || printf '%s >>%s/seen\n' "$(type -P env)" "$work"
            printf 'exec %s "$@"\n' "$real"
        } >"$bin/$program"
        chmod +x "$bin/$program"
    done
    hidden() {
        rm -f "$work/seen"
        PATH=$bin:$PATH SIGN_TOOL=$bin/sign-tool OSSLSIGNCODE=$bin/osslsigncode "$@"
        grep -q '^osslsigncode sign .*-readpass' "$work/seen" || fail "the tool was not called as thought"
        grep -q '^sign-tool check-key' "$work/seen" && grep -q '^timeout ' "$work/seen" || fail "not all is watched"
        ! grep '\<correct\>' "$work/seen" || fail "the passphrase can be seen"
    }
    SIGN_KEY=$pki/locked.key SIGN_PASS=correct hidden sign "$work/demo.sys" "$work/pem.sys"
    printf 'SIGN_KEY=%s\nSIGN_PASS=correct\n' "$pki/locked.key" >"$work/settings"
    SIGN_CONFIG=$work/settings hidden sign "$work/demo.sys" "$work/settings.sys"
    (
        unset SIGN_CERTS
        SIGN_PKCS12=$pki/signer.p12 SIGN_PASS_FILE=$pki/pass hidden sign "$work/demo.sys" "$work/pkcs12.sys"
    )
    token
    hidden sign "$work/demo.sys" "$work/pkcs11.sys"
    # A PIN inside the key's URI would be one.
    SIGN_PKCS11_KEY="$SIGN_PKCS11_KEY;pin-value=correct" expect_failure 'SIGN_PKCS11_KEY holds a PIN' \
        sign "$work/demo.sys" "$work/out"
}

case_bad_certificates() {
    demo_driver "$work" amd64 10.0
    pem_key
    SIGN_CERTS=$pki/expired-chain.pem expect_failure "'Vendor Expired' expired on" sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/early-chain.pem expect_failure "'Vendor Early' is not valid before" sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/server-chain.pem expect_failure "not meant for code signing" sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/weak-chain.pem expect_failure 'weak digest, sha1' sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/encipherer-chain.pem expect_failure "key usage of 'Vendor Encipherer' does not allow" \
        sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/small-chain.pem SIGN_KEY=$pki/small.key expect_failure "key of 'Vendor Small' is weak" \
        sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/intermediate.pem expect_failure 'no certificate belongs to the key' \
        sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$work/none.pem expect_failure 'cannot open the certificate file' sign "$work/demo.sys" "$work/out"
    SIGN_KEY=$work/none.key expect_failure 'cannot open the key file' sign "$work/demo.sys" "$work/out"
    SIGN_DIGEST=sha1 expect_failure 'weak or unknown digest' sign "$work/demo.sys" "$work/out"
    (unset SIGN_MODE && expect_failure 'set SIGN_MODE=production' sign "$work/demo.sys" "$work/out")
    (unset SIGN_CERTS SIGN_KEY && expect_failure 'no signing key is set' sign "$work/demo.sys" "$work/out")
    # The existing file stays what it was when signing over it fails.
    cp "$work/demo.sys" "$work/kept.sys"
    SIGN_CERTS=$pki/expired-chain.pem sign "$work/kept.sys" "$work/kept.sys" 2>/dev/null && fail "signed"
    cmp "$work/demo.sys" "$work/kept.sys" || fail "the file was changed"
}

case_verifier_judges_certificates() {
    demo_driver "$work" amd64 10.0
    for name in expired early server; do
        osslsigncode sign -h sha256 -certs "$pki/$name-chain.pem" -key "$pki/signer.key" -in "$work/demo.sys" \
            -out "$work/$name.sys" >/dev/null
    done
    refuse 'certificate has expired' --trust "$pki/root.pem" "$work/expired.sys"
    refuse 'certificate is not yet valid' --trust "$pki/root.pem" "$work/early.sys"
    refuse 'is not meant for code signing' --trust "$pki/root.pem" "$work/server.sys"
    refuse 'is not signed' --trust "$pki/root.pem" "$work/demo.sys"
    pem_key
    sign "$work/demo.sys" "$work/good.sys"
    verify "$work/good.sys"
    refuse 'the chain of .* is not good' --trust "$pki/otherroot.pem" "$work/good.sys"
    # Without the intermediate certificate nothing leads to the root.
    osslsigncode sign -h sha256 -certs "$pki/signer.pem" -key "$pki/signer.key" -in "$work/demo.sys" \
        -out "$work/short.sys" >/dev/null
    refuse 'unable to get local issuer certificate' --trust "$pki/root.pem" "$work/short.sys"
    # An authority for servers cannot make a signer of code.
    osslsigncode sign -h sha256 -certs "$pki/narrowed-chain.pem" -key "$pki/signer.key" -in "$work/demo.sys" \
        -out "$work/narrowed.sys" >/dev/null
    refuse "'Vendor Narrow' may not issue certificates for code signing" --trust "$pki/root.pem" "$work/narrowed.sys"
    # SHA-1 alone is not enough.
    osslsigncode sign -h sha1 -certs "$pki/signer-chain.pem" -key "$pki/signer.key" -in "$work/demo.sys" \
        -out "$work/weak.sys" >/dev/null
    refuse 'no signature has a digest stronger than SHA-1' --trust "$pki/root.pem" "$work/weak.sys"
}

# get32 FILE OFFSET, put32 FILE OFFSET NUMBER: a field of an image
get32() {
    od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}
put32() {
    printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($3 & 255)) $(($3 >> 8 & 255)) $(($3 >> 16 & 255)) $(($3 >> 24 & 255)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# What stands behind a signature is covered by none: signed files that carry such a thing are not as they were signed.
case_bytes_behind_a_signature() {
    demo_driver "$work" amd64 10.0
    pem_key
    sign "$work/demo.sys" "$work/good.sys"
    local directory table size
    directory=$(($(get32 "$work/good.sys" 60) + 168))
    table=$(get32 "$work/good.sys" $directory)
    size=$(get32 "$work/good.sys" $((directory + 4)))
    # In the same entry of the table, then in an entry of its own whose length is wrong.
    cp "$work/good.sys" "$work/behind.sys"
    printf 'evil\0\0\0\0' >>"$work/behind.sys"
    put32 "$work/behind.sys" $((directory + 4)) $((size + 8))
    cp "$work/behind.sys" "$work/entry.sys"
    put32 "$work/behind.sys" "$table" $((size + 8))
    refuse 'a signature is malformed, or something follows it' --trust "$pki/root.pem" "$work/behind.sys"
    # Nor more zeros than align the table.
    printf '\0\0\0\0' | dd of="$work/behind.sys" bs=1 seek=$((table + size)) conv=notrunc status=none
    refuse 'a signature is malformed, or something follows it' --trust "$pki/root.pem" "$work/behind.sys"
    refuse 'the certificate table is malformed' --trust "$pki/root.pem" "$work/entry.sys"
    "$signing/make-catalog.sh" "$work/demo.inf" "$work/demo.cat"
    sign "$work/demo.cat" "$work/demo.cat"
    printf '\0' >>"$work/demo.cat"
    refuse '1 bytes follow the catalog' --trust "$pki/root.pem" "$work/demo.cat"
}

case_cross_certificate() {
    demo_driver "$work" amd64 10.0
    pem_key
    SIGN_CROSS_CERT=$pki/cross.pem sign "$work/demo.sys" "$work/crossed.sys"
    verify "$work/crossed.sys"
    # Whoever trusts only the other root gets there by the cross-certificate.
    "$SIGN_TOOL" verify --trust "$pki/otherroot.pem" "$work/crossed.sys" || fail "the cross-certificate leads nowhere"
    sign "$work/demo.sys" "$work/plain.sys"
    refuse 'the chain of' --trust "$pki/otherroot.pem" "$work/plain.sys"
    SIGN_CROSS_CERT=$pki/oldcross.pem expect_failure "'Vendor Root' expired on" sign "$work/demo.sys" "$work/out"
    SIGN_CROSS_CERT=$pki/stamper.pem expect_failure 'issued none of the chain' sign "$work/demo.sys" "$work/out"
}

case_timestamps() {
    demo_driver "$work" amd64 10.0
    pem_key
    export SIGN_TIMESTAMP_PAUSE=0
    pki=$work/stamper-pki && cp -r "$WORK/pki" "$pki"
    sed -i "s|$WORK/pki|$pki|" "$pki/openssl.cnf"
    # The first server is not there; the second refuses twice and then works: three rounds, the third succeeds.
    pki_stamper 2
    export SIGN_TIMESTAMP="http://127.0.0.1:1/ $stamper_url"
    sign --kind sys "$work/demo.sys" "$work/demo.sys" 2>"$work/log"
    [ "$(cat "$pki/stamper.log" | tr '\n' ' ')" = 'refused refused stamped ' ] || fail "not three rounds: $(cat "$pki/stamper.log")"
    [ "$(grep -c 'no time stamp from http://127.0.0.1:1/' "$work/log")" = 3 ] || fail "$(cat "$work/log")"
    verify --require-timestamp "$work/demo.sys"
    "$signing/make-catalog.sh" "$work/demo.inf" "$work/demo.cat"
    sign --kind cat "$work/demo.cat" "$work/demo.cat" 2>/dev/null
    verify --require-timestamp "$work/demo.inf"
    osslsigncode_verify -CAfile "$pki/root.pem" -TSA-CAfile "$pki/root.pem" "$work/demo.cat"
    # A stamp of somebody who may not stamp.
    refuse 'the time stamp is not good' --trust "$pki/otherroot.pem" "$work/demo.sys"
    # A tool that says yes and adds none.
    printf '#!/bin/sh\n[ "$1" = add ] || exec %s "$@"\nwhile [ "$1" != -in ]; do shift; done\ncp "$2" "$4"\n' \
        "${OSSLSIGNCODE:-$(type -P osslsigncode)}" >"$work/lazy"
    chmod +x "$work/lazy"
    demo_driver "$work/lazy.d" amd64 10.0
    OSSLSIGNCODE=$work/lazy SIGN_TIMESTAMP=$stamper_url expect_failure 'the signature has no good time stamp' \
        sign "$work/lazy.d/demo.sys" "$work/out"
    kill "$stamper_pid"
    wait "$stamper_pid" 2>/dev/null || true
    # A server that answers with the stamp of another signature.
    mkdir "$work/bin"
    printf '#!/bin/sh\nfor last; do :; done\n[ ! -f %s ] || exec cp %s "$last"\n%s "$@" && cp "$last" %s\n' "$work/kept.tsr" \
        "$work/kept.tsr" "$(type -P openssl)" "$work/kept.tsr" >"$work/bin/openssl"
    chmod +x "$work/bin/openssl"
    PATH=$work/bin:$PATH pki_stamper 0
    SIGN_TIMESTAMP=$stamper_url sign "$work/lazy.d/demo.sys" "$work/lazy.d/first.sys"
    SIGN_TIMESTAMP=$stamper_url SIGN_TIMESTAMP_TRIES=1 expect_failure \
        'none of the servers answered\|time stamp is not good' sign --kind cat "$work/demo.cat" "$work/out"
    cat "$work/stderr"
    [ "$(cat "$pki/stamper.log" | tr '\n' ' ')" = 'stamped stamped ' ] || fail "not asked twice: $(cat "$pki/stamper.log")"
    kill "$stamper_pid"
    wait "$stamper_pid" 2>/dev/null || true
    SIGN_TIMESTAMP_TRIES=2 expect_failure 'none of the servers answered' sign "$work/demo.sys" "$work/out"
    unset SIGN_TIMESTAMP
    sign "$work/demo.sys" "$work/bare.sys"
    refuse 'has no good time stamp' --require-timestamp --trust "$pki/root.pem" "$work/bare.sys"
}

case_dual_and_page_hashes() {
    demo_driver "$work" amd64 10.0
    pem_key
    pki=$work/stamper-pki && cp -r "$WORK/pki" "$pki"
    sed -i "s|$WORK/pki|$pki|" "$pki/openssl.cnf"
    SIGN_DUAL=1 sign "$work/demo.sys" "$work/dual.sys"
    verify "$work/dual.sys"
    [ "$(grep -c 'signed by' "$work/verify.log")" = 2 ] || fail "not two signatures"
    grep -q 'with SHA1' "$work/verify.log" && grep -q 'with SHA256' "$work/verify.log" || fail "not SHA-1 and SHA-256"
    osslsigncode_verify -CAfile "$pki/root.pem" "$work/dual.sys"
    pki_stamper 0
    SIGN_TIMESTAMP=$stamper_url SIGN_DUAL=1 sign "$work/demo.sys" "$work/stamped.sys"
    kill "$stamper_pid"
    verify --require-timestamp "$work/stamped.sys"
    [ "$(grep -c 'time-stamped' "$work/verify.log")" = 2 ] || fail "not two time stamps"
    SIGN_PAGE_HASHES=1 sign "$work/demo.sys" "$work/pages.sys"
    verify "$work/pages.sys"
    osslsigncode_verify -CAfile "$pki/root.pem" "$work/pages.sys"
    grep -qi 'page hash' "$work/ossl.log" || fail "there are no page hashes"
    # Catalogs carry one signature whatever is asked for: a second one would replace the first.
    "$signing/make-catalog.sh" "$work/demo.inf" "$work/demo.cat"
    SIGN_DUAL=1 SIGN_PAGE_HASHES=1 sign "$work/demo.cat" "$work/demo.cat"
    mv "$work/dual.sys" "$work/demo.sys"
    verify "$work/demo.inf"
    osslsigncode_verify -CAfile "$pki/root.pem" "$work/demo.cat"
}

case_external_command() {
    demo_driver "$work" amd64 10.0
    export SIGN_MODE=production
    printf '#!/bin/sh\n%s sign -h sha256 -certs %s -key %s -in "$2" -out "$2.s" >/dev/null && mv "$2.s" "$2"\n' \
        "${OSSLSIGNCODE:-osslsigncode}" "$pki/signer-chain.pem" "$pki/signer.key" >"$work/cloud"
    chmod +x "$work/cloud"
    SIGN_COMMAND="$work/cloud --profile=release" sign "$work/demo.sys" "$work/signed.sys"
    verify "$work/signed.sys"
    SIGN_COMMAND='echo no such vault >&2; false' expect_failure 'no such vault' sign "$work/demo.sys" "$work/out"
    # Nobody waits for one that does not come back.
    SIGN_COMMAND='sleep 60; :' SIGN_TIMESTAMP_SECONDS=1 expect_failure 'took longer than 1 seconds' \
        sign "$work/demo.sys" "$work/out"
    # A command that says yes and does nothing is found out.
    SIGN_COMMAND=true expect_failure 'is not signed' sign "$work/demo.sys" "$work/out"
    SIGN_COMMAND=true SIGN_DUAL=1 expect_failure 'have no effect on it' sign "$work/demo.sys" "$work/out"
    # So is one whose certificate may not sign (any more).
    sed "s|signer-chain|expired-chain|" "$work/cloud" >"$work/old"
    sed "s|signer-chain|server-chain|" "$work/cloud" >"$work/server"
    chmod +x "$work/old" "$work/server"
    SIGN_COMMAND="$work/old x" expect_failure "'Vendor Expired' expired on" sign "$work/demo.sys" "$work/out"
    SIGN_COMMAND="$work/server x" expect_failure 'not meant for code signing' sign "$work/demo.sys" "$work/out"
    # It need not know of time stamps: one is added.
    pki=$work/stamper-pki && cp -r "$WORK/pki" "$pki"
    sed -i "s|$WORK/pki|$pki|" "$pki/openssl.cnf"
    pki_stamper 0
    export SIGN_COMMAND="$work/cloud x" SIGN_TIMESTAMP=$stamper_url
    sign "$work/demo.sys" "$work/stamped.sys"
    kill "$stamper_pid"
    verify --require-timestamp "$work/stamped.sys"
    SIGN_TIMESTAMP_TRIES=1 expect_failure 'none of the servers answered' sign "$work/demo.sys" "$work/out"
    SIGN_TIMESTAMP_PAUSE=x expect_failure 'is no number' sign "$work/demo.sys" "$work/out"
}

case_kinds_and_modes() {
    demo_driver "$work" amd64 10.0
    pem_key
    SIGN_KINDS='sys cat' sign --kind example "$work/demo.sys" "$work/copy.sys"
    cmp "$work/demo.sys" "$work/copy.sys" || fail "signed all the same"
    SIGN_KINDS='sys cat' sign --kind sys "$work/demo.sys" "$work/signed.sys"
    verify "$work/signed.sys"
    SIGN_MODE=none sign --kind sys "$work/demo.sys" "$work/none.sys"
    cmp "$work/demo.sys" "$work/none.sys" || fail "signed all the same"
    SIGN_MODE=perhaps expect_failure 'has to be test, production or none' sign "$work/demo.sys" "$work/out"
    printf 'SIGN_MODE=production\nSIGN_CERTS=%s\nSIGN_KEY=%s\n' "$SIGN_CERTS" "$SIGN_KEY" >"$work/settings"
    (
        unset SIGN_MODE SIGN_CERTS SIGN_KEY
        SIGN_CONFIG=$work/settings sign "$work/demo.sys" "$work/config.sys"
    )
    verify "$work/config.sys"
    # Test certificates go out with test releases alone, wherever the mode was set.
    "$signing/certificates.sh" "$work/certificates"
    [ ! -e "$work/certificates" ] || fail "a production release has test certificates"
    SIGN_MODE="test" "$signing/certificates.sh" "$work/certificates"
    [ "$(cd "$work/certificates" && echo *)" = 'README.txt root.cer signer.cer' ] || fail "not: $(ls "$work/certificates")"
    (unset SIGN_MODE && SIGN_CONFIG=$work/settings "$signing/certificates.sh" "$work/certificates")
    [ ! -e "$work/certificates" ] || fail "the mode in the settings file is not seen"
    echo text >"$work/text"
    expect_failure 'neither an image, nor a catalog' sign "$work/text" "$work/out"
    expect_failure 'no such file' sign "$work/none" "$work/out"
}

# version_of PROGRAM: "2.5"
version_of() {
    "$1" --version 2>/dev/null | sed -n 's/^osslsigncode \([0-9]*\.[0-9]*\).*/\1/p' || true
}

# All other cases run with the installed osslsigncode. This one repeats what signs with the other of two: with 2.5,
# Debian 12's own, where a newer one is installed, and with a newer one where that is 2.5. `make deps` fetches what
# apt offers into build/osslsigncode.
case_other_osslsigncode() {
    local installed program version wanted=2.5
    unset OSSLSIGNCODE
    installed=$(version_of osslsigncode)
    [ "$installed" != 2.5 ] || wanted=newer
    for program in "${OSSLSIGNCODE_OTHERS:-/none}"/*/usr/bin/osslsigncode; do
        version=$(version_of "$program")
        case $wanted.$version in
        newer.2.5) ;;
        2.5.2.5 | newer.?*)
            export OSSLSIGNCODE=$program
            break
            ;;
        esac
    done
    if [ -z "${OSSLSIGNCODE:-}" ]; then
        echo "osslsigncode $installed is installed, and in build/osslsigncode is no $wanted one (make deps fetches what apt offers): skipped"
        exit 77
    fi
    echo "osslsigncode $version: $program"
    for repeated in sources_agree pkcs11_wrong_pin wrong_passphrase passphrase_stays_hidden pem cross_certificate \
        timestamps dual_and_page_hashes external_command; do
        rm -rf "${work:?}"/*
        ("case_$repeated")
    done
}

# Fetching that other version, from package sources that the test plays.
case_osslsigncode_is_fetched() {
    local tools=$here/../../tools bin=$work/bin
    mkdir -p "$bin"
    printf '#!/bin/sh\nprintf "installed"\n' >"$bin/dpkg-query"
    printf '#!/bin/sh\nprintf "osslsigncode | %%s | http://debian/ main\\n" installed 2.5-4 2.5-4 3.0-1 4.0-1\n' >"$bin/apt-cache"
    printf '#!/bin/sh\necho "$@" >>%s/fetched\ncase $* in *3.0-1) echo E: gone; exit 1 ;; esac\ntouch "osslsigncode_${3#*=}.deb"\n' \
        "$work" >"$bin/apt-get"
    # The program of 4.0-1 finds no library of its own.
    printf '#!/bin/sh\nmkdir -p "$3/usr/bin"\ncase $2 in *4.0*) e=127 ;; *) e=0 ;; esac\n%s\n' \
        'printf "#!/bin/sh\necho no libsuch.so >&2\nexit $e\n" >"$3/usr/bin/osslsigncode" && chmod +x "$3/usr/bin/osslsigncode"' >"$bin/dpkg-deb"
    chmod +x "$bin"/*
    PATH=$bin:$PATH "$tools/osslsigncode.sh" "$work/others" >"$work/log"
    [ "$(cd "$work/others" && echo *)" = 2.5-4 ] || fail "fetched: $(ls "$work/others")"
    [ -x "$work/others/2.5-4/usr/bin/osslsigncode" ] || fail "the program is not there"
    grep -q '3.0-1, for tests, cannot be fetched: E: gone' "$work/log" || fail "$(cat "$work/log")"
    grep -q '4.0-1, for tests, does not start: no libsuch.so' "$work/log" || fail "$(cat "$work/log")"
    rm "$work/fetched"
    PATH=$bin:$PATH "$tools/osslsigncode.sh" "$work/others" >"$work/log"
    ! grep -q 'installed\|2.5-4' "$work/fetched" || fail "fetched without need: $(cat "$work/fetched")"
}
