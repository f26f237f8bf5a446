; SPDX-License-Identifier: MIT
; The log of setup and uninstaller: /LOG=<file>, one line an event, UTF-16. Without the switch nothing is written.
; ${Log} "text" may be used from any function of either.

Var LogFile
Var LogHandle

!macro LogOpen
    ${GetOptions} $CommandLine "/LOG=" $LogFile
    ${IfNot} ${Errors}
        ClearErrors
        FileOpen $LogHandle $LogFile w
        ${If} ${Errors}
            StrCpy $LogHandle ""
        ${Else}
            FileWriteWord $LogHandle 0xFEFF
        ${EndIf}
    ${EndIf}
    ClearErrors
!macroend

!macro Log Text
    DetailPrint "${Text}"
    ${If} $LogHandle != ""
        FileWriteUTF16LE $LogHandle "${Text}$\r$\n"
    ${EndIf}
!macroend
!define Log "!insertmacro Log"

; Says a text, in the log always and on the screen unless silent, and ends with an exit code.
!macro Fail Code Text
    ${Log} "error ${Code}: ${Text}"
    ${IfNot} ${Silent}
        MessageBox MB_OK|MB_ICONSTOP "${Text}"
    ${EndIf}
    SetErrorLevel ${Code}
    Quit
!macroend
!define Fail "!insertmacro Fail"
