; SPDX-License-Identifier: MIT
; Texts in English. simplified-chinese.nsh has the same names.
!define TEXT LangString
${TEXT} SectionRuntime ${LANG_ENGLISH} "Library for this computer"
${TEXT} SectionOtherArchitectures ${LANG_ENGLISH} "Libraries for other architectures"
${TEXT} SectionSdk ${LANG_ENGLISH} "Header and import libraries"
${TEXT} SectionExample ${LANG_ENGLISH} "Example program"
${TEXT} SectionDocumentation ${LANG_ENGLISH} "Documentation"
${TEXT} DescribeRuntime ${LANG_ENGLISH} "wintun.dll for this computer's architecture, with the signed driver inside."
${TEXT} DescribeOtherArchitectures ${LANG_ENGLISH} "wintun.dll for amd64, x86, ARM64 and ARM, for developers who ship to all of them."
${TEXT} DescribeSdk ${LANG_ENGLISH} "wintun.h, import libraries for MSVC and MinGW, CMake and pkg-config files."
${TEXT} DescribeExample ${LANG_ENGLISH} "A small program that answers pings, in source and compiled."
${TEXT} DescribeDocumentation ${LANG_ENGLISH} "Reference and guides, with an entry in the start menu."
${TEXT} ErrorDowngrade ${LANG_ENGLISH} "$(^Name) $InstalledVersion is installed, which is newer than ${PRODUCT_VERSION}. Uninstall it first if you really want the older version."
${TEXT} ErrorNotAdministrator ${LANG_ENGLISH} "Setup needs the rights of an administrator."
${TEXT} ErrorSystem ${LANG_ENGLISH} "Windows 7 or later is needed."
${TEXT} ErrorFolderInUse ${LANG_ENGLISH} "The folder $INSTDIR holds files that are not part of $(^Name). Choose an empty or a new folder."
${TEXT} ErrorFolderAccess ${LANG_ENGLISH} "Setup could not protect the folder $INSTDIR so that only administrators can write to it (error $ErrorCode). Choose another folder."
${TEXT} ErrorExtract ${LANG_ENGLISH} "The files could not be written to $INSTDIR. The disk may be full. Nothing was changed."
${TEXT} ErrorInUse ${LANG_ENGLISH} "A file in $INSTDIR\$FailedPart is in use. End the programs that use ${PRODUCT_NAME} and try again. Nothing was changed."
${TEXT} ErrorSwitch ${LANG_ENGLISH} "Unknown switch or component: $BadSwitch"
${TEXT} ErrorUninstallInUse ${LANG_ENGLISH} "A file in $INSTDIR is in use. End the programs that use ${PRODUCT_NAME} and try again."
${TEXT} LinkDocumentation ${LANG_ENGLISH} "${PRODUCT_NAME} documentation"
!undef TEXT
