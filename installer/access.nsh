; SPDX-License-Identifier: MIT
; A folder that only SYSTEM and Administrators can write, whoever made it and wherever it lies: DLLs in it are loaded
; by elevated programs, so a folder chosen with /D= must be no weaker than Program Files.
; Source: SetNamedSecurityInfoW, ConvertStringSecurityDescriptorToSecurityDescriptorW (Microsoft, Win32 reference).

!define SE_FILE_OBJECT 1
!define OWNER_DACL_PROTECTED 0x80000005 ; OWNER | DACL | PROTECTED_DACL_SECURITY_INFORMATION

; Sets $ErrorCode to 0 or the Win32 error.
!macro ProtectFolder Folder
    Push $0
    Push $1
    Push $2
    Push $3
    StrCpy $ErrorCode 0
    System::Call 'advapi32::ConvertStringSecurityDescriptorToSecurityDescriptorW(w "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)", i 1, *p .r0, p 0) i .r1 ?e'
    Pop $2
    ${If} $1 = 0
        StrCpy $ErrorCode $2
    ${Else}
        System::Call 'advapi32::GetSecurityDescriptorDacl(p r0, *i .r1, *p .r2, *i .r1)'
        System::Call 'advapi32::GetSecurityDescriptorOwner(p r0, *p .r3, *i .r1)'
        System::Call 'advapi32::SetNamedSecurityInfoW(w "${Folder}", i ${SE_FILE_OBJECT}, i ${OWNER_DACL_PROTECTED}, p r3, p 0, p r2, p 0) i .r1'
        StrCpy $ErrorCode $1
        System::Call 'kernel32::LocalFree(p r0)'
    ${EndIf}
    Pop $3
    Pop $2
    Pop $1
    Pop $0
!macroend
!define ProtectFolder "!insertmacro ProtectFolder"
