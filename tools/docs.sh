#!/bin/bash
# SPDX-License-Identifier: MIT
# Turns docs/*.md and the README into pages that a browser shows.
# usage: docs.sh <target folder>
set -eu -o pipefail
target=$1
root=$(dirname "$0")/..
mkdir -p "$target"
if ! command -v cmark-gfm >/dev/null; then
    echo "cmark-gfm is missing: run \"make deps\" as root, which installs it" >&2
    exit 1
fi
style='body{max-width:54em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif}code,pre{font:14px monospace;background:#f4f4f4}pre{padding:1em;overflow:auto}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em .6em;vertical-align:top}'
page() {
    local source=$1 name=$2
    {
        printf '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>%s</title>\n<style>%s</style>\n' \
            "$(sed -n 's/^# //p;T;q' "$source")" "$style"
        # Links between documents follow them to their pages; the README, one folder up, has become one of them.
        cmark-gfm -e table -e autolink "$source" | sed -E 's#href="(docs/)?([a-z0-9-]+)\.md#href="\2.html#g; s#href="example/#href="../example/#g'
    } >"$target/$name.html"
}
page "$root/README.md" index
for source in "$root"/docs/*.md; do
    page "$source" "$(basename "$source" .md)"
done
find "$root/docs" -name '*.png' -exec cp {} "$target/" \;
