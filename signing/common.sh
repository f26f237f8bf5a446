# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the scripts of this folder, which set `here` to it. Gives: die, product, sign_tool, scratch, settings.

# One line, then the end.
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# product NAME: a value of the product definition.
product() {
    sed -n -e "s/^set($1 \"\(.*\)\").*/\1/p" -e "s/^set($1 \([^\")]*\)).*/\1/p" "$here/../cmake/product.cmake"
}

product_version() {
    printf '%s.%s.%s\n' "$(product PRODUCT_VERSION_MAJOR)" "$(product PRODUCT_VERSION_MINOR)" \
        "$(product PRODUCT_VERSION_PATCH)"
}

# The host program; SIGN_TOOL names another one. Built here when a script runs outside of make.
sign_tool() {
    if [ -z "${SIGN_TOOL:-}" ]; then
        SIGN_TOOL=$here/../${BUILD:-build}/host/signing/sign-tool
        case ${BUILD:-} in /*) SIGN_TOOL=$BUILD/host/signing/sign-tool ;; esac
        if [ ! -x "$SIGN_TOOL" ]; then
            (cd "$here/.." && make -s -f signing/signing.mk BUILD="${BUILD:-build}" sign-tool) ||
                die "cannot build sign-tool"
        fi
        export SIGN_TOOL
    fi
    "$SIGN_TOOL" "$@"
}

# A folder of this run alone, for keys' passphrases too; gone at the end whatever happens.
scratch() {
    umask 077
    scratch=$(mktemp -d) || exit 1
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Reads SIGN_CONFIG, a file of NAME=value lines, if one is named.
settings() {
    [ -n "${SIGN_CONFIG:-}" ] || return 0
    [ -r "$SIGN_CONFIG" ] || die "SIGN_CONFIG: cannot read $SIGN_CONFIG"
    case $SIGN_CONFIG in */*) . "$SIGN_CONFIG" ;; *) . "./$SIGN_CONFIG" ;; esac
}
