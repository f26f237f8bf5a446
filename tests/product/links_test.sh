#!/bin/bash
# SPDX-License-Identifier: MIT
# Whoever unpacks the archive finds what its README and its pages link to.
# usage: links_test.sh <zip>
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unzip -q "$1" -d "$work"
broken=0 links=0
check() {
    local page=$1 link
    while read -r link; do
        links=$((links + 1))
        case $link in
        http://* | https://* | \#*) continue ;;
        esac
        if [ ! -e "$(dirname "$page")/${link%%#*}" ]; then
            echo "${page#"$work/"} links to $link, which is not there" >&2
            broken=$((broken + 1))
        fi
    done
}
for page in "$work"/*/README.md; do
    check "$page" < <(grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/)$//')
done
for page in "$work"/*/docs/*.html; do
    check "$page" < <(grep -oE '(href|src)="[^"]+"' "$page" | sed 's/^[a-z]*="//; s/"$//')
done
[ "$links" -gt 5 ] || {
    echo "only $links links were found" >&2
    exit 1
}
echo "$links links"
[ "$broken" = 0 ]
