#!/bin/bash
# SPDX-License-Identifier: MIT
# Checks a finished release from the outside: signatures, chains, time stamps, catalogs, layout of the images, versions,
# the driver packages inside the DLLs, checksums; in folders and in zip archives alike. Setups and cabinets are
# unpacked and what is in them is checked too.
# usage: verify.sh PATH...           also `make verify [RELEASE=PATH]`; `sign-tool verify` has more options
#
#   VERIFY_TRUST='a.pem b.cer'   chains may end at these; without it the test authority counts in test mode, and in
#                                production mode the authorities that this machine knows
#   VERIFY_CRL='a.crl'           certificates that are listed there are revoked; without it nobody asks
#   VERIFY_TIMESTAMP=1           a signature without a time stamp is a finding (production mode: always)
set -eu -o pipefail
here=$(dirname "$0")
. "$here/common.sh"
[ $# -gt 0 ] || die "usage: verify.sh PATH..."
settings
scratch
for path in "$@"; do
    [ -e "$path" ] || die "$path: no such file or folder"
done
osslsigncode=${OSSLSIGNCODE:-osslsigncode}

# Options for sign-tool, and the same roots as one PEM file for osslsigncode.
options=()
roots=$scratch/roots.pem
if [ -n "${VERIFY_TRUST:-}" ]; then
    for file in $VERIFY_TRUST; do
        options+=(--trust "$file")
        openssl x509 -inform DER -in "$file" 2>/dev/null || cat "$file" || exit 1
    done >"$roots"
elif [ "${SIGN_MODE:-test}" = test ]; then
    root=${SIGN_TEST_CA:-$here/test-ca}/root.pem
    [ -f "$root" ] || die "whom to trust? Set VERIFY_TRUST to a certificate, for a test release the root.cer in it"
    options+=(--trust "$root")
    cat "$root" >"$roots"
else
    options+=(--system-trust)
    cat "$(openssl version -d | sed 's/.*"\(.*\)"/\1/')/certs/ca-certificates.crt" >"$roots" ||
        die "this machine has no list of authorities; set VERIFY_TRUST"
fi
for file in ${VERIFY_CRL:-}; do
    options+=(--crl "$file")
    { openssl crl -inform DER -in "$file" 2>/dev/null || cat "$file"; } >>"$scratch/lists.pem" || exit 1
done
stamped=
if [ "${VERIFY_TIMESTAMP:-0}" = 1 ] || [ "${SIGN_MODE:-test}" = production ]; then
    options+=(--require-timestamp)
    stamped=1
fi

mkdir "$scratch/c"
status=0
sign_tool verify "${options[@]}" --containers "$scratch/c" "$@" || status=$?
[ "$status" -le 1 ] || exit "$status"
version=$(cat "$scratch/c/version")
[ -z "$version" ] || options+=(--version "$version")

finding() {
    printf '%s: %s\n' "$path" "$*"
    status=1
}

# unpack FILE FOLDER: by 7-Zip, which reads setups and cabinets. Its code 1 is a warning: a signature follows the data.
unpack() {
    local program code=0
    program=$(command -v 7zz || command -v 7z) || {
        finding "cannot be looked into, because 7zz is missing (Debian: 7zip)"
        return 1
    }
    timeout 300 "$program" x -y -aou -bd "-o$2" "$1" >"$scratch/log" 2>&1 </dev/null || code=$?
    [ "$code" -le 1 ] && return
    finding "cannot be unpacked: $(grep -i error "$scratch/log" | head -n 1)"
    return 1
}

# Checks files of a container as a release of their own, lines named after the container. check_inside FOLDER
check_inside() {
    local line
    sign_tool verify "${options[@]}" "$1" >"$scratch/log" || status=1
    while IFS= read -r line; do
        case $line in
        "$1/"*) printf '%s!%s\n' "$path" "${line#"$1/"}" ;;
        *) printf '%s: in it %s\n' "$path" "$line" ;;
        esac
    done <"$scratch/log"
}

# is_listed FILE LIST [FOLDER]: the file is in the list, in a folder of that name if one is given.
is_listed() {
    grep -q "^$(sha256sum <"$1" | cut -c1-64) .*${3:+/$3/}" "$2" 2>/dev/null
}

# A setup: each of its files is one of the release's archives, comes with NSIS, or is good by itself, as the
# uninstaller has to be.
check_setup() {
    local folder=$scratch/setup rest=$scratch/rest inside arch same=0 others=0
    unpack "$1" "$folder" || return 0
    chmod -R u+rwX "$folder"
    mkdir -p "$rest"
    find /usr/share/nsis -type f -exec sha256sum {} + >"$scratch/nsis" 2>/dev/null || true
    while IFS= read -r -d '' inside; do
        # The folder of an architecture holds what the archive has in the folder of that architecture.
        arch=$(dirname "$inside" | grep -o -x -E '(.*/)?(amd64|x86|arm64|arm)(/.*)?' | grep -o -w -E 'amd64|x86|arm64|arm' |
            head -n 1) || true
        if is_listed "$folder/$inside" "$scratch/c/seen" "$arch"; then
            same=$((same + 1))
        elif [[ $inside = '$PLUGINSDIR'/* ]]; then
            is_listed "$folder/$inside" "$scratch/nsis" ||
                echo "$path!$inside: note: not compared: the NSIS of this machine has no such file"
        elif [ "$(head -c 2 "$folder/$inside" | tr -d '\0')" = MZ ]; then
            mkdir -p "$rest/$(dirname "$inside")"
            mv "$folder/$inside" "$rest/$inside"
        elif grep -q '\.zip/' "$scratch/c/seen" 2>/dev/null; then
            finding "holds $inside, which the release's archives do not"
        else
            others=$((others + 1))
        fi
    done < <(cd "$folder" && find . -type f -print0 | sed -z 's|^\./||' | LC_ALL=C sort -z)
    [ "$same" = 0 ] || echo "$path: note: $same of its files are in the release's archives too, byte for byte"
    [ "$others" = 0 ] || echo "$path: note: $others texts and libraries are not compared: no archive is beside it"
    [ -z "$(ls -A "$rest")" ] || check_inside "$rest"
    rm -rf "$folder" "$rest"
}

# A cabinet: its signature by osslsigncode, then what is in it.
check_cabinet() {
    local folder=$scratch/cabinet file=$1
    set -- -CAfile "$roots" -TSA-CAfile "$roots"
    [ ! -f "$scratch/lists.pem" ] || set -- "$@" -CRLfile "$scratch/lists.pem"
    # Later versions fetch revocation lists from where certificates say; nothing here goes to the network.
    ! "$osslsigncode" verify --help 2>&1 | grep -q -- '^-ignore-cdp' || set -- "$@" -ignore-cdp
    if ! timeout 60 "$osslsigncode" verify "$@" -in "$file" >"$scratch/log" 2>&1 </dev/null; then
        finding "the cabinet's signature is not good: $(cabinet_reason)"
    elif ! grep -q '^Message digest algorithm *: SHA\(256\|384\|512\)' "$scratch/log"; then
        finding "the cabinet is signed with no digest stronger than SHA-1"
    elif [ -n "$stamped" ] && grep -q '^Timestamp is not available' "$scratch/log"; then
        finding "the cabinet's signature has no time stamp"
    fi
    unpack "$file" "$folder" || return 0
    chmod -R u+rwX "$folder"
    [ -z "$(find "$folder" -maxdepth 1 -type f)" ] || finding "has files outside of folders, which the Dev Center refuses"
    check_inside "$folder"
    rm -rf "$folder"
}

cabinet_reason() {
    if grep -q 'No signature found' "$scratch/log"; then
        echo "there is none"
    elif [ "$(sed -n 's/^\(Current\|Calculated\) message digest *: *//p' "$scratch/log" | sort -u | wc -l)" -gt 1 ]; then
        echo "the cabinet was changed after it was signed"
    else
        grep -i 'error\|fail' "$scratch/log" | head -n 1
    fi
}

while IFS=$'\t' read -r copy path; do
    case $copy in
    *.exe) check_setup "$scratch/c/$copy" ;;
    *.cab) check_cabinet "$scratch/c/$copy" ;;
    esac
done < <(cat "$scratch/c/list" 2>/dev/null)
[ "$status" = 0 ] && echo "verify: no findings" || echo "verify: there are findings"
exit "$status"
