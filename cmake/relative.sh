#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a command with the paths in its arguments made relative to the working folder.
# usage: relative.sh <build folder, the working one> <source folder> command...
#
# The linker writes its command line and the objects' names into the .pdb, and a hash over that into the image: with
# absolute paths every output would depend on where the build lies.
set -eu
build=$1 source=$2
shift 2
up=$(realpath -m --relative-to="$build" "$source")
for argument in "$@"; do
    case $argument in
    *"$build"/*) argument=${argument%%"$build"/*}${argument#*"$build"/} ;;
    *"$source"/*) argument=${argument%%"$source"/*}$up/${argument#*"$source"/} ;;
    esac
    shift
    set -- "$@" "$argument"
done
exec "$@"
