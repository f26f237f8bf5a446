; SPDX-License-Identifier: MIT
; The target folder: only SYSTEM and Administrators can write it, and nobody else can put another in its place.
; Elevated programs load the DLL from it, so a folder chosen with /D= must be no weaker than Program Files.
; Source: CreateDirectoryW, SetNamedSecurityInfoW, GetSecurityInfo, GetAce, ConvertSidToStringSidW and
; ConvertStringSecurityDescriptorToSecurityDescriptorW (Microsoft, Win32 reference).

!define SE_FILE_OBJECT 1
!define OWNER_DACL 0x5                  ; OWNER | DACL_SECURITY_INFORMATION
!define OWNER_DACL_PROTECTED 0x80000005 ; and PROTECTED_DACL_SECURITY_INFORMATION
!define FOLDER_SECURITY "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
!define REPARSE_POINT 0x400
!define INHERIT_ONLY_ACE 0x8
!define ACCESS_ALLOWED_ACE 0
!define ACCESS_ALLOWED_CALLBACK_ACE 9
; What lets somebody rename or delete a folder, or give himself that right: GENERIC_ALL, GENERIC_WRITE, WRITE_OWNER,
; WRITE_DAC, FILE_DELETE_CHILD; and for any folder but the root of a volume, DELETE.
!define REPLACE_ROOT 0x500C0040
!define REPLACE_FOLDER 0x500D0040
!define ERROR_ACCESS_DENIED 5

; The sets of access control below set $ErrorCode to 0 or to the Win32 error.

; Makes $INSTDIR with its access control from the first moment. Fails if it exists.
Function MakeProtectedFolder
    StrCpy $ErrorCode 0
    System::Call 'advapi32::ConvertStringSecurityDescriptorToSecurityDescriptorW(w "${FOLDER_SECURITY}", i 1, *p .r0, p 0) i .r1 ?e'
    Pop $2
    ${If} $1 = 0
        StrCpy $ErrorCode $2
        Return
    ${EndIf}
    System::Call '*(i 12, p r0, i 0) p .r3'
    System::Call 'kernel32::CreateDirectoryW(w "$INSTDIR", p r3) i .r1 ?e'
    Pop $2
    ${If} $1 = 0
        StrCpy $ErrorCode $2
    ${EndIf}
    System::Free $3
    System::Call 'kernel32::LocalFree(p r0)'
FunctionEnd

; The same for a folder that an earlier setup made.
Function ProtectFolder
    StrCpy $ErrorCode 0
    System::Call 'advapi32::ConvertStringSecurityDescriptorToSecurityDescriptorW(w "${FOLDER_SECURITY}", i 1, *p .r0, p 0) i .r1 ?e'
    Pop $2
    ${If} $1 = 0
        StrCpy $ErrorCode $2
        Return
    ${EndIf}
    System::Call 'advapi32::GetSecurityDescriptorDacl(p r0, *i .r1, *p .r2, *i .r1)'
    System::Call 'advapi32::GetSecurityDescriptorOwner(p r0, *p .r3, *i .r1)'
    System::Call 'advapi32::SetNamedSecurityInfoW(w "$INSTDIR", i ${SE_FILE_OBJECT}, i ${OWNER_DACL_PROTECTED}, p r3, p 0, p r2, p 0) i .r1'
    StrCpy $ErrorCode $1
    System::Call 'kernel32::LocalFree(p r0)'
FunctionEnd

; $9 becomes the SID of the user who runs setup: an administrator, so what he may do is no ordinary user's right.
Function CurrentUser
    StrCpy $9 ""
    System::Call 'advapi32::OpenProcessToken(p -1, i 8, *p .r0) i .r1' ; TOKEN_QUERY
    ${If} $1 <> 0
        System::Alloc 256
        Pop $2
        System::Call 'advapi32::GetTokenInformation(p r0, i 1, p r2, i 256, *i .r3) i .r1' ; TokenUser
        ${If} $1 <> 0
            System::Call '*$2(p .r3)'
            System::Call 'advapi32::ConvertSidToStringSidW(p r3, *p .r4) i .r1'
            ${If} $1 <> 0
                System::Call '*$4(&w${NSIS_MAX_STRLEN} .r9)'
                System::Call 'kernel32::LocalFree(p r4)'
            ${EndIf}
        ${EndIf}
        System::Free $2
        System::Call 'kernel32::CloseHandle(p r0)'
    ${EndIf}
FunctionEnd

; $0, a SID in memory, is trusted: $1 becomes 1, otherwise 0.
Function IsTrusted
    StrCpy $1 0
    System::Call 'advapi32::ConvertSidToStringSidW(p r0, *p .r2) i .r3'
    ${If} $3 <> 0
        System::Call '*$2(&w${NSIS_MAX_STRLEN} .r3)'
        System::Call 'kernel32::LocalFree(p r2)'
        ${If} $3 == "S-1-5-18"     ; SYSTEM
        ${OrIf} $3 == "S-1-5-32-544" ; Administrators
        ${OrIf} $3 == "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" ; TrustedInstaller
        ${OrIf} $3 == $9
            StrCpy $1 1
        ${EndIf}
    ${EndIf}
FunctionEnd

; $R0 names a folder. $R1 becomes 0 if only trusted ones can rename it, delete it or delete what is in it.
Function CheckOneFolder
    StrCpy $R1 ${ERROR_ACCESS_DENIED}
    StrCpy $R2 ${REPLACE_FOLDER}
    StrLen $0 $R0
    ${If} $0 <= 3
        StrCpy $R2 ${REPLACE_ROOT}
    ${EndIf}
    ; A link is looked at itself: READ_CONTROL, shared, existing, BACKUP_SEMANTICS | OPEN_REPARSE_POINT.
    System::Call 'kernel32::CreateFileW(w R0, i 0x20000, i 7, p 0, i 3, i 0x02200000, p 0) p .r4 ?e'
    Pop $0
    ${If} $4 = -1
        StrCpy $R1 $0
        Return
    ${EndIf}
    System::Call 'advapi32::GetSecurityInfo(p r4, i ${SE_FILE_OBJECT}, i ${OWNER_DACL}, *p .r0, p 0, *p .r5, p 0, *p .r6) i .r1'
    System::Call 'kernel32::CloseHandle(p r4)'
    ${If} $1 <> 0
        StrCpy $R1 $1
        Return
    ${EndIf}
    Call IsTrusted
    ; No list at all is everybody's full access.
    ${If} $1 = 1
    ${AndIf} $5 P<> 0
        StrCpy $R1 0
        System::Call '*$5(&i1, &i1, &i2, &i2 .r7)' ; AceCount
        ${DoWhile} $7 > 0
            IntOp $7 $7 - 1
            System::Call 'advapi32::GetAce(p r5, i r7, *p .r8) i .r1'
            System::Call '*$8(&i1 .r2, &i1 .r3, &i2, i .r4)'
            IntOp $3 $3 & ${INHERIT_ONLY_ACE}
            IntOp $4 $4 & $R2
            ${If} $2 <> ${ACCESS_ALLOWED_ACE}
            ${AndIf} $2 <> ${ACCESS_ALLOWED_CALLBACK_ACE}
            ${OrIf} $3 <> 0
            ${OrIf} $4 = 0
                ${Continue}
            ${EndIf}
            IntPtrOp $0 $8 + 8
            Call IsTrusted
            ${If} $1 = 0
                StrCpy $R1 ${ERROR_ACCESS_DENIED}
            ${EndIf}
        ${Loop}
    ${EndIf}
    System::Call 'kernel32::LocalFree(p r6)'
FunctionEnd

; The same for every folder above $R3. Sets $ErrorCode, and $FailedPart to the folder.
Function CheckChain
    StrCpy $ErrorCode 0
    ${Do}
        ${GetParent} $R3 $R3
        StrCpy $R0 $R3
        StrLen $0 $R0
        ${If} $0 = 2
            StrCpy $R0 "$R0\"
        ${EndIf}
        Call CheckOneFolder
        ${If} $R1 <> 0
            StrCpy $ErrorCode $R1
            StrCpy $FailedPart $R0
            Return
        ${EndIf}
        StrLen $0 $R0
    ${LoopUntil} $0 <= 3
FunctionEnd

; Looks at all folders above $INSTDIR; if a link is among them, also at those above the place that it leads to.
Function CheckFoldersAbove
    Call CurrentUser
    StrCpy $R3 $INSTDIR
    Call CheckChain
    ${If} $ErrorCode <> 0
        Return
    ${EndIf}
    ${GetParent} $INSTDIR $R3
    System::Call 'kernel32::CreateFileW(w "$R3\", i 0, i 7, p 0, i 3, i 0x02000000, p 0) p .r4 ?e'
    Pop $ErrorCode
    ${If} $4 <> -1
        System::Call 'kernel32::GetFinalPathNameByHandleW(p r4, w .R5, i ${NSIS_MAX_STRLEN}, i 0) i .r0 ?e'
        Pop $ErrorCode
        System::Call 'kernel32::CloseHandle(p r4)'
        ${If} $0 <> 0
            StrCpy $R5 $R5 "" 4 ; without its first four characters
            StrCpy $ErrorCode 0
            StrLen $0 $R5
            ${If} $R5 != "$R3"
            ${AndIf} $0 > 3
                StrCpy $R3 "$R5\."
                Call CheckChain
            ${EndIf}
        ${EndIf}
    ${EndIf}
FunctionEnd
