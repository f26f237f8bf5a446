; SPDX-License-Identifier: MIT
;
; One setup for every architecture: the x86 stub runs on all of them. It installs files only; wintun.dll stages its
; driver itself when a program first needs it, so setup does no device work.
;
; Built by tools/setup.sh with
;   /DSTAGE=<folder>   the files as they are to stand in the target folder, and others/ (see there)
;   /DOUTPUT=<file>    the setup to make
;   /DSIGN=<command>   signs a file in place; called with "uninstaller" or "setup" and the file
;
; An installation is all or nothing: everything is first extracted into $INSTDIR\~new, then each part is exchanged (see
; files.nsh); a failure moves back what was moved.
;
; Switches (documented in docs/setup.md): /S  /D=<folder>  /LOG=<file>  /COMPONENTS=<list>  /LANG=<id>
; Exit codes: 0 done, 1 cancelled, 2 failed and rolled back, 3 bad switch, 4 newer version installed,
;             5 target folder refused, 6 not an administrator or unsupported system, 7 file in use

Unicode true
SetCompressor /SOLID lzma
SetDateSave off
ManifestSupportedOS all
ManifestDPIAware true
RequestExecutionLevel admin
CRCCheck force
AllowSkipFiles off

!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WordFunc.nsh
!include Sections.nsh
!include WinVer.nsh
!include x64.nsh
!include "${PRODUCT_NSH}"

!define EXIT_FAILED 2
!define EXIT_SWITCH 3
!define EXIT_DOWNGRADE 4
!define EXIT_FOLDER 5
!define EXIT_SYSTEM 6
!define EXIT_IN_USE 7

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PRODUCT_NAME}"

Name "${PRODUCT_NAME}"
OutFile "${OUTPUT}"
BrandingText "${PRODUCT_NAME} ${PRODUCT_VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${PRODUCT_VERSION}.0"
VIAddVersionKey /LANG=0 "ProductName" "${PRODUCT_NAME}"
VIAddVersionKey /LANG=0 "ProductVersion" "${PRODUCT_VERSION}"
VIAddVersionKey /LANG=0 "FileVersion" "${PRODUCT_VERSION}"
VIAddVersionKey /LANG=0 "FileDescription" "${PRODUCT_NAME} Setup"
VIAddVersionKey /LANG=0 "CompanyName" "${PRODUCT_COMPANY}"
VIAddVersionKey /LANG=0 "LegalCopyright" "${PRODUCT_COPYRIGHT}"

!uninstfinalize '${SIGN} uninstaller "%1"' = 0
!finalize '${SIGN} setup "%1"' = 0

Var CommandLine
Var ErrorCode
Var InstalledVersion
Var InstalledFolder
Var BadSwitch
Var Architecture
Var Moved
Var FolderError

!include log.nsh
!include files.nsh
!include access.nsh

!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_SMALLDESC
!define MUI_FINISHPAGE_NOAUTOCLOSE
!insertmacro MUI_PAGE_WELCOME
!define MUI_LICENSEPAGE_BUTTON "$(LicenseButton)"
!insertmacro MUI_PAGE_LICENSE "${STAGE}/common/LICENSE.txt"
!insertmacro MUI_PAGE_COMPONENTS
!define MUI_PAGE_CUSTOMFUNCTION_PRE SkipFolderPage
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE LeaveFolderPage
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"
!include english.nsh
!include simplified-chinese.nsh

; ---- What goes where ----

Section "-Prepare"
    Call CheckFolder
    ${If} $FolderError != ""
        ${Fail} ${EXIT_FOLDER} "$FolderError"
    ${EndIf}
    ${If} $InstalledFolder != ""
        Call ProtectFolder
    ${Else}
        ; An empty folder that somebody else made may still be open to him, so it makes way for a new one.
        RMDir "$INSTDIR"
        Call MakeProtectedFolder
    ${EndIf}
    ${If} $ErrorCode <> 0
        ${Fail} ${EXIT_FOLDER} "$(ErrorFolderAccess)"
    ${EndIf}
    Call TakeLock
    ${If} $Lock = -1
        ${Fail} ${EXIT_IN_USE} "$(ErrorRunning)"
    ${EndIf}
    ; Left by a setup that was killed.
    RMDir /r "$INSTDIR\~new"
    Call MergeOld
    ClearErrors
SectionEnd

; The library of the machine's own architecture stands in bin\ itself, where a program finds one name on every
; machine; those of all architectures stand in bin\<architecture>, as in the zip.
Section "$(SectionRuntime)" IdRuntime
    SectionIn RO
    SetOutPath "$INSTDIR\~new"
    File /r "${STAGE}/common/*.*"
    SetOutPath "$INSTDIR\~new\bin"
    ${Switch} $Architecture
    ${Case} arm64
        File "${STAGE}/others/bin/arm64/wintun.dll"
        ${Break}
    ${Case} amd64
        File "${STAGE}/others/bin/amd64/wintun.dll"
        ${Break}
    ${Default}
        File "${STAGE}/others/bin/x86/wintun.dll"
    ${EndSwitch}
SectionEnd

Section "$(SectionOtherArchitectures)" IdOthers
    SetOutPath "$INSTDIR\~new"
    File /r "${STAGE}/others/*.*"
SectionEnd

Section "$(SectionSdk)" IdSdk
    SetOutPath "$INSTDIR\~new"
    File /r "${STAGE}/sdk/*.*"
SectionEnd

Section "$(SectionExample)" IdExample
    SetOutPath "$INSTDIR\~new"
    File /r "${STAGE}/example/*.*"
SectionEnd

Section "$(SectionDocumentation)" IdDocumentation
    SetOutPath "$INSTDIR\~new"
    File /r "${STAGE}/docs/*.*"
SectionEnd

; ---- Putting it in place ----

; A failed extraction never comes here: it ends in .onInstFailed.
Section "-Commit"
    ${Log} "extracted into $INSTDIR\~new"
    SetOutPath "$INSTDIR"
    Call FindFileInUse
    ${If} $FailedPart != ""
        RMDir /r "$INSTDIR\~new"
        ${Fail} ${EXIT_IN_USE} "$(ErrorInUse)"
    ${EndIf}
    ClearErrors
    WriteUninstaller "$INSTDIR\~new\${UNINSTALLER}"
    ${If} ${Errors}
        Call .onInstFailed
    ${EndIf}
    Call WriteList
    ${If} ${Errors}
        Call .onInstFailed
    ${EndIf}
    CreateDirectory "$INSTDIR\~old"
    StrCpy $Moved ""
    !insertmacro ForEachPart Swap
    ${If} $FailedPart != ""
        !insertmacro ForEachPart SwapBack
        RMDir /r "$INSTDIR\~new"
        RMDir "$INSTDIR\~old"
        Call RemoveIfEmpty
        ${Fail} ${EXIT_IN_USE} "$(ErrorInUse)"
    ${EndIf}
    Call RemoveListed
    Call MergeOld
    Delete "$INSTDIR\${UNINSTALLER}"
    Rename "$INSTDIR\~new\${UNINSTALLER}" "$INSTDIR\${UNINSTALLER}"
    Delete "$INSTDIR\${MARK}"
    Rename "$INSTDIR\~new\${MARK}" "$INSTDIR\${MARK}"
    RMDir /r "$INSTDIR\~new"
    Call DropLock

    WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayName" "${PRODUCT_NAME}"
    WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayVersion" "${PRODUCT_VERSION}"
    WriteRegStr HKLM "${UNINSTALL_KEY}" "Language" "$LANGUAGE"
    WriteRegStr HKLM "${UNINSTALL_KEY}" "Publisher" "${PRODUCT_COMPANY}"
    WriteRegStr HKLM "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKLM "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\${UNINSTALLER}"'
    WriteRegStr HKLM "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\${UNINSTALLER}" /S'
    WriteRegDWORD HKLM "${UNINSTALL_KEY}" "VersionMajor" ${PRODUCT_VERSION_MAJOR}
    WriteRegDWORD HKLM "${UNINSTALL_KEY}" "VersionMinor" ${PRODUCT_VERSION_MINOR}
    WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoModify" 1
    WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/S=0K /G=1" $0 $1 $2
    WriteRegDWORD HKLM "${UNINSTALL_KEY}" "EstimatedSize" $0

    Delete "$SMPROGRAMS\${PRODUCT_NAME}.lnk"
    ${If} ${SectionIsSelected} ${IdDocumentation}
        CreateShortcut "$SMPROGRAMS\${PRODUCT_NAME}.lnk" "$INSTDIR\docs\index.html" "" "" 0 SW_SHOWNORMAL "" \
            "$(LinkDocumentation)"
    ${EndIf}
    ${Log} "installed ${PRODUCT_VERSION} ($Architecture) into $INSTDIR"
    SetErrorLevel 0
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
    !insertmacro MUI_DESCRIPTION_TEXT ${IdRuntime} "$(DescribeRuntime)"
    !insertmacro MUI_DESCRIPTION_TEXT ${IdOthers} "$(DescribeOtherArchitectures)"
    !insertmacro MUI_DESCRIPTION_TEXT ${IdSdk} "$(DescribeSdk)"
    !insertmacro MUI_DESCRIPTION_TEXT ${IdExample} "$(DescribeExample)"
    !insertmacro MUI_DESCRIPTION_TEXT ${IdDocumentation} "$(DescribeDocumentation)"
!insertmacro MUI_FUNCTION_DESCRIPTION_END

; ---- Before anything is written ----

!macro SelectComponent Name Id
    ${WordFind} ",$R1," ",${Name}," "E+1{" $0
    ${If} ${Errors}
        ClearErrors
        !insertmacro UnselectSection ${Id}
    ${Else}
        !insertmacro SelectSection ${Id}
        IntOp $R2 $R2 + 1
    ${EndIf}
!macroend

; /COMPONENTS=other,sdk,example,docs selects those beside the library; "none" selects the library alone.
Function SelectComponents
    ClearErrors
    ${GetOptions} $CommandLine "/COMPONENTS=" $R1
    ${If} ${Errors}
        ClearErrors
        Return
    ${EndIf}
    StrCpy $R2 0
    !insertmacro SelectComponent "other" ${IdOthers}
    !insertmacro SelectComponent "sdk" ${IdSdk}
    !insertmacro SelectComponent "example" ${IdExample}
    !insertmacro SelectComponent "docs" ${IdDocumentation}
    ${If} $R1 == "none"
        Return
    ${EndIf}
    ; As many names as were recognised, or one of them is unknown.
    ${WordFind} "$R1," "," "#" $0
    ClearErrors
    ${If} $0 <> $R2
        StrCpy $BadSwitch "/COMPONENTS=$R1"
        ${Fail} ${EXIT_SWITCH} "$(ErrorSwitch)"
    ${EndIf}
FunctionEnd

; /LANG=1033 or 2052; without it the system's language decides, and what is neither is English.
!macro ChooseLanguage
    ClearErrors
    ${GetOptions} $CommandLine "/LANG=" $0
    ${IfNot} ${Errors}
        ${If} $0 <> ${LANG_ENGLISH}
        ${AndIf} $0 <> ${LANG_SIMPCHINESE}
            StrCpy $BadSwitch "/LANG=$0"
            ${Fail} ${EXIT_SWITCH} "$(ErrorSwitch)"
        ${EndIf}
        StrCpy $LANGUAGE $0
    ${EndIf}
    ClearErrors
!macroend

; Setups of this NSIS fall back to the temporary folder of low integrity, which ends in "Low", if no other can be
; written; as SYSTEM that would give everybody's plug-ins SYSTEM's rights (CVE-2026-42171). So this comes first:
; before it, nothing is loaded from there.
!macro RefuseUnsafeTemp
    StrCpy $0 $TEMP 1 -1
    ${If} $0 == "\"
        StrCpy $0 $TEMP "" -5
    ${Else}
        StrCpy $0 "$TEMP\" "" -5
    ${EndIf}
    ${If} $0 == "\Low\"
        ${Fail} ${EXIT_SYSTEM} "$(ErrorTemp)"
    ${EndIf}
!macroend

Function .onInit
    ${GetParameters} $CommandLine
    !insertmacro LogOpen
    !insertmacro RefuseUnsafeTemp
    ${Log} "${PRODUCT_NAME} ${PRODUCT_VERSION} setup: $CommandLine"
    !insertmacro ChooseLanguage

    ${IfNot} ${AtLeastWin7}
        ${Fail} ${EXIT_SYSTEM} "$(ErrorSystem)"
    ${EndIf}
    UserInfo::GetAccountType
    Pop $0
    ${If} $0 != "Admin"
        ${Fail} ${EXIT_SYSTEM} "$(ErrorNotAdministrator)"
    ${EndIf}

    ; ARM64 first: a 32-bit process there is told that the machine is an amd64 one.
    ${If} ${IsNativeARM64}
        StrCpy $Architecture arm64
    ${ElseIf} ${RunningX64}
        StrCpy $Architecture amd64
    ${Else}
        StrCpy $Architecture x86
    ${EndIf}
    ${If} $Architecture != x86
        SetRegView 64
        StrCpy $0 "$PROGRAMFILES64\${PRODUCT_NAME}"
    ${Else}
        StrCpy $0 "$PROGRAMFILES\${PRODUCT_NAME}"
    ${EndIf}
    SetShellVarContext all

    ReadRegStr $InstalledVersion HKLM "${UNINSTALL_KEY}" "DisplayVersion"
    ReadRegStr $InstalledFolder HKLM "${UNINSTALL_KEY}" "InstallLocation"
    ClearErrors
    ; An entry whose files are gone is no installation.
    ${IfNot} ${FileExists} "$InstalledFolder\${MARK}"
        StrCpy $InstalledFolder ""
    ${EndIf}
    ${If} $InstalledFolder != ""
        ${VersionCompare} "$InstalledVersion" "${PRODUCT_VERSION}" $1
        ${If} $1 = 1
            ${Fail} ${EXIT_DOWNGRADE} "$(ErrorDowngrade)"
        ${EndIf}
        StrCpy $0 $InstalledFolder
        ${Log} "found $InstalledVersion in $InstalledFolder"
    ${EndIf}
    ${If} $INSTDIR == ""
        StrCpy $INSTDIR $0
    ${EndIf}
    Call SelectComponents
FunctionEnd

; $FolderError becomes empty if setup may install into $INSTDIR: where the installation is, or a folder that is new or
; empty, below folders that ordinary users cannot rename. Anything else would be mixed with somebody's files.
Function CheckFolder
    StrCpy $FolderError ""
    System::Call 'kernel32::GetFullPathNameW(w "$INSTDIR", i ${NSIS_MAX_STRLEN}, w .r0, p 0) i .r1'
    ${If} $1 <> 0
        StrCpy $1 $0 1 -1
        ${If} $1 == "\"
            StrCpy $0 $0 -1
        ${EndIf}
        StrCpy $INSTDIR $0
    ${EndIf}
    ${If} $InstalledFolder != ""
        ${If} $INSTDIR != $InstalledFolder
            StrCpy $FolderError "$(ErrorFolderMoved)"
            Return
        ${EndIf}
    ${Else}
        ${If} ${FileExists} "$INSTDIR"
            ${DirState} "$INSTDIR" $0
            ${If} $0 <> 0
                StrCpy $FolderError "$(ErrorFolderInUse)"
                Return
            ${EndIf}
        ${EndIf}
        System::Call 'kernel32::GetFileAttributesW(w "$INSTDIR") i .r0'
        IntOp $1 $0 & ${REPARSE_POINT}
        ${If} $0 <> ${INVALID_ATTRIBUTES}
        ${AndIf} $1 <> 0
            StrCpy $FolderError "$(ErrorFolderInUse)"
            Return
        ${EndIf}
    ${EndIf}
    Call CheckFoldersAbove
    ${If} $ErrorCode = ${ERROR_ACCESS_DENIED}
        StrCpy $FolderError "$(ErrorFolderAbove)"
    ${ElseIf} $ErrorCode <> 0
        StrCpy $FolderError "$(ErrorFolderAccess)"
    ${EndIf}
FunctionEnd

; An upgrade or repair stays where the installation is, so there is nothing to choose.
Function SkipFolderPage
    ${If} $InstalledFolder != ""
        Abort
    ${EndIf}
FunctionEnd

Function LeaveFolderPage
    Call CheckFolder
    ${If} $FolderError != ""
        MessageBox MB_OK|MB_ICONEXCLAMATION "$FolderError"
        Abort
    ${EndIf}
FunctionEnd

; Nothing of a failed installation stays, and a folder that it made goes too.
Function RemoveIfEmpty
    Call DropLock
    SetOutPath "$TEMP"
    RMDir "$INSTDIR"
FunctionEnd

Function .onInstFailed
    SetOutPath "$TEMP"
    RMDir /r "$INSTDIR\~new"
    Call RemoveIfEmpty
    ${Fail} ${EXIT_FAILED} "$(ErrorExtract)"
FunctionEnd

; ---- Uninstaller ----

Function un.onInit
    ${GetParameters} $CommandLine
    !insertmacro LogOpen
    !insertmacro RefuseUnsafeTemp
    ${Log} "${PRODUCT_NAME} ${PRODUCT_VERSION} uninstall: $CommandLine"
    ${If} ${IsNativeARM64}
    ${OrIf} ${RunningX64}
        SetRegView 64
    ${EndIf}
    SetShellVarContext all
    ; The uninstaller speaks as the setup did.
    ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "Language"
    ${If} $0 = ${LANG_ENGLISH}
    ${OrIf} $0 = ${LANG_SIMPCHINESE}
        StrCpy $LANGUAGE $0
    ${EndIf}
    ; Whatever folder the uninstaller was copied to, it removes only from one that setup made.
    ${IfNot} ${FileExists} "$INSTDIR\${MARK}"
        ${Fail} ${EXIT_FOLDER} "$(ErrorNotOurFolder)"
    ${EndIf}
FunctionEnd

; Devices and the driver are not touched: programs that carry the DLL themselves may be using them, and
; WintunDeleteDriver removes them when none does. A native tool for that, which a 32-bit setup could call where this
; section begins, is not part of the product yet.
Section "Uninstall"
    Call un.TakeLock
    ${If} $Lock = -1
        ${Fail} ${EXIT_IN_USE} "$(ErrorRunning)"
    ${EndIf}
    Call un.FindFileInUse
    ${If} $FailedPart != ""
        ${Fail} ${EXIT_IN_USE} "$(ErrorUninstallInUse)"
    ${EndIf}
    Call un.MergeOld
    CreateDirectory "$INSTDIR\~old"
    !insertmacro ForEachPart Aside
    ${If} $FailedPart != ""
        !insertmacro ForEachPart AsideBack
        RMDir "$INSTDIR\~old"
        ${Fail} ${EXIT_IN_USE} "$(ErrorUninstallInUse)"
    ${EndIf}
    Call un.RemoveListed
    Call un.MergeOld
    Delete "$SMPROGRAMS\${PRODUCT_NAME}.lnk"
    DeleteRegKey HKLM "${UNINSTALL_KEY}"
    Delete "$INSTDIR\${MARK}"
    Delete "$INSTDIR\${UNINSTALLER}"
    Call un.DropLock
    RMDir "$INSTDIR"
    ${Log} "uninstalled ${PRODUCT_VERSION} from $INSTDIR"
    SetErrorLevel 0
SectionEnd
