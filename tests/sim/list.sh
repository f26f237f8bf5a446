#!/bin/sh
# Names the runs of one simulator, a line each: system, scenario, time-out in seconds.
# Usage: list.sh <sim> <emulator or ""> short|long <system>...
set -eu
sim=$1 emulator=$2 extent=$3
shift 3
$emulator "$sim" list | while read -r scenario systems flags; do
    for system in "$@"; do
        case ,$systems, in *,"$system",*) ;; *) continue ;; esac
        timeout=120
        case ,${flags:-}, in
        *,long,*)
            # Emulated long scenarios run in full only in the long check.
            [ "$extent" = long ] || [ -z "$emulator" ] || continue
            timeout=600
            ;;
        esac
        [ -z "$emulator" ] || timeout=$((timeout * 2))
        echo "$system $scenario $timeout"
    done
done
