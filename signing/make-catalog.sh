#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the unsigned catalog of a driver package, whose files lie beside its INF.
# usage: make-catalog.sh [--identifier HEX] PACKAGE.inf OUT.cat
#
# The catalog's form (version 1 for Windows 7, else 2) and its systems follow from the INF. Its time is
# SOURCE_DATE_EPOCH, or now; its identifier follows from its content. Sign it with sign.sh afterwards.
set -eu
here=$(dirname "$0")
. "$here/common.sh"
sign_tool catalog "$@"
