#!/bin/bash
# SPDX-License-Identifier: MIT
# Writes the bill of materials of a release as SPDX 2.3 JSON.
# usage: sbom.sh OUT.spdx.json FILE...     the files of the release
#
# The same files and the same SOURCE_DATE_EPOCH give the same document.
set -eu -o pipefail
here=$(dirname "$0")
. "$here/common.sh"
[ $# -ge 2 ] || die "usage: sbom.sh OUT.spdx.json FILE..."
out=$1
shift
name=$(product PRODUCT_NAME) file=$(product PRODUCT_FILE) company=$(product PRODUCT_COMPANY)
version=$(product_version)
created=$(TZ=UTC date -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)

json() {
    printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# The version of a Debian package, for the tools that leave bytes of theirs in what is built.
debian() {
    dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo unknown
}

sums=$(for one in "$@"; do
    [ -f "$one" ] || die "$one: no such file"
    printf '%s %s %s\n' "$(basename "$one")" "$(sha1sum <"$one" | cut -c1-40)" "$(sha256sum <"$one" | cut -c1-64)"
done | LC_ALL=C sort)
# The setup is the one program among what is published, and holds a part of what made it.
setup=
case "$sums" in *.exe\ *) setup=1 ;; esac
# As SPDX defines it: SHA-1 over the files' SHA-1 sums, sorted and joined.
verification=$(printf '%s\n' "$sums" | cut -d ' ' -f 2 | LC_ALL=C sort | tr -d '\n' | sha1sum | cut -c1-40)
id=$(printf '%s' "$version $created $sums" | sha256sum | cut -c1-32)

tool() {
    printf '    {\n      "SPDXID": "SPDXRef-Tool-%s", "name": "%s", "versionInfo": "%s",\n' "$1" "$1" "$(json "$(debian "$1")")"
    printf '      "downloadLocation": "NOASSERTION", "filesAnalyzed": false,\n'
    printf '      "licenseConcluded": "NOASSERTION", "licenseDeclared": "%s", "copyrightText": "NOASSERTION",\n' "$2"
    printf '      "comment": "%s"\n    }' "$3"
}

{
    cat <<HEAD
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "$file-$version",
  "documentNamespace": "urn:uuid:${id:0:8}-${id:8:4}-5${id:13:3}-8${id:17:3}-${id:20:12}",
  "creationInfo": {"created": "$created", "creators": ["Organization: $(json "$company")", "Tool: $file-sbom"]},
  "packages": [
    {
      "SPDXID": "SPDXRef-Package", "name": "$(json "$name")", "versionInfo": "$version",
      "supplier": "Organization: $(json "$company")", "downloadLocation": "NOASSERTION", "filesAnalyzed": true,
      "packageVerificationCode": {"packageVerificationCodeValue": "$verification"},
      "licenseConcluded": "MIT", "licenseDeclared": "MIT", "licenseInfoFromFiles": ["MIT"],
      "copyrightText": "$(json "$(product PRODUCT_COPYRIGHT)")", "primaryPackagePurpose": "LIBRARY"
    },
$(tool clang-19 "Apache-2.0 WITH LLVM-exception" "compiler of all images; no run-time library of it is linked in"),
$(tool lld-19 "Apache-2.0 WITH LLVM-exception" "linker of all images"),
$(tool mingw-w64-common ZPL-2.1 "user-mode Windows headers; declarations only")${setup:+,
$(tool nsis "Zlib AND CPL-1.0" "its stub and its decompressor are part of the setup")}
  ],
  "files": [
HEAD
    number=0
    printf '%s\n' "$sums" | while read -r base sha1 sha256; do
        [ $number = 0 ] || printf ',\n'
        number=$((number + 1))
        printf '    {"SPDXID": "SPDXRef-File-%d", "fileName": "./%s",\n' $number "$(json "$base")"
        printf '     "checksums": [{"algorithm": "SHA1", "checksumValue": "%s"},\n' "$sha1"
        printf '                   {"algorithm": "SHA256", "checksumValue": "%s"}],\n' "$sha256"
        printf '     "licenseConcluded": "MIT", "licenseInfoInFiles": ["MIT"], "copyrightText": "NOASSERTION"}'
    done
    printf '\n  ],\n  "relationships": [\n'
    printf '    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Package"},\n'
    for tool in clang-19 lld-19 mingw-w64-common; do
        printf '    {"spdxElementId": "SPDXRef-Tool-%s", "relationshipType": "BUILD_TOOL_OF", "relatedSpdxElement": "SPDXRef-Package"},\n' $tool
    done
    [ -z "$setup" ] ||
        printf '    {"spdxElementId": "SPDXRef-Package", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-Tool-nsis"},\n'
    number=0
    printf '%s\n' "$sums" | while read -r _; do
        number=$((number + 1))
        [ $number = 1 ] || printf ',\n'
        printf '    {"spdxElementId": "SPDXRef-Package", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-File-%d"}' $number
    done
    printf '\n  ]\n}\n'
} >"$out.new"
mv "$out.new" "$out"
