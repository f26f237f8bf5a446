# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Cases of pipeline.sh around `make verify`: what is inside setups and cabinets, and revoked certificates.

# accepts PATH... and rejects WORDS PATH...: verify.sh, with the vendor's root
accepts() {
    SIGN_MODE=test VERIFY_TRUST=$pki/root.pem "$signing/verify.sh" "$@" >"$work/verify.log" 2>&1 ||
        fail "has findings: $(cat "$work/verify.log")"
}
rejects() {
    local words=$1
    shift
    if SIGN_MODE=test VERIFY_TRUST=$pki/root.pem "$signing/verify.sh" "$@" >"$work/verify.log" 2>&1; then
        fail "accepts what it should call '$words'"
    fi
    grep -q -- "$words" "$work/verify.log" || fail "no finding '$words' but: $(cat "$work/verify.log")"
}

need_unpacker() {
    type -P 7zz >/dev/null || need 7z
}

# cabinet OUT FOLDER [NAME [DIGEST]]: an unsigned cabinet, or one that the certificate NAME signed.
cabinet() {
    (cd "$2" && find . -type f | sed 's|^\./||' | LC_ALL=C sort | xargs gcab -c -z "$work/plain.cab")
    rm -f "$1"
    if [ -z "${3:-}" ]; then
        mv "$work/plain.cab" "$1"
    else
        osslsigncode sign -h "${4:-sha256}" -certs "$pki/$3-chain.pem" -key "$pki/signer.key" -in "$work/plain.cab" \
            -out "$1" >/dev/null
    fi
    rm -f "$work/plain.cab"
}

case_cabinet_is_verified() {
    need gcab
    need_unpacker
    pem_key
    build_tree "$work/build" amd64 arm64
    "$signing/submission.sh" "$work/build" demo "$work/good.cab" amd64 arm64
    accepts "$work/good.cab"
    grep -q '4 images, 2 driver packages, .*: 0 findings' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    mkdir "$work/dist"
    cp "$work/good.cab" "$work/dist/"
    accepts "$work/dist"
    VERIFY_TIMESTAMP=1 rejects "the cabinet's signature has no time stamp" "$work/good.cab"
    mkdir "$work/in"
    for arch in amd64 arm64; do
        cp -r "$work/build/$arch/package" "$work/in/demo-$arch"
    done
    local bad=$work/bad.cab
    cabinet "$bad" "$work/in"
    rejects 'not good: there is none' "$bad"
    cabinet "$bad" "$work/in" expired
    rejects "the cabinet's signature is not good" "$bad"
    cabinet "$bad" "$work/in" server
    rejects "the cabinet's signature is not good" "$bad"
    cabinet "$bad" "$work/in" signer sha1
    rejects 'no digest stronger than SHA-1' "$bad"
    cp "$work/good.cab" "$bad"
    printf 'x' | dd of="$bad" bs=1 seek=$(($(stat -c %s "$bad") / 4)) conv=notrunc status=none
    rejects 'the cabinet was changed after it was signed' "$bad"
    rejects "the cabinet's signature is not good" "$work/good.cab" "$bad"
    SIGN_MODE=test VERIFY_TRUST=$pki/otherroot.pem "$signing/verify.sh" "$work/good.cab" >"$work/verify.log" 2>&1 &&
        fail "trusts anybody"
    grep -q "the cabinet's signature is not good" "$work/verify.log" || fail "$(cat "$work/verify.log")"
    # Damage that was there before the cabinet was signed, and a layout that the Dev Center refuses.
    cp -r "$work/in" "$work/damaged"
    printf ';' >>"$work/damaged/demo-arm64/demo.inf"
    cabinet "$bad" "$work/damaged" signer
    rejects 'bad.cab!demo-arm64/demo.inf: demo.inf is not in the catalog' "$bad"
    cabinet "$bad" "$work/in/demo-amd64" signer
    rejects 'has files outside of folders' "$bad"
    echo text >"$work/text.cab"
    rejects 'neither an image' "$work/text.cab"
    mv "$work/text.cab" "$work/dist/"
    rejects 'is named like a cabinet and is none' "$work/dist"
}

# demo_setup OUT FOLDER [UNINSTALLER-SIGNER]: a setup that installs the folder's files, as the product's does.
demo_setup() {
    {
        printf 'Unicode true\nSetCompressor /SOLID lzma\nName Demo\nOutFile "%s"\nRequestExecutionLevel user\n' "$1"
        printf 'VIProductVersion %s.0\n' "${demo_version:-1.2.3}"
        printf 'VIAddVersionKey /LANG=0 "%s" "1.2.3"\n' ProductName CompanyName FileDescription FileVersion ProductVersion
        printf '!uninstfinalize '"'%s \"%%1\"'"' = 0\n!finalize '"'%s \"%%1\"'"' = 0\n' "${3:-$work/sign}" "$work/sign"
        printf 'Section\nSetOutPath $INSTDIR\nFile /r "%s/*"\nUserInfo::GetName\n' "$2"
        printf 'WriteUninstaller $INSTDIR\\uninstall.exe\nSectionEnd\nSection Uninstall\nSectionEnd\n'
    } >"$work/setup.nsi"
    rm -f "$1"
    makensis -V1 -NOCD "$work/setup.nsi" >"$work/nsis.log" 2>&1 || fail "makensis: $(cat "$work/nsis.log")"
}

case_setup_is_verified() {
    need makensis
    need zip
    need_unpacker
    pem_key
    release_tree "$work/r"
    printf '#!/bin/sh\nexec %s/sign.sh "$1" "$1"\n' "$signing" >"$work/sign"
    chmod +x "$work/sign"
    local dist=$work/r/dist setup=$work/r/dist/demo-setup.exe
    rm "$dist/demo.sha256"
    demo_setup "$setup" "$work/r/zip/demo"
    accepts "$dist"
    grep -q 'demo-setup.exe: note: 6 of its files are in the release' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    grep -q 'demo-setup.exe!uninstall.exe: note: signed by' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    ! grep -q 'not compared' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    # Alone, its images are judged and its texts are not.
    accepts "$setup"
    grep -q '5 images, 2 driver packages' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    grep -q 'note: 4 texts and libraries are not compared' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    # What is not the release's: another text, an unsigned DLL, a package that was changed, an unsigned uninstaller.
    local other=$work/other
    again() {
        rm -rf "$other"
        cp -r "$work/r/zip/demo" "$other"
    }
    again
    echo more >>"$other/README.md"
    demo_setup "$setup" "$other"
    rejects 'demo-setup.exe: holds README.md, which the release.s archives do not' "$dist"
    again
    "$SIGN_TOOL" strip "$work/r/zip/demo/bin/arm64/wintun.dll" "$other/bin/arm64/wintun.dll"
    demo_setup "$setup" "$other"
    rejects 'demo-setup.exe!bin/arm64/wintun.dll: is not signed' "$dist"
    rejects 'demo-setup.exe!bin/arm64/wintun.dll: is not signed' "$setup"
    again
    printf '\x90' | dd of="$other/bin/amd64/wintun.dll" bs=1 seek=1040 conv=notrunc status=none
    demo_setup "$setup" "$other"
    rejects 'demo-setup.exe!bin/amd64/wintun.dll: the image was changed after it was signed' "$dist"
    demo_setup "$setup" "$work/r/zip/demo" true
    rejects 'demo-setup.exe!uninstall.exe: is not signed' "$dist"
    again
    cp "$other/bin/arm64/wintun.dll" "$other/bin/amd64/wintun.dll"
    demo_setup "$setup" "$other"
    rejects 'demo-setup.exe!bin/amd64/wintun.dll: is for arm64 and lies in the folder amd64' "$dist"
    again
    cp "$other/bin/arm64/wintun.lib" "$other/bin/amd64/wintun.lib"
    demo_setup "$setup" "$other"
    rejects 'demo-setup.exe: holds bin/amd64/wintun.lib, which' "$dist"
    # One version, inside as outside.
    demo_version=1.2.4 demo_setup "$setup" "$work/r/zip/demo"
    rejects 'demo-setup.exe!bin/amd64/wintun.dll: carries version 1.2.3 and not 1.2.4' "$setup"
    demo_setup "$setup" "$work/r/zip/demo" true
    # Found in an archive too, and missed by nobody when it cannot be unpacked.
    (cd "$dist" && zip -q other.zip demo-setup.exe && rm demo-setup.exe)
    rejects 'other.zip/demo-setup.exe!uninstall.exe: is not signed' "$dist"
    mkdir "$work/bin"
    printf '#!/bin/sh\necho "ERROR: unsupported" >&2\nexit 2\n' >"$work/bin/7zz"
    chmod +x "$work/bin/7zz"
    demo_setup "$setup" "$work/r/zip/demo"
    PATH=$work/bin:$PATH rejects 'demo-setup.exe: cannot be unpacked: ERROR: unsupported' "$setup"
}

case_revoked_certificate() {
    need gcab
    need_unpacker
    demo_driver "$work" amd64 10.0
    pem_key
    pki=$work/own-pki && cp -r "$WORK/pki" "$pki"
    sed -i "s|$WORK/pki|$pki|" "$pki/openssl.cnf"
    # revocation_list OUT OPTION DURATION: a list of the intermediate authority, on which the signer stands.
    revocation_list() {
        openssl ca -config "$pki/openssl.cnf" -gencrl -cert "$pki/intermediate.pem" -keyfile "$pki/intermediate.key" \
            "$2" "$3" -out "$1" 2>"$work/openssl.log" || fail "$(cat "$work/openssl.log")"
    }
    pki_stamper 0
    sign "$work/demo.sys" "$work/plain.sys"
    SIGN_TIMESTAMP=$stamper_url sign "$work/demo.sys" "$work/before.sys"
    kill "$stamper_pid"
    revocation_list "$work/none.crl" -crldays 30
    VERIFY_CRL=$work/none.crl accepts "$work/plain.sys"
    grep -q "note: no revocation list is about 'Vendor Intermediate'" "$work/verify.log" || fail "$(cat "$work/verify.log")"
    ! grep -q "no revocation list is about 'Vendor Signing'" "$work/verify.log" || fail "$(cat "$work/verify.log")"
    sleep 1
    openssl ca -config "$pki/openssl.cnf" -cert "$pki/intermediate.pem" -keyfile "$pki/intermediate.key" \
        -revoke "$pki/signer.pem" 2>/dev/null
    revocation_list "$work/revoked.crl" -crldays 30
    openssl crl -in "$work/revoked.crl" -outform DER -out "$work/revoked.der"
    export VERIFY_CRL=$work/revoked.der
    rejects "the certificate of 'Vendor Signing' was revoked on" "$work/plain.sys"
    # What a time stamp shows to be older than the revocation stays good.
    accepts "$work/before.sys"
    grep -q 'after the signature was made' "$work/verify.log" || fail "$(cat "$work/verify.log")"
    VERIFY_CRL="$work/none.crl $work/revoked.crl" rejects 'was revoked on' "$work/plain.sys"
    # A list of somebody else under the same name counts for nothing, nor does one that is none.
    VERIFY_CRL=$work/demo.sys rejects 'holds no revocation list' "$work/plain.sys"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$pki/false.key" -out "$pki/false.pem" \
        -config "$pki/openssl.cnf" -subj '/CN=Vendor Intermediate' -days 30 2>/dev/null
    openssl ca -config "$pki/openssl.cnf" -gencrl -cert "$pki/false.pem" -keyfile "$pki/false.key" -crldays 30 \
        -out "$work/false.crl" 2>/dev/null
    VERIFY_CRL=$work/false.crl accepts "$work/plain.sys"
    revocation_list "$work/old.crl" -crlsec 1
    sleep 2
    VERIFY_CRL=$work/old.crl rejects "the revocation list for 'Vendor Signing' is out of date since" "$work/before.sys"
    # Cabinets are osslsigncode's matter: it refuses too.
    mkdir -p "$work/in/demo"
    cp "$work/before.sys" "$work/in/demo/demo.sys"
    cabinet "$work/demo.cab" "$work/in" signer
    VERIFY_CRL= accepts "$work/demo.cab"
    rejects "the cabinet's signature is not good" "$work/demo.cab"
}
