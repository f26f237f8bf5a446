; SPDX-License-Identifier: MIT
; What setup has put into the target folder: $INSTDIR\${MARK} lists it, a path a line, folders with "\" at the end and
; before what is in them. Only listed files are ever removed or replaced; others stay where they are.
;
; The folder's parts (what the zip has at its top) are exchanged whole: the old ones are moved to ~old, which fails
; before anything has changed if one is in use, and what is not listed comes back from there.

!define MARK "${PRODUCT_FILE}-setup.txt"
!define UNINSTALLER "uninstall.exe"
!define FOLDER 0x10
!define REPARSE_OR_FOLDER 0x410
!define INVALID_ATTRIBUTES -1

Var FailedPart
Var Lock

!macro ForEachPart Do
    !insertmacro ${Do} "bin"
    !insertmacro ${Do} "include"
    !insertmacro ${Do} "lib"
    !insertmacro ${Do} "example"
    !insertmacro ${Do} "docs"
    !insertmacro ${Do} "certificates"
    !insertmacro ${Do} "README.md"
    !insertmacro ${Do} "LICENSE.txt"
!macroend

; Writes the list of all that is in ~new to ~new\${MARK}. Sets the error flag if it cannot.
Function WriteList
    ClearErrors
    FileOpen $R0 "$INSTDIR\~new\${MARK}" w
    ${If} ${Errors}
        Return
    ${EndIf}
    FileWriteWord $R0 0xFEFF
    ${Locate} "$INSTDIR\~new" "/L=FD" "ListOne"
    ${If} $R1 != ""
        SetErrors
    ${EndIf}
    FileClose $R0
FunctionEnd

; $R9 is a path in ~new. $R1 stays empty unless writing has failed.
Function ListOne
    StrLen $0 "$INSTDIR\~new\"
    StrCpy $0 $R9 "" $0
    ${If} ${FileExists} "$R9\*.*"
        StrCpy $0 "$0\"
    ${EndIf}
    StrCpy $R1 ""
    ${If} $0 != "${MARK}"
        ClearErrors
        FileWriteUTF16LE $R0 "$0$\r$\n"
        ${If} ${Errors}
            StrCpy $R1 "failed"
            Push StopLocate
            Return
        ${EndIf}
    ${EndIf}
    Push continue
FunctionEnd

!macro FileFunctions Prefix
; Setup and uninstaller take turns: $Lock becomes a handle of a file that nobody else can open and that goes when it is
; closed, or -1. It lies in the protected folder, where no ordinary user can take it.
Function ${Prefix}TakeLock
    System::Call 'kernel32::CreateFileW(w "$INSTDIR\~lock", i 0x40000000, i 0, p 0, i 2, i 0x04000000, p 0) p .r0'
    StrCpy $Lock $0
FunctionEnd

Function ${Prefix}DropLock
    System::Call 'kernel32::CloseHandle(p $Lock)'
FunctionEnd

; Pushes "" and the list's lines, the last one on top. Uses $0 and $1.
Function ${Prefix}PushList
    Push ""
    ClearErrors
    FileOpen $0 "$INSTDIR\${MARK}" r
    ${If} ${Errors}
        ClearErrors
        Return
    ${EndIf}
    ${Do}
        FileReadUTF16LE $0 $1
        ${If} ${Errors}
            ${Break}
        ${EndIf}
        StrCpy $1 $1 -2
        ${If} $1 != ""
            Push $1
        ${EndIf}
    ${Loop}
    ClearErrors
    FileClose $0
FunctionEnd

; $FailedPart becomes an installed file that another process holds, or stays empty: opening for writing is refused
; for a mapped image and for a file that somebody writes.
Function ${Prefix}FindFileInUse
    StrCpy $FailedPart ""
    Call ${Prefix}PushList
    ${Do}
        Pop $1
        ${If} $1 == ""
            ${Break}
        ${EndIf}
        StrCpy $0 $1 1 -1
        ${If} $0 != "\"
        ${AndIf} $1 != "${UNINSTALLER}"
        ${AndIf} ${FileExists} "$INSTDIR\$1"
            SetFileAttributes "$INSTDIR\$1" NORMAL
            ClearErrors
            FileOpen $0 "$INSTDIR\$1" a
            ${If} ${Errors}
                StrCpy $FailedPart $1
            ${Else}
                FileClose $0
            ${EndIf}
            ClearErrors
        ${EndIf}
    ${Loop}
FunctionEnd

; Removes what the list names from ~old: files, and folders that are empty then.
Function ${Prefix}RemoveListed
    Call ${Prefix}PushList
    ${Do}
        Pop $1
        ${If} $1 == ""
            ${Break}
        ${EndIf}
        StrCpy $0 $1 1 -1
        ${If} $0 == "\"
            RMDir "$INSTDIR\~old\$1"
        ${Else}
            Delete "$INSTDIR\~old\$1"
        ${EndIf}
    ${Loop}
    ClearErrors
FunctionEnd

; Moves what is in folder $R0 into folder $R1, which exists; what is in both stays in $R1 as it is. Links are moved,
; not followed. Calls itself for a folder that is in both.
Function ${Prefix}Merge
    Push $R2
    Push $R3
    FindFirst $R2 $R3 "$R0\*.*"
    ${DoWhile} $R3 != ""
        ${If} $R3 != "."
        ${AndIf} $R3 != ".."
            System::Call 'kernel32::GetFileAttributesW(w "$R1\$R3") i .r0'
            System::Call 'kernel32::GetFileAttributesW(w "$R0\$R3") i .r1'
            IntOp $1 $1 & ${REPARSE_OR_FOLDER}
            ${If} $0 = ${INVALID_ATTRIBUTES}
                Rename "$R0\$R3" "$R1\$R3"
            ${ElseIf} $1 = ${FOLDER}
                Push $R0
                Push $R1
                StrCpy $R0 "$R0\$R3"
                StrCpy $R1 "$R1\$R3"
                Call ${Prefix}Merge
                Pop $R1
                Pop $R0
            ${ElseIf} $1 = 0
                Delete "$R0\$R3"
            ${EndIf}
        ${EndIf}
        FindNext $R2 $R3
    ${Loop}
    FindClose $R2
    ClearErrors
    RMDir "$R0"
    ClearErrors
    Pop $R3
    Pop $R2
FunctionEnd

; What is left in ~old goes back to where it was.
Function ${Prefix}MergeOld
    ${If} ${FileExists} "$INSTDIR\~old\*.*"
        StrCpy $R0 "$INSTDIR\~old"
        StrCpy $R1 "$INSTDIR"
        Call ${Prefix}Merge
    ${EndIf}
FunctionEnd
!macroend
!insertmacro FileFunctions ""
!insertmacro FileFunctions "un."

; ---- Exchanging parts: setup ----

; Moves one part aside and the new one in. $FailedPart is empty as long as none has failed; it is the flag because
; looking at the error flag clears it.
!macro Swap Part
    ${If} $FailedPart == ""
        ClearErrors
        ${If} ${FileExists} "$INSTDIR\${Part}"
            Rename "$INSTDIR\${Part}" "$INSTDIR\~old\${Part}"
        ${EndIf}
        ${If} ${Errors}
            StrCpy $FailedPart "${Part}"
        ${Else}
            StrCpy $Moved "$Moved|${Part}"
            ${If} ${FileExists} "$INSTDIR\~new\${Part}"
                Rename "$INSTDIR\~new\${Part}" "$INSTDIR\${Part}"
            ${EndIf}
            ${If} ${Errors}
                StrCpy $FailedPart "${Part}"
            ${EndIf}
        ${EndIf}
    ${EndIf}
!macroend

!macro SwapBack Part
    ${WordFind} "$Moved|" "|${Part}|" "E+1{" $0
    ${IfNot} ${Errors}
        Rename "$INSTDIR\${Part}" "$INSTDIR\~new\${Part}"
        Rename "$INSTDIR\~old\${Part}" "$INSTDIR\${Part}"
    ${EndIf}
    ClearErrors
!macroend

; ---- Exchanging parts: uninstaller ----

!macro Aside Part
    ${If} $FailedPart == ""
        ClearErrors
        ${If} ${FileExists} "$INSTDIR\${Part}"
            Rename "$INSTDIR\${Part}" "$INSTDIR\~old\${Part}"
        ${EndIf}
        ${If} ${Errors}
            StrCpy $FailedPart "${Part}"
        ${EndIf}
    ${EndIf}
!macroend

!macro AsideBack Part
    ${If} ${FileExists} "$INSTDIR\~old\${Part}"
        Rename "$INSTDIR\~old\${Part}" "$INSTDIR\${Part}"
    ${EndIf}
!macroend
