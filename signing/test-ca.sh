#!/bin/sh
# SPDX-License-Identifier: MIT
# The test authority: a root and a code-signing certificate, made once and used ever after.
# usage: test-ca.sh [FOLDER]      default $SIGN_TEST_CA, else signing/test-ca (ignored by git)
#
# Makes root.pem root.cer signer.pem signer.cer chain.pem and the two keys. A machine that is to load what they
# sign has to trust root.cer and signer.cer, see signing/test-certificate.txt. Prints the folder's name.
set -eu
here=$(dirname "$0")
. "$here/common.sh"

folder=${1:-${SIGN_TEST_CA:-$here/test-ca}}
if [ -f "$folder/chain.pem" ] && [ -f "$folder/signer.key" ]; then
    printf '%s\n' "$folder"
    exit 0
fi
[ ! -e "$folder" ] || die "$folder is there but incomplete; remove it to have a new one made"
name=$(product PRODUCT_NAME)
mkdir -p "$(dirname "$folder")"
umask 077
new=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$new"' EXIT

cat >"$new/openssl.cnf" <<CONFIG
[ca]
default_ca = authority
[authority]
database = $new/index.txt
new_certs_dir = $new
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
[request]
distinguished_name = name
prompt = no
[name]
commonName = unused
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CONFIG
: >"$new/index.txt"

# issue NAME SECTION SUBJECT ARGUMENTS...: fixed dates, so that test signatures may carry a commit's time.
issue() {
    file=$1 section=$2 subject=$3
    shift 3
    openssl req -new -newkey rsa:2048 -nodes -keyout "$new/$file.key" -out "$new/$file.csr" \
        -config "$new/openssl.cnf" -section request -subj "$subject" >>"$new/log" 2>&1 &&
        openssl ca -batch -notext -config "$new/openssl.cnf" -extensions "$section" -in "$new/$file.csr" \
            -startdate 20200101000000Z -enddate 20491231235959Z -out "$new/$file.pem" "$@" >>"$new/log" 2>&1 ||
        die "openssl cannot make the test certificate: $(tail -n 1 "$new/log")"
    openssl x509 -in "$new/$file.pem" -outform DER -out "$new/$file.cer"
}
issue root root "/CN=$name Test Root" -selfsign -keyfile "$new/root.key"
issue signer signer "/CN=$name Test Signing" -cert "$new/root.pem" -keyfile "$new/root.key"
cat "$new/signer.pem" "$new/root.pem" >"$new/chain.pem"
rm -f "$new"/*.csr "$new"/index.txt* "$new"/openssl.cnf "$new"/log "$new"/[0-9A-F]*[0-9A-F].pem
chmod 644 "$new"/*.cer "$new"/*.pem

# Another run may have been faster; mv into an existing folder must not happen.
if ln -s "$(basename "$new")" "$folder.lock" 2>/dev/null; then
    if [ ! -e "$folder" ]; then
        mv "$new" "$folder"
        echo "$(basename "$0"): made a test authority in $folder" >&2
    fi
    rm -f "$folder.lock"
else
    i=0
    while [ ! -f "$folder/chain.pem" ]; do
        i=$((i + 1))
        [ "$i" -lt 50 ] || die "$folder.lock is held by a run that ended; remove it"
        sleep 0.1
    done
fi
printf '%s\n' "$folder"
