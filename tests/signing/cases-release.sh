# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Cases of pipeline.sh around packages and releases: the round trip to the platform, verification, comparison, fuzzing.

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
    TZ=XXX-9 "$signing/submission.sh" "$work/build" demo "$work/two.cab" amd64 x86
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

# What the platform returned for clients, and what it returned for the other systems beside it: two packages.
case_returned_drivers_of_two_kinds() {
    need gcab
    pem_key
    build_tree "$work/build" amd64
    "$signing/submission.sh" "$work/build" demo "$work/submission.cab" amd64
    platform_sign "$work/submission.cab" "$work/clients"
    cp -r "$work/clients" "$work/others"
    (
        export SIGN_CERTS=$pki/platform-chain.pem SIGN_KEY=$pki/platform.key SIGN_TIME=1767225700
        sign --kind cat "$work/clients/demo-amd64/demo.cat" "$work/others/demo-amd64/demo.cat"
    )
    cmp -s "$work/clients/demo-amd64/demo.cat" "$work/others/demo-amd64/demo.cat" && fail "both kinds are the same"
    export SIGNED_DRIVERS_TRUST=$pki/otherroot.pem
    local make_package=("$signing/sign-package.sh" "$work/build" demo amd64) tree=$work/build/amd64
    SIGNED_DRIVERS=$work/clients SIGNED_DRIVERS_WHCP=$work/others "${make_package[@]}"
    for part in sys inf cat; do
        cmp "$work/clients/demo-amd64/demo.$part" "$tree/package/demo.$part" || fail "the first is not the clients'"
        cmp "$work/others/demo-amd64/demo.$part" "$tree/package2/demo.$part" || fail "the second is not the others'"
    done
    # The second is checked like the first, and goes when it is no longer asked for.
    printf ';' >>"$work/others/demo-amd64/demo.inf"
    SIGNED_DRIVERS=$work/clients SIGNED_DRIVERS_WHCP=$work/others expect_failure 'is not the INF of this build' \
        "${make_package[@]}"
    SIGNED_DRIVERS_WHCP=$work/clients expect_failure 'is the second of two packages' "${make_package[@]}"
    SIGNED_DRIVERS=$work/clients "${make_package[@]}"
    [ ! -e "$tree/package2" ] || fail "a second package is left over"
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
    # A checksum twice, and archives in archives in archives.
    spoiled
    head -n 1 "$work/r/zip/demo/SHA256SUMS" >>"$work/bad/zip/demo/SHA256SUMS"
    refuse 'SHA256SUMS: lists README.md twice' --trust "$pki/root.pem" "$work/bad/zip"
    for depth in 1 2 3 4; do
        (cd "$work/bad/dist" && zip -q "$depth.zip" ./*.zip && rm demo.zip && mv $depth.zip demo.zip)
    done
    refuse 'is nested too deep in other archives' --trust "$pki/root.pem" "$work/bad/dist/demo.zip"
    # A helper program in the resources, whatever the folder is called.
    spoiled
    mkdir -p "$work/helper" "$work/bad/a!b"
    "$SIGN_TOOL" strip "$work/r/zip/demo/bin/amd64/wintun.dll" "$work/helper/demo.sys"
    demo_dll "$work/bad/a!b/wintun.dll" amd64 "$work/bad/package/amd64" "$work/helper"
    sign "$work/bad/a!b/wintun.dll" "$work/bad/a!b/wintun.dll"
    refuse 'wintun.dll!11: is not signed' --trust "$pki/root.pem" "$work/bad/a!b"
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
    # Our own catalog of another time says something else; one that the platform's service wrote may.
    catalog_of() {
        SOURCE_DATE_EPOCH=1767225601 "$signing/make-catalog.sh" "$work/first/package/amd64/demo.inf" "$work/$1.cat"
        SIGN_MODE=production SIGN_CERTS=$pki/$1-chain.pem SIGN_KEY=$2 sign --kind cat "$work/$1.cat" "$work/$1.cat"
    }
    catalog_of signer "$pki/signer.key"
    catalog_of platform "$pki/platform.key"
    "$SIGN_TOOL" same "$work/first/package/amd64/demo.cat" "$work/signer.cat" >"$work/same.log" && fail "a difference was missed"
    grep -q 'the catalogs say different things' "$work/same.log" || fail "$(cat "$work/same.log")"
    "$SIGN_TOOL" same "$work/first/package/amd64/demo.cat" "$work/platform.cat" >"$work/same.log" || fail "$(cat "$work/same.log")"
    grep -q "note: .*a catalog by the platform's service is not compared" "$work/same.log" || fail "$(cat "$work/same.log")"
    # One resource among more than are compared does not pass either.
    local lines=()
    for number in $(seq 65); do
        lines+=("$number RCDATA \"$work/number\"")
    done
    for number in one two; do
        echo one >"$work/number"
        echo "$number" >"$work/last"
        demo_resource "$work/many.rc" "${lines[@]}" "66 RCDATA \"$work/last\""
        lld-link-19 /dll /noentry /nodefaultlib /release /Brepro /machine:x64 "/out:$work/$number.dll" "$work/many.res"
    done
    "$SIGN_TOOL" same "$work/one.dll" "$work/two.dll" >"$work/same.log" && fail "a resource was missed"
    grep -q 'two.dll differs\|one.dll differs' "$work/same.log" || fail "$(cat "$work/same.log")"
}

# What SPDX 2.3 asks of a document like ours: fields that have to be there, forms of values, the verification code.
spdx_rules() {
    local broken
    broken=$(jq -r '
        def rule(words; holds): if holds then empty else words end;
        rule("header"; .spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT"),
        rule("namespace"; .documentNamespace | test("^[a-z]+:[^#]+$")),
        rule("created"; .creationInfo.created | test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$")),
        rule("creators"; .creationInfo.creators | length > 0 and all(test("^(Person|Organization|Tool): ."))),
        rule("identifiers"; [.SPDXID, (.packages, .files)[].SPDXID] | (unique | length) == length and
            all(test("^SPDXRef-[A-Za-z0-9.-]+$"))),
        (.packages[] | rule("package \(.name)"; (.name and .downloadLocation and .licenseConcluded and .licenseDeclared and
            .copyrightText) and (.filesAnalyzed == has("packageVerificationCode")) and
            (.filesAnalyzed or (has("licenseInfoFromFiles") | not)))),
        (.files[] | rule("file \(.fileName)"; (.fileName | startswith("./")) and (.licenseInfoInFiles | length > 0) and
            .licenseConcluded and .copyrightText and ([.checksums[] | select(.algorithm == "SHA1") | .checksumValue |
            test("^[0-9a-f]{40}$")] == [true]) and ([.checksums[] | select(.algorithm == "SHA256") | .checksumValue |
            test("^[0-9a-f]{64}$")] == [true]))),
        rule("describes"; [.relationships[] | select(.relationshipType == "DESCRIBES")] == [{spdxElementId:
            "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-Package"}]),
        (.relationships[] | rule("relation \(.relationshipType)"; .relationshipType |
            IN("DESCRIBES", "CONTAINS", "BUILD_TOOL_OF")))' "$1") || fail "$1 is no JSON"
    [ -z "$broken" ] || fail "$1 breaks a rule of SPDX: $broken"
    [ "$(jq -r '.files[].checksums[] | select(.algorithm == "SHA1") | .checksumValue' "$1" | LC_ALL=C sort | tr -d '\n' |
        sha1sum | cut -c1-40)" = "$(jq -r '.packages[0].packageVerificationCode.packageVerificationCodeValue' "$1")" ] ||
        fail "$1: the verification code is not that of the files"
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
    # NSIS is in it when the setup is.
    ! grep -q nsis "$work/a.spdx.json" || fail "names what is not in it"
    echo setup >"$work/demo-setup.exe"
    "$signing/sbom.sh" "$work/c.spdx.json" "$work/demo-setup.exe" "$work/one"
    [ "$(jq -r '.relationships[] | select(.relationshipType == "CONTAINS") | .relatedSpdxElement' "$work/c.spdx.json" | tr '\n' ' ')" = \
        'SPDXRef-Tool-nsis SPDXRef-File-1 SPDXRef-File-2 ' ] || fail "$(cat "$work/c.spdx.json")"
    spdx_rules "$work/a.spdx.json"
    spdx_rules "$work/c.spdx.json"
    expect_failure 'no such file' "$signing/sbom.sh" "$work/out.json" "$work/three"
}

# What is published of fewer architectures than all: tools/dist.sh by itself, on a tree that plays the build.
case_distribution_of_some_architectures() {
    local tree=$work/tree
    mkdir -p "$tree/tools" "$tree/signing" "$tree/dist"
    cp "$here/../../tools/dist.sh" "$here/../../tools/step.sh" "$tree/tools/"
    printf '#!/bin/sh\nexec %s/sbom.sh "$@"\n' "$signing" >"$tree/signing/sbom.sh"
    for script in package stage; do printf '#!/bin/sh\n' >"$tree/tools/$script.sh"; done
    printf '#!/bin/sh\necho archive >"$1"\n' >"$tree/tools/zip.sh"
    printf '#!/bin/sh\necho setup >"$2"\n' >"$tree/tools/setup.sh"
    chmod +x "$tree"/*/*.sh
    for arch in amd64 x86 arm64 arm; do
        mkdir -p "$tree/build/$arch"/{package,signed,release}
        for made in demo.sys package/demo.sys signed/wintun.dll release/wintun.dll; do echo $arch >"$tree/build/$arch/$made"; done
    done
    distribute() {
        (cd "$tree" && tools/dist.sh build demo 1.2.3 "$@" >"$work/log" 2>&1) || fail "$(cat "$work/log")"
        (cd "$tree/dist" && sha256sum --quiet -c demo-1.2.3.sha256) || fail "the checksums are wrong"
        [ "$(cut -c67- "$tree/dist/demo-1.2.3.sha256" | LC_ALL=C sort)" = "$(cd "$tree/dist" && find . -type f ! -name '*.sha256' |
            sed 's|^./||' | LC_ALL=C sort)" ] || fail "not all is listed: $(cat "$tree/dist/demo-1.2.3.sha256")"
    }
    distribute amd64 x86 arm64
    grep -q setup.exe "$tree/dist/demo-1.2.3.sha256" || fail "no setup: $(cat "$work/log")"
    # As the Dev Center may return it. The setup of another run does not stay.
    distribute amd64 arm64
    grep -q 'no setup: it needs x86 too' "$work/log" || fail "$(cat "$work/log")"
    [ ! -e "$tree/dist/demo-1.2.3-setup.exe" ] || fail "an old setup is left"
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
    printf 'SIGNED_DRIVERS_TRUST=%s\nSIGNED_DRIVERS=%s\n' "$pki/otherroot.pem" "$work/returned" >"$work/settings"
    SIGN_CONFIG=$work/settings make_package 2>"$work/stderr"
    [ ! -s "$work/stderr" ] || fail "who signed was not checked: $(cat "$work/stderr")"
    for part in sys inf cat; do
        cmp "$work/returned/demo.$part" "$tree/package/demo.$part" || fail "not taken as it is"
    done
    third=$(state)
    SIGN_CONFIG=$work/settings make_package
    [ "$third" = "$(state)" ] || fail "taken again without need: the DLL would be linked again"
    make_package
    verify "$tree/package/demo.inf"
}
