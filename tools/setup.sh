#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the setup from the staged files.
# usage: setup.sh <build> <out.exe>
# SETUP_VERSION, SETUP_STAGE (a folder) and SETUP_SIGN (a command) are for tests of upgrades.
set -eu -o pipefail
build=$(realpath "$1") out=$(realpath -m "$2")
stage=$(realpath "${SETUP_STAGE:-$1/stage}")
root=$(realpath "$(dirname "$0")/..")
if ! command -v makensis >/dev/null; then
    echo "makensis is missing: run \"make deps\" as root, which installs nsis" >&2
    exit 1
fi
mkdir -p "$build/setup"
cmake -DOUTPUT="$build/setup/product.nsh" -DVERSION="${SETUP_VERSION:-}" -P "$root/cmake/setup.cmake"
# NSIS signs the uninstaller through a hook, which is called with the kind and the file.
cat >"$build/setup/sign-in-place.sh" <<HOOK
#!/bin/sh
exec "$root/signing/sign.sh" --kind "\$1" "\$2" "\$2"
HOOK
chmod +x "$build/setup/sign-in-place.sh"
sign=${SETUP_SIGN:-$build/setup/sign-in-place.sh}
# makensis packs files with their own times only if SetDateSave is on, which setup.nsi turns off.
(cd "$root/installer" && makensis -V2 -NOCD -INPUTCHARSET UTF8 -DPRODUCT_NSH="$build/setup/product.nsh" \
    -DSTAGE="$stage" -DOUTPUT="$out.new" -DSIGN="$sign" setup.nsi)
mv "$out.new" "$out"
