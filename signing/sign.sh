#!/bin/sh
# SPDX-License-Identifier: MIT
# Signs one file: a PE image (.sys .dll .exe), a catalog or a cabinet.
# usage: sign.sh [--kind KIND] [--if-changed] IN OUT     IN and OUT may be the same; OUT appears complete or not at all
#
# --if-changed leaves OUT alone when it was made from the same IN with the same settings: a signature differs from
# run to run, so nothing is signed again without need. It keeps a note of that in OUT.signed-from.
#
# Without settings the test certificate signs (signing/test-ca.sh makes it on first use). Settings are environment
# variables; SIGN_CONFIG names a file of NAME=value lines read first. The table is in docs/release.md:
#   SIGN_MODE=test|production|none   default test; a key named below takes effect with production only
#   SIGN_CERTS=chain.pem SIGN_KEY=key.pem            a key in a file, or
#   SIGN_PKCS12=file.p12                             certificate and key in one file, or
#   SIGN_CERTS=chain.pem SIGN_PKCS11_MODULE=token.so SIGN_PKCS11_KEY='pkcs11:...' [SIGN_PKCS11_ENGINE=pkcs11.so], or
#   SIGN_COMMAND='command'                           signs the file named by its last argument in place
#   SIGN_PASS_FILE=file | SIGN_PASS=text             passphrase or PIN, never put on a command line
#   SIGN_CROSS_CERT=cross.pem                        added to the signature
#   SIGN_TIMESTAMP='http://a http://b' SIGN_TIMESTAMP_TRIES=3 SIGN_TIMESTAMP_SECONDS=60
#   SIGN_DIGEST=sha256|sha384|sha512 SIGN_DUAL=1 (images: SHA-1 first, then SIGN_DIGEST) SIGN_PAGE_HASHES=1 (images)
#   SIGN_KINDS='helper sys cat dll tool example uninstaller setup cab'   what is signed; other kinds are copied
#   SIGN_TIME=unix                                   the signing time; test mode takes SOURCE_DATE_EPOCH
set -eu
here=$(dirname "$0")
. "$here/common.sh"

kind= if_changed=
while [ $# -gt 2 ]; do
    case $1 in
    --kind)
        kind=$2
        shift 2
        ;;
    --if-changed)
        if_changed=1
        shift
        ;;
    *) break ;;
    esac
done
[ $# -eq 2 ] || die "usage: sign.sh [--kind KIND] [--if-changed] IN OUT"
in=$1 out=$2
[ -f "$in" ] || die "$in: no such file"
settings
scratch
osslsigncode=${OSSLSIGNCODE:-osslsigncode}
work=$scratch/file

# Puts the finished file in place: written beside OUT, then renamed.
deliver() {
    mkdir -p "$(dirname "$out")"
    new=$out.new.$$
    trap 'rm -rf "$scratch" "$new"' EXIT
    umask 022
    cat "$1" >"$new" || die "cannot write $out"
    [ ! -x "$in" ] || chmod +x "$new"
    mv -f "$new" "$out"
    if [ -n "$if_changed" ]; then
        printf "%s\n%s\n" "$fingerprint" "$(sha256sum <"$out")" >"$out.signed-from"
    fi
}

case $(head -c 2 "$in" | od -An -tx1 | tr -d ' \n') in
4d5a) type=image ;;
4d53) type=cabinet ;;
30*) type=catalog ;;
*) die "$in: neither an image, nor a catalog, nor a cabinet" ;;
esac

mode=${SIGN_MODE:-test}
if [ -z "${SIGN_MODE:-}" ] &&
    [ -n "${SIGN_CERTS:-}${SIGN_KEY:-}${SIGN_PKCS12:-}${SIGN_PKCS11_MODULE:-}${SIGN_COMMAND:-}" ]; then
    die "a signing key is set and SIGN_MODE is not; set SIGN_MODE=production"
fi
if [ -n "${SIGN_KINDS:-}" ] && [ -n "$kind" ]; then
    case " $SIGN_KINDS " in *" $kind "*) ;; *) mode=none ;; esac
fi
case $mode in
none) ;;
test)
    unset SIGN_PKCS12 SIGN_PKCS11_MODULE SIGN_COMMAND SIGN_CROSS_CERT SIGN_PASS_FILE SIGN_PASS
    folder=$("$here/test-ca.sh") || exit 1
    SIGN_CERTS=$folder/chain.pem SIGN_KEY=$folder/signer.key
    : "${SIGN_TIME:=${SOURCE_DATE_EPOCH:-}}"
    ;;
production) ;;
*) die "SIGN_MODE is '$mode'; it has to be test, production or none" ;;
esac

# ---- nothing to do? ----

# Everything that decides what comes out, but for passphrases and the tools' versions.
fingerprint() {
    printf '%s|' "$mode" "$kind" "${SIGN_CERTS:-}" "${SIGN_KEY:-}" "${SIGN_PKCS12:-}" "${SIGN_PKCS11_MODULE:-}" \
        "${SIGN_PKCS11_KEY:-}" "${SIGN_COMMAND:-}" "${SIGN_CROSS_CERT:-}" "${SIGN_TIMESTAMP:-}" "${SIGN_DIGEST:-}" \
        "${SIGN_DUAL:-}" "${SIGN_PAGE_HASHES:-}" "${SIGN_TIME:-}"
    cat "$in" ${SIGN_CERTS:+"$SIGN_CERTS"} ${SIGN_PKCS12:+"$SIGN_PKCS12"} ${SIGN_CROSS_CERT:+"$SIGN_CROSS_CERT"} \
        2>/dev/null || true
}
if [ -n "$if_changed" ]; then
    fingerprint=$(fingerprint | sha256sum)
    if [ -f "$out" ] && [ "$(cat "$out.signed-from" 2>/dev/null)" = "$fingerprint
$(sha256sum <"$out")" ]; then
        exit 0
    fi
fi

if [ "$mode" = none ]; then
    deliver "$in"
    exit 0
fi

digest=${SIGN_DIGEST:-sha256}
case $digest in
sha256 | sha384 | sha512) ;;
*) die "SIGN_DIGEST=$digest is a weak or unknown digest; use sha256, sha384 or sha512" ;;
esac
for number in "${SIGN_TIME:-0}" "${SIGN_TIMESTAMP_TRIES:-3}" "${SIGN_TIMESTAMP_SECONDS:-60}" \
    "${SIGN_TIMESTAMP_PAUSE:-2}"; do
    case $number in *[!0-9]* | '') die "'$number' is no number (SIGN_TIME or SIGN_TIMESTAMP_TRIES, _SECONDS, _PAUSE)" ;; esac
done

# ---- the key: exactly one way, looked at before it is used ----

# The passphrase in a file of ours without a line end, which some readers would take as part of it.
pass=
if [ -n "${SIGN_PASS_FILE:-}" ]; then
    [ -r "$SIGN_PASS_FILE" ] || die "cannot read the passphrase file $SIGN_PASS_FILE"
    pass=$scratch/pass
    head -n 1 "$SIGN_PASS_FILE" | tr -d '\r\n' >"$pass"
elif [ -n "${SIGN_PASS:-}" ]; then
    pass=$scratch/pass
    printf '%s' "$SIGN_PASS" >"$pass"
fi
unset SIGN_PASS

check() {
    sign_tool check-key "$@" ${SIGN_CROSS_CERT:+--cross "$SIGN_CROSS_CERT"} ${pass:+--pass-file "$pass"} \
        >"$scratch/signer" 2>"$scratch/log" || die "$(head -n 1 "$scratch/log")"
}

if [ -n "${SIGN_COMMAND:-}" ]; then
    [ -z "${SIGN_KEY:-}${SIGN_PKCS12:-}${SIGN_PKCS11_MODULE:-}" ] || die "SIGN_COMMAND excludes the other key settings"
    case ${SIGN_DUAL:-0}${SIGN_PAGE_HASHES:-0}${SIGN_CROSS_CERT:-} in
    00) ;;
    *) die "SIGN_COMMAND signs as it likes: SIGN_DUAL, SIGN_PAGE_HASHES and SIGN_CROSS_CERT have no effect on it" ;;
    esac
elif [ -n "${SIGN_PKCS12:-}" ]; then
    [ -z "${SIGN_KEY:-}${SIGN_PKCS11_MODULE:-}" ] || die "SIGN_PKCS12 excludes SIGN_KEY and SIGN_PKCS11_MODULE"
    check --pkcs12 "$SIGN_PKCS12"
    set -- -pkcs12 "$SIGN_PKCS12"
elif [ -n "${SIGN_PKCS11_MODULE:-}" ]; then
    [ -n "${SIGN_CERTS:-}" ] && [ -n "${SIGN_PKCS11_KEY:-}" ] ||
        die "SIGN_PKCS11_MODULE needs SIGN_CERTS and SIGN_PKCS11_KEY"
    case $SIGN_PKCS11_KEY in
    *pin-value*) die "SIGN_PKCS11_KEY holds a PIN, which anyone could read on a command line; use SIGN_PASS_FILE" ;;
    esac
    [ -r "$SIGN_PKCS11_MODULE" ] || die "cannot read the token library $SIGN_PKCS11_MODULE"
    check --certs "$SIGN_CERTS"
    # Without a name OpenSSL finds its engine "pkcs11" by itself; osslsigncode 2.5 cannot load one by its path.
    [ -z "${SIGN_PKCS11_ENGINE:-}" ] || [ -r "$SIGN_PKCS11_ENGINE" ] ||
        die "cannot read the PKCS#11 engine $SIGN_PKCS11_ENGINE"
    set -- ${SIGN_PKCS11_ENGINE:+-pkcs11engine "$SIGN_PKCS11_ENGINE"} -pkcs11module "$SIGN_PKCS11_MODULE" -certs "$SIGN_CERTS" -key "$SIGN_PKCS11_KEY"
elif [ -n "${SIGN_CERTS:-}" ] && [ -n "${SIGN_KEY:-}" ]; then
    check --certs "$SIGN_CERTS" --key "$SIGN_KEY"
    set -- -certs "$SIGN_CERTS" -key "$SIGN_KEY"
else
    die "no signing key is set (SIGN_KEY with SIGN_CERTS, SIGN_PKCS12, SIGN_PKCS11_MODULE or SIGN_COMMAND)"
fi

# ---- signing ----

# The one line of a tool's log that says what is wrong.
reason() {
    while read -r words meaning; do
        if grep -q -i -E "$(echo "$words" | sed "s/_/[_ ]/g")" "$scratch/log"; then
            echo "$meaning"
            return
        fi
    done <<MEANINGS
CKR_PIN_LOCKED|PIN_locked the token's PIN is locked
No_PIN_code_was_entered the token asks for a PIN and none is set (SIGN_PASS_FILE)
PIN_incorrect|CKR_PIN|^login_failed the token refuses the PIN
unable_to_load_.*module the token library cannot be loaded
no_matching_initialized_token no token is the one that SIGN_PKCS11_KEY names
private_key_was_not_found|object_not_found the token holds no key that SIGN_PKCS11_KEY names
MEANINGS
    grep -v '^ *$\|^Succeeded\|^Failed$\|^Connecting to\|^Engine ".*" set' "$scratch/log" | tail -n 1
}

# run COMMAND...: a signing tool waits for nobody, and what it says goes to a log of ours.
run() {
    code=0
    timeout "${SIGN_TIMESTAMP_SECONDS:-60}" "$@" </dev/null >"$scratch/log" 2>&1 || code=$?
    [ "$code" != 124 ] || echo "took longer than ${SIGN_TIMESTAMP_SECONDS:-60} seconds" >>"$scratch/log"
    return "$code"
}

# Tries every server in turn, SIGN_TIMESTAMP_TRIES rounds, longer pauses between rounds.
# stamp COMMAND...: is run with `-ts URL -in FROM -out TO` added; FROM and TO are variables.
stamp() {
    round=1
    while :; do
        for server in $SIGN_TIMESTAMP; do
            rm -f "$to"
            if run "$@" -ts "$server" -in "$from" -out "$to" && [ -s "$to" ]; then
                return 0
            fi
            echo "sign.sh: $in: no time stamp from $server (round $round)" >&2
        done
        [ "$round" -lt "${SIGN_TIMESTAMP_TRIES:-3}" ] || break
        sleep $((round * ${SIGN_TIMESTAMP_PAUSE:-2}))
        round=$((round + 1))
    done
    rm -f "$to"
    die "$in: no time stamp: none of the servers answered properly ($SIGN_TIMESTAMP)"
}

# sign_once DIGEST FROM TO KEY-ARGUMENTS...: the signature alone, so that a fault of the key is told from one of a
# time stamper.
sign_once() {
    algorithm=$1 from=$2 to=$3
    shift 3
    rm -f "$to"
    run "$osslsigncode" sign -h "$algorithm" ${SIGN_CROSS_CERT:+-ac "$SIGN_CROSS_CERT"} ${pass:+-readpass "$pass"} \
        ${SIGN_TIME:+-time "$SIGN_TIME"} "$@" -in "$from" -out "$to" || {
        rm -f "$to"
        die "$in: cannot be signed: $(reason)"
    }
    [ -s "$to" ] || die "$in: cannot be signed: the tool wrote nothing"
}

# The same and then a time stamp, if one is asked for. A stamp for a second signature cannot be added afterwards, so
# that one is made anew together with its stamp.
sign_and_stamp() {
    sign_once "$@"
    [ -n "${SIGN_TIMESTAMP:-}" ] || return 0
    algorithm=$1 from=$2 to=$3
    shift 3
    case " $* " in
    *" -nest "*)
        stamp "$osslsigncode" sign -h "$algorithm" ${SIGN_CROSS_CERT:+-ac "$SIGN_CROSS_CERT"} \
            ${pass:+-readpass "$pass"} ${SIGN_TIME:+-time "$SIGN_TIME"} "$@"
        ;;
    *)
        mv "$to" "$to.bare"
        from=$to.bare
        stamp "$osslsigncode" add -h "$algorithm"
        ;;
    esac
}

cat "$in" >"$work"
if [ -n "${SIGN_COMMAND:-}" ]; then
    run sh -c "$SIGN_COMMAND \"\$@\"" sh "$work" || die "$in: the signing command failed: $(reason)"
    from=$work to=$work.signed
    if [ -n "${SIGN_TIMESTAMP:-}" ]; then
        stamp "$osslsigncode" add -h "$digest"
    else
        cp "$from" "$to"
    fi
else
    [ "$type" != image ] || [ "${SIGN_PAGE_HASHES:-0}" != 1 ] || set -- "$@" -ph
    if [ "$type" = image ] && [ "${SIGN_DUAL:-0}" = 1 ]; then
        sign_and_stamp sha1 "$work" "$work.first" "$@"
        sign_and_stamp "$digest" "$work.first" "$work.signed" -nest "$@"
    else
        sign_and_stamp "$digest" "$work" "$work.signed" "$@"
    fi
fi
# Whatever signed: the result is looked at before anybody gets it. Cabinets are left to osslsigncode.
if [ "$type" != cabinet ]; then
    sign_tool check-signature ${SIGN_TIMESTAMP:+--require-timestamp} "$work.signed" >"$scratch/log" 2>&1 ||
        die "$in: the signature that was made is not good: $(sed "s|^[^:]*: ||" "$scratch/log" | head -n 1)"
fi
deliver "$work.signed"
