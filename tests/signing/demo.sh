# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests: a driver package of its own and a DLL around it, so that the pipeline is tested without the product.

demo_triple() {
    case $1 in
    amd64) echo x86_64 ;;
    x86) echo i686 ;;
    arm64) echo aarch64 ;;
    arm) echo thumbv7 ;;
    esac
}

# demo_resource FILE.rc [LINE...]: a version resource and more lines.
demo_resource() {
    local rc=$1 line
    shift
    {
        printf '1 VERSIONINFO\nFILEVERSION 1,2,3,0\nPRODUCTVERSION 1,2,3,0\nFILEOS 0x40004\nFILETYPE 2\nBEGIN\n'
        printf 'BLOCK "StringFileInfo"\nBEGIN\nBLOCK "040904b0"\nBEGIN\nVALUE "CompanyName", "Demo"\n'
        printf 'VALUE "FileDescription", "Demo"\nVALUE "ProductName", "Demo"\nEND\nEND\n'
        printf 'BLOCK "VarFileInfo"\nBEGIN\nVALUE "Translation", 0x409, 1200\nEND\nEND\n'
        for line in "$@"; do printf '%s\n' "$line"; done
    } >"$rc"
    llvm-rc-19 /no-preprocess /fo "${rc%.rc}.res" -- "$rc"
}

# demo_driver FOLDER ARCH SYSTEM: demo.sys and demo.inf; SYSTEM is what the INF asks for, 6.1 or 10.0.
demo_driver() {
    mkdir -p "$1"
    local triple safeseh
    triple=$(demo_triple "$2")-pc-windows-msvc
    printf 'int DriverEntry(void *Driver, void *Path)\n{\n    return Driver == Path;\n}\n' >"$1/demo.c"
    clang-19 --target="$triple" -ffreestanding -O1 -c -o "$1/demo.o" "$1/demo.c"
    demo_resource "$1/driver.rc"
    safeseh=
    [ "$2" != x86 ] || safeseh=/safeseh:no
    lld-link-19 /driver /subsystem:native /entry:DriverEntry /nodefaultlib /release /Brepro $safeseh \
        "/out:$1/demo.sys" "$1/demo.o" "$1/driver.res"
    printf '%s\r\n' '[Version]' 'Signature="$Windows NT$"' 'Class=Net' 'Provider=%Vendor%' 'CatalogFile=demo.cat' \
        'DriverVer=01/01/2026,1.2.3.0' '[Manufacturer]' "%Vendor%=Models,NT$2.$3" "[Models.NT$2.$3]" \
        '%Name%=Install,Demo' '[SourceDisksFiles]' 'demo.sys=1' '[Strings]' 'Vendor="Demo"' 'Name="Demo"' \
        >"$1/demo.inf"
    rm -f "$1"/demo.c "$1"/demo.o "$1"/driver.rc "$1"/driver.res
}

# demo_dll OUT ARCH PACKAGE-FOLDER...: a DLL that carries the packages, three resources each.
demo_dll() {
    local dll=$1 arch=$2 work id folder part
    shift 2
    work=$(dirname "$dll")
    mkdir -p "$work"
    id=1
    for folder in "$@"; do
        for part in sys inf cat; do
            [ ! -f "$folder/demo.$part" ] || set -- "$@" "$id RCDATA \"$folder/demo.$part\""
            id=$((id + 1))
        done
        shift
        id=$(((id / 10 + 1) * 10 + 1))
    done
    demo_resource "$work/dll.rc" "$@"
    printf 'int DllMain(void *Module, unsigned Reason, void *Reserved)\n{\n    return Module != Reserved || Reason;\n}\n' >"$work/dll.c"
    clang-19 --target="$(demo_triple "$arch")-pc-windows-msvc" -ffreestanding -O1 -c -o "$work/dll.o" "$work/dll.c"
    lld-link-19 /dll /noentry /nodefaultlib /release /Brepro /subsystem:windows,6.1 "/out:$dll" "$work/dll.o" \
        "$work/dll.res"
    rm -f "$work"/dll.rc "$work"/dll.res "$work"/dll.c "$work"/dll.o
}
