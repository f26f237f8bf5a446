# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests: authorities and certificates of every kind that a release may meet, good and bad.
# Everything lies in $pki; `pki_make` fills it once. Keys are small in number, because making them takes time.

pki_config() {
    cat >"$pki/openssl.cnf" <<CONFIG
[ca]
default_ca = authority
[authority]
database = $pki/index.txt
new_certs_dir = $pki/issued
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = unused
[authority_certificate]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[narrow_authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[platform_signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning, 1.3.6.1.4.1.311.10.3.5
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[encipherer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyEncipherment
extendedKeyUsage = codeSigning
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
[stamper]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
[tsa]
default_tsa = stamps
[stamps]
serial = $pki/tsa.serial
crypto_device = builtin
signer_cert = $pki/stamper.pem
certs = $pki/root.pem
signer_key = $pki/stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha1, sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
CONFIG
    mkdir -p "$pki/issued"
    : >"$pki/index.txt"
    echo 01 >"$pki/tsa.serial"
}

# pki_issue NAME KEY ISSUER SECTION SUBJECT START END [ARGUMENTS]: ISSUER is a name, or "self".
pki_issue() {
    name=$1 key=$2 issuer=$3 section=$4 subject=$5 start=$6 end=$7
    shift 7
    [ -f "$pki/$key.key" ] || openssl genrsa -out "$pki/$key.key" 2048 2>/dev/null
    openssl req -new -key "$pki/$key.key" -config "$pki/openssl.cnf" -subj "/CN=$subject" -out "$pki/$name.csr"
    if [ "$issuer" = self ]; then
        set -- "$@" -selfsign -keyfile "$pki/$key.key"
    else
        set -- "$@" -cert "$pki/$issuer.pem" -keyfile "$pki/$(cat "$pki/$issuer.keyname").key"
    fi
    openssl ca -batch -notext -config "$pki/openssl.cnf" -extensions "$section" -in "$pki/$name.csr" \
        -startdate "$start" -enddate "$end" -out "$pki/$name.pem" "$@" 2>"$pki/log" || {
        cat "$pki/log" >&2
        exit 1
    }
    echo "$key" >"$pki/$name.keyname"
}

# root -> intermediate -> signer; a second root with a cross-certificate for the first; the bad ones; a time stamper.
pki_make() {
    from=20200101000000Z to=20491231235959Z
    pki_config
    pki_issue root root self authority_certificate "Vendor Root" $from $to
    pki_issue intermediate intermediate root authority_certificate "Vendor Intermediate" $from $to
    pki_issue signer signer intermediate signer "Vendor Signing" $from $to
    pki_issue otherroot other self authority_certificate "Platform Root" $from $to
    pki_issue cross root otherroot authority_certificate "Vendor Root" $from $to
    pki_issue platform platform otherroot platform_signer "Platform Driver Signing" $from $to
    pki_issue expired signer intermediate signer "Vendor Expired" $from 20210101000000Z
    pki_issue early signer intermediate signer "Vendor Early" 20480101000000Z $to
    pki_issue server signer intermediate server "Vendor Server" $from $to
    pki_issue weak signer intermediate signer "Vendor Weak" $from $to -md sha1
    pki_issue oldcross root otherroot authority_certificate "Vendor Root" $from 20210101000000Z
    pki_issue encipherer signer intermediate encipherer "Vendor Encipherer" $from $to
    openssl genrsa -out "$pki/small.key" 1024 2>/dev/null
    pki_issue small small intermediate signer "Vendor Small" $from $to
    pki_issue stamper stamper root stamper "Vendor Time Stamping" $from $to
    pki_issue narrow intermediate root narrow_authority "Vendor Narrow" $from $to
    pki_issue narrowed signer narrow signer "Vendor Narrowed" $from $to
    cat "$pki/narrowed.pem" "$pki/narrow.pem" >"$pki/narrowed-chain.pem"
    for name in signer expired early server weak encipherer small; do
        cat "$pki/$name.pem" "$pki/intermediate.pem" >"$pki/$name-chain.pem"
    done
    cat "$pki/platform.pem" >"$pki/platform-chain.pem"
    openssl pkcs12 -export -inkey "$pki/signer.key" -in "$pki/signer.pem" -certfile "$pki/intermediate.pem" \
        -passout pass:correct -out "$pki/signer.p12"
    openssl rsa -aes256 -in "$pki/signer.key" -passout pass:correct -out "$pki/locked.key" 2>/dev/null
    printf 'correct\n' >"$pki/pass"
    printf 'wrong\n' >"$pki/wrong-pass"
}

# pki_stamper FAULTS: starts a time stamper, sets $stamper_url and $stamper_pid, its log is $pki/stamper.log.
pki_stamper() {
    rm -f "$pki/port" "$pki/stamper.log"
    : >"$pki/stamper.log"
    (cd "$pki" && exec "$TSA" "$pki/port" "$pki/openssl.cnf" "$1" "$pki/stamper.log") &
    stamper_pid=$!
    waits=0
    while [ ! -s "$pki/port" ]; do
        waits=$((waits + 1))
        [ $waits -lt 100 ] || { echo "the time stamper does not start" >&2; exit 1; }
        sleep 0.05
    done
    stamper_url=http://127.0.0.1:$(cat "$pki/port")/
}
