# SPDX-License-Identifier: MIT
# The cases of pipeline.sh, a function each.

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
        expect_failure 'cannot be signed' sign "$work/demo.sys" "$work/out"
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
    demo_driver "$work" amd64 10.0
    export SIGN_MODE=production SIGN_CERTS=$pki/signer-chain.pem SIGN_KEY=$pki/locked.key SIGN_PASS=correct
    # Records every command line of the signing tool, and what the tool can see of the environment.
    printf '#!/bin/sh\n{ echo "$*"; env; } >>%s/seen\nexec %s "$@"\n' "$work" "$(command -v osslsigncode)" >"$work/spy"
    chmod +x "$work/spy"
    OSSLSIGNCODE=$work/spy sign "$work/demo.sys" "$work/signed.sys"
    grep -q -- '-readpass' "$work/seen" || fail "the tool was not called as thought"
    ! grep -q '\<correct\>' "$work/seen" || fail "the passphrase can be seen: $(grep '\<correct\>' "$work/seen")"
}

case_bad_certificates() {
    demo_driver "$work" amd64 10.0
    pem_key
    SIGN_CERTS=$pki/expired-chain.pem expect_failure "'Vendor Expired' expired on" sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/early-chain.pem expect_failure "'Vendor Early' is not valid before" sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/server-chain.pem expect_failure "not meant for code signing" sign "$work/demo.sys" "$work/out"
    SIGN_CERTS=$pki/weak-chain.pem expect_failure 'weak digest, sha1' sign "$work/demo.sys" "$work/out"
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
    # SHA-1 alone is not enough.
    osslsigncode sign -h sha1 -certs "$pki/signer-chain.pem" -key "$pki/signer.key" -in "$work/demo.sys" \
        -out "$work/weak.sys" >/dev/null
    refuse 'no signature has a digest stronger than SHA-1' --trust "$pki/root.pem" "$work/weak.sys"
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
    # A stamp of somebody who may not stamp, and a stamp that is for another signature.
    refuse 'the time stamp is not good' --trust "$pki/otherroot.pem" "$work/demo.sys"
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
    printf '#!/bin/sh\nosslsigncode sign -h sha256 -certs %s -key %s -in "$2" -out "$2.s" >/dev/null && mv "$2.s" "$2"\n' \
        "$pki/signer-chain.pem" "$pki/signer.key" >"$work/cloud"
    chmod +x "$work/cloud"
    SIGN_COMMAND="$work/cloud --profile=release" sign "$work/demo.sys" "$work/signed.sys"
    verify "$work/signed.sys"
    SIGN_COMMAND='echo no such vault >&2; false' expect_failure 'no such vault' sign "$work/demo.sys" "$work/out"
    # A command that says yes and does nothing is found out.
    SIGN_COMMAND=true expect_failure 'is not signed' sign "$work/demo.sys" "$work/out"
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
    echo text >"$work/text"
    expect_failure 'neither an image, nor a catalog' sign "$work/text" "$work/out"
    expect_failure 'no such file' sign "$work/none" "$work/out"
}

# What osslsigncode 2.5 can, if it is at hand (OSSLSIGNCODE_25 names it), by the same script.
case_oldest_osslsigncode() {
    if [ ! -x "${OSSLSIGNCODE_25:-}" ]; then
        echo "OSSLSIGNCODE_25 names no program: skipped"
        exit 77
    fi
    export OSSLSIGNCODE=$OSSLSIGNCODE_25
    case_sources_agree
    unset "${!SIGN_PKCS11@}" SIGN_PASS_FILE
    case_pem
    case_cross_certificate
    case_timestamps
    case_dual_and_page_hashes
}

# A build tree with signed packages, as `make dist` leaves one. build_tree FOLDER ARCH...
build_tree() {
    local tree=$1 arch
    shift
    for arch in "$@"; do
        package "$tree/$arch/package" "$arch" 10.0
        "$SIGN_TOOL" strip "$tree/$arch/package/demo.sys" "$tree/$arch/demo.sys"
        cp "$tree/$arch/package/demo.inf" "$tree/$arch/demo.inf"
        echo "symbols of $arch" >"$tree/$arch/demo.pdb"
    done
}

# Plays the platform's part: every driver of a cabinet signed by another authority, with a new catalog.
# platform_sign CAB FOLDER
platform_sign() {
    mkdir -p "$2"
    gcab -x -C "$2" "$1" >/dev/null
    rm -f "$2"/*/*.pdb
    for folder in "$2"/*/; do
        (
            export SIGN_MODE=production SIGN_CERTS=$pki/platform-chain.pem SIGN_KEY=$pki/platform.key
            sign "$folder/demo.sys" "$folder/demo.sys"
            "$signing/make-catalog.sh" "$folder/demo.inf" "$folder/demo.cat"
            sign "$folder/demo.cat" "$folder/demo.cat"
        )
    done
}

accept() {
    "$signing/signed-drivers.sh" "$1" "$work/build" demo "$2" "$work/out.$2"
}

case_submission_round_trip() {
    need gcab
    pem_key
    build_tree "$work/build" amd64 arm64 x86
    "$signing/submission.sh" "$work/build" demo "$work/submission.cab" amd64 arm64 x86 arm
    osslsigncode_verify -CAfile "$pki/root.pem" "$work/submission.cab"
    gcab -t "$work/submission.cab" | tr '\\' / | LC_ALL=C sort >"$work/list"
    for arch in amd64 arm64 x86; do for part in cat inf pdb sys; do echo "demo-$arch/demo.$part"; done; done |
        LC_ALL=C sort | diff - "$work/list" || fail "the cabinet holds something else"
    platform_sign "$work/submission.cab" "$work/returned"
    export SIGNED_DRIVERS_TRUST=$pki/otherroot.pem
    for arch in amd64 arm64 x86; do
        accept "$work/returned" $arch
        for part in sys inf cat; do
            cmp "$work/returned/demo-$arch/demo.$part" "$work/out.$arch/demo.$part" || fail "not taken as it is"
        done
    done
    # A DLL with both packages, ours for older systems; the verifier finds and judges both.
    demo_dll "$work/wintun.dll" amd64 "$work/out.amd64" "$work/build/amd64/package"
    sign --kind dll "$work/wintun.dll" "$work/wintun.dll"
    verify --trust "$pki/otherroot.pem" "$work/wintun.dll"
    grep -q '2 driver packages' "$work/verify.log" || fail "not two packages: $(cat "$work/verify.log")"
    refuse "the chain of 'Platform Driver Signing'" --trust "$pki/root.pem" "$work/wintun.dll"
    mkdir -p "$work/extracted/1" "$work/extracted/2"
    "$SIGN_TOOL" extract "$work/wintun.dll" "$work/extracted" >/dev/null
    cmp "$work/returned/demo-amd64/demo.cat" "$work/extracted/1/demo.cat" || fail "the first package is another"
    cmp "$work/build/amd64/package/demo.sys" "$work/extracted/2/demo.sys" || fail "the second package is another"
}

case_submission_is_reproducible() {
    need gcab
    pem_key
    build_tree "$work/build" amd64 x86
    export SIGN_KINDS=sys
    "$signing/submission.sh" "$work/build" demo "$work/one.cab" amd64 x86
    find "$work/build" -name '*.pdb' -exec touch {} +
    TZ=Asia/Tokyo "$signing/submission.sh" "$work/build" demo "$work/two.cab" amd64 x86
    cmp "$work/one.cab" "$work/two.cab" || fail "two runs differ"
}

case_submission_refuses_damage() {
    need gcab
    pem_key
    build_tree "$work/build" amd64
    rm "$work/build/amd64/demo.pdb"
    expect_failure 'demo.pdb is missing' "$signing/submission.sh" "$work/build" demo "$work/out" amd64
    touch "$work/build/amd64/demo.pdb"
    printf ';' >>"$work/build/amd64/package/demo.inf"
    expect_failure 'the package for amd64 is not good' "$signing/submission.sh" "$work/build" demo "$work/out" amd64
    expect_failure 'none of these architectures' "$signing/submission.sh" "$work/build" demo "$work/out" arm
}

case_returned_drivers_of_another_build() {
    need gcab
    pem_key
    build_tree "$work/build" amd64 arm64
    "$signing/submission.sh" "$work/build" demo "$work/submission.cab" amd64 arm64
    platform_sign "$work/submission.cab" "$work/returned"
    export SIGNED_DRIVERS_TRUST=$pki/otherroot.pem
    accept "$work/returned" amd64
    rm -rf "$work"/out.*
    # Another driver, another INF, a driver that is missing, unsigned, signed by somebody, or a catalog of another.
    cp -r "$work/returned" "$work/bad"
    printf '\x90' | dd of="$work/bad/demo-amd64/demo.sys" bs=1 seek=1040 conv=notrunc status=none
    expect_failure 'is not the driver of this build' accept "$work/bad" amd64
    cp "$work/returned/demo-amd64/demo.sys" "$work/bad/demo-amd64/demo.sys"
    sed -i 's/1.2.3.0/1.2.4.0/' "$work/bad/demo-amd64/demo.inf"
    expect_failure 'is not the INF of this build' accept "$work/bad" amd64
    cp "$work/returned/demo-amd64/demo.inf" "$work/bad/demo-amd64/demo.inf"
    cp "$work/returned/demo-arm64/demo.cat" "$work/bad/demo-amd64/demo.cat"
    expect_failure 'is not in the catalog with the hash that it has' accept "$work/bad" amd64
    cp "$work/returned/demo-amd64/demo.cat" "$work/bad/demo-amd64/demo.cat"
    cp "$work/build/amd64/demo.sys" "$work/bad/demo-amd64/demo.sys"
    expect_failure 'is not signed' accept "$work/bad" amd64
    cp "$work/build/amd64/package/demo.sys" "$work/bad/demo-amd64/demo.sys"
    expect_failure 'the chain of' accept "$work/bad" amd64
    rm "$work/bad/demo-amd64/demo.sys"
    expect_failure 'holds no demo.sys for amd64' accept "$work/bad" amd64
    cp -r "$work/returned/demo-arm64" "$work/bad/again"
    expect_failure 'holds more than one driver for arm64' accept "$work/bad" arm64
    expect_failure 'is no folder' accept "$work/none" amd64
}

# A release like the product's: one DLL per architecture in a zip with checksums, checksums beside it.
# release_tree FOLDER: FOLDER/zip is the archive's content, FOLDER/dist what is published
release_tree() {
    for arch in amd64 arm64; do
        package "$1/package/$arch" $arch 10.0
        demo_dll "$1/zip/demo/bin/$arch/wintun.dll" $arch "$1/package/$arch"
        sign --kind dll "$1/zip/demo/bin/$arch/wintun.dll" "$1/zip/demo/bin/$arch/wintun.dll"
    done
    echo text >"$1/zip/demo/README.md"
    release_pack "$1"
}

release_pack() {
    (cd "$1/zip/demo" && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort |
        xargs sha256sum >SHA256SUMS)
    mkdir -p "$1/dist"
    rm -f "$1/dist"/*
    (cd "$1/zip" && zip -q -r -X "$(realpath "$1/dist")/demo.zip" demo)
    (cd "$1/dist" && sha256sum demo.zip >demo.sha256)
}

case_release_is_verified() {
    need zip
    pem_key
    release_tree "$work/r"
    verify --version 1.2.3 "$work/r/dist"
    grep -q '4 images, 2 driver packages, 1 archives: 0 findings' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    verify "$work/r/dist/demo.zip" "$work/r/zip"
    SIGN_MODE=test VERIFY_TRUST=$pki/root.pem "$signing/verify.sh" "$work/r/dist" >/dev/null || fail "verify.sh has findings"
    refuse 'carries version 1.2.3 and not 1.2.4' --version 1.2.4 --trust "$pki/root.pem" "$work/r/dist"
    refuse 'the signature has no good time stamp' --require-timestamp --trust "$pki/root.pem" "$work/r/dist"

    spoiled() {
        rm -rf "$work/bad"
        cp -r "$work/r" "$work/bad"
    }
    spoiled
    printf 'x' >>"$work/bad/zip/demo/README.md"
    refuse 'README.md is not the file whose checksum is listed' --trust "$pki/root.pem" "$work/bad/zip"
    spoiled
    echo more >"$work/bad/zip/demo/bin/extra"
    refuse 'does not list bin/extra' --trust "$pki/root.pem" "$work/bad/zip"
    spoiled
    rm "$work/bad/zip/demo/README.md"
    refuse 'lists README.md, which is missing' --trust "$pki/root.pem" "$work/bad/zip"
    spoiled
    cp "$work/r/zip/demo/bin/arm64/wintun.dll" "$work/bad/zip/demo/bin/amd64/wintun.dll"
    release_pack "$work/bad"
    refuse 'is for arm64 and lies in the folder amd64' --trust "$pki/root.pem" "$work/bad/dist"
    spoiled
    "$SIGN_TOOL" strip "$work/r/zip/demo/bin/amd64/wintun.dll" "$work/bad/zip/demo/bin/amd64/wintun.dll"
    release_pack "$work/bad"
    refuse 'wintun.dll: is not signed' --trust "$pki/root.pem" "$work/bad/dist"
    spoiled
    printf 'x' | dd of="$work/bad/dist/demo.zip" bs=1 seek=1000 conv=notrunc status=none
    refuse 'cannot be unpacked' --trust "$pki/root.pem" "$work/bad/dist"
    refuse 'demo.zip is not the file whose checksum is listed' --trust "$pki/root.pem" "$work/bad/dist"
    # A DLL around a package whose driver was changed after signing, and one around none.
    spoiled
    printf '\x90' | dd of="$work/bad/package/amd64/demo.sys" bs=1 seek=1040 conv=notrunc status=none
    demo_dll "$work/bad/zip/demo/bin/amd64/wintun.dll" amd64 "$work/bad/package/amd64"
    sign "$work/bad/zip/demo/bin/amd64/wintun.dll" "$work/bad/zip/demo/bin/amd64/wintun.dll"
    refuse 'demo.sys is not in the catalog with the hash that it has' --trust "$pki/root.pem" "$work/bad/zip"
    refuse '(demo.sys): the image was changed after it was signed' --trust "$pki/root.pem" "$work/bad/zip"
    refuse '(demo.sys): the checksum is' --trust "$pki/root.pem" "$work/bad/zip"
    demo_dll "$work/bad/zip/demo/bin/amd64/wintun.dll" amd64
    refuse 'the DLL carries no driver package' --trust "$pki/root.pem" "$work/bad/zip"
}

case_signature_over_other_content() {
    pem_key
    package "$work/package" amd64 10.0
    package "$work/other" amd64 6.1
    verify "$work/package/demo.inf"
    # The time of the list is content that the comparison leaves free, so that only the signature can notice.
    offset=$(openssl asn1parse -inform DER -in "$work/package/demo.cat" | sed -n 's/^ *\([0-9]*\):.*UTCTIME.*/\1/p' | head -n 1)
    printf '9' | dd of="$work/package/demo.cat" bs=1 seek=$((offset + 3)) conv=notrunc status=none
    refuse 'the signature is not over this content' --trust "$pki/root.pem" "$work/package/demo.inf"
    cp "$work/other/demo.cat" "$work/package/demo.cat"
    refuse 'demo.inf is not in the catalog' --trust "$pki/root.pem" "$work/package/demo.inf"
    "$signing/make-catalog.sh" "$work/package/demo.inf" "$work/package/demo.cat"
    refuse 'the catalog is not signed' --trust "$pki/root.pem" "$work/package/demo.inf"
    rm "$work/package/demo.cat"
    refuse 'the catalog demo.cat is missing' --trust "$pki/root.pem" "$work/package/demo.inf"
}

case_releases_differ_in_signatures_alone() {
    need zip
    pem_key
    release_tree "$work/first"
    unset SIGN_CERTS SIGN_KEY SIGN_MODE
    release_tree "$work/second"
    "$SIGN_TOOL" same "$work/first/dist" "$work/second/dist" || fail "there are differences"
    ! cmp -s "$work/first/dist/demo.zip" "$work/second/dist/demo.zip" || fail "nothing was compared"
    # One instruction in one DLL, and one in a driver inside a DLL, do not pass as signatures.
    differs() {
        if "$SIGN_TOOL" same "$work/first/dist" "$work/second/dist" >"$work/same.log"; then
            fail "a difference was missed"
        fi
        grep -q "$1" "$work/same.log" || fail "not '$1' but: $(cat "$work/same.log")"
    }
    cp "$work/second/zip/demo/bin/amd64/wintun.dll" "$work/kept.dll"
    printf '\x90' | dd of="$work/second/zip/demo/bin/amd64/wintun.dll" bs=1 seek=1040 conv=notrunc status=none
    release_pack "$work/second"
    differs 'wintun.dll: section .text differs'
    "$SIGN_TOOL" strip "$work/kept.dll" "$work/second/zip/demo/bin/amd64/wintun.dll"
    release_pack "$work/second"
    "$SIGN_TOOL" same "$work/first/dist" "$work/second/dist" || fail "signed and unsigned are not the same"
    printf '\x90' | dd of="$work/second/package/amd64/demo.sys" bs=1 seek=1040 conv=notrunc status=none
    demo_dll "$work/second/zip/demo/bin/amd64/wintun.dll" amd64 "$work/second/package/amd64"
    release_pack "$work/second"
    differs 'wintun.dll!1: section .text differs'
}

case_bill_of_materials() {
    need jq
    echo one >"$work/one" && echo two >"$work/two"
    "$signing/sbom.sh" "$work/a.spdx.json" "$work/one" "$work/two"
    "$signing/sbom.sh" "$work/b.spdx.json" "$work/two" "$work/one"
    cmp "$work/a.spdx.json" "$work/b.spdx.json" || fail "the order of arguments matters"
    [ "$(jq -r '.files[] | select(.fileName == "./two") | .checksums[1].checksumValue' "$work/a.spdx.json")" = \
        "$(sha256sum <"$work/two" | cut -c1-64)" ] || fail "wrong checksum"
    [ "$(jq -r .spdxVersion "$work/a.spdx.json")" = SPDX-2.3 ] || fail "wrong version"
    # Every element that a relationship names is there.
    jq -r '[.SPDXID, (.packages, .files)[].SPDXID] as $ids | .relationships[] |
        (.spdxElementId, .relatedSpdxElement) | select(. as $id | $ids | index($id) | not)' "$work/a.spdx.json" >"$work/lost"
    [ ! -s "$work/lost" ] || fail "dangling: $(cat "$work/lost")"
    expect_failure 'no such file' "$signing/sbom.sh" "$work/out.json" "$work/three"
}

# Seeds of every kind for fuzzing: fuzz_seeds FOLDER
fuzz_seeds() {
    need zip
    mkdir -p "$1"
    pem_key
    package "$work/seven" amd64 6.1
    package "$work/ten" arm64 10.0
    SIGN_DUAL=1 SIGN_PAGE_HASHES=1 sign "$work/seven/demo.sys" "$1/dual.sys"
    demo_dll "$1/two.dll" amd64 "$work/seven" "$work/ten"
    sign "$1/two.dll" "$1/two.dll"
    cp "$work/seven/demo.inf" "$1/demo.inf"
    cp "$work/seven/demo.cat" "$1/v1.cat"
    cp "$work/ten/demo.cat" "$1/v2.cat"
    cp "$work/ten/demo.sys" "$1/demo.sys"
    (cd "$work/ten" && sha256sum demo.* >SHA256SUMS && zip -q "$1/a.zip" demo.* SHA256SUMS && zip -q -0 "$1/b.zip" "$1/a.zip")
}

case_fuzz() {
    fuzz_seeds "$work/seeds"
    if [ "${FUZZ_KIND:-seeded}" = libfuzzer ]; then
        mkdir -p "$work/corpus"
        "${FUZZ:?}" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=65536 -timeout=10 -print_final_stats=1 \
            -artifact_prefix="$WORK/" "$work/corpus" "$work/seeds" || fail "see above"
        return
    fi
    "${FUZZ:?}" "${FUZZ_SECONDS:-10}" "${FUZZ_SEED:-1}" "$work"/seeds/* || fail "see above; REPLAY repeats a round"
}

# Signing again happens when it has to, and only then.
case_signed_again_only_if_changed() {
    local tree=$work/build/amd64
    package "$work/from" amd64 10.0
    mkdir -p "$tree"
    "$SIGN_TOOL" strip "$work/from/demo.sys" "$tree/demo.sys"
    cp "$work/from/demo.inf" "$tree/demo.inf"
    make_package() {
        "$signing/sign-package.sh" "$work/build" demo amd64
    }
    state() {
        (cd "$tree/package" && stat -c '%n %y' demo.sys demo.inf demo.cat && sha256sum demo.sys demo.inf demo.cat)
    }
    make_package
    first=$(state)
    make_package
    [ "$first" = "$(state)" ] || fail "made again without need"
    pem_key
    make_package
    verify "$tree/package/demo.inf"
    second=$(state)
    [ "$first" != "$second" ] || fail "another key did not matter"
    make_package
    [ "$second" = "$(state)" ] || fail "made again without need"
    printf 'x' >>"$tree/package/demo.sys"
    make_package
    verify "$tree/package/demo.inf"
    # What the platform returned, and back to what we sign ourselves.
    mkdir -p "$work/returned"
    cp "$tree/package"/demo.{sys,inf,cat} "$work/returned/"
    (
        export SIGN_CERTS=$pki/platform-chain.pem SIGN_KEY=$pki/platform.key
        sign "$work/returned/demo.sys" "$work/returned/demo.sys"
        "$signing/make-catalog.sh" "$work/returned/demo.inf" "$work/returned/demo.cat"
        sign "$work/returned/demo.cat" "$work/returned/demo.cat"
    )
    SIGNED_DRIVERS_TRUST=$pki/otherroot.pem SIGNED_DRIVERS=$work/returned make_package
    for part in sys inf cat; do
        cmp "$work/returned/demo.$part" "$tree/package/demo.$part" || fail "not taken as it is"
    done
    make_package
    verify "$tree/package/demo.inf"
}
