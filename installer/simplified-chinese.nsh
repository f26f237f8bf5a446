; SPDX-License-Identifier: MIT
; Texts in Simplified Chinese. english.nsh has the same names.
!define TEXT LangString
${TEXT} SectionRuntime ${LANG_SIMPCHINESE} "适用于本机的库"
${TEXT} SectionOtherArchitectures ${LANG_SIMPCHINESE} "适用于其他架构的库"
${TEXT} SectionSdk ${LANG_SIMPCHINESE} "头文件和导入库"
${TEXT} SectionExample ${LANG_SIMPCHINESE} "示例程序"
${TEXT} SectionDocumentation ${LANG_SIMPCHINESE} "文档"
${TEXT} DescribeRuntime ${LANG_SIMPCHINESE} "适用于本机架构的 wintun.dll，内含已签名的驱动程序。"
${TEXT} DescribeOtherArchitectures ${LANG_SIMPCHINESE} "适用于 amd64、x86、ARM64 和 ARM 的 wintun.dll，供面向各种架构的开发者使用。"
${TEXT} DescribeSdk ${LANG_SIMPCHINESE} "wintun.h、MSVC 和 MinGW 的导入库，以及 CMake 和 pkg-config 文件。"
${TEXT} DescribeExample ${LANG_SIMPCHINESE} "一个应答 ping 的小程序，包含源代码和可执行文件。"
${TEXT} DescribeDocumentation ${LANG_SIMPCHINESE} "参考手册和指南，并在开始菜单中添加条目。"
${TEXT} ErrorDowngrade ${LANG_SIMPCHINESE} "已安装 $(^Name) $InstalledVersion，比 ${PRODUCT_VERSION} 更新。如果确实需要旧版本，请先卸载现有版本。"
${TEXT} ErrorNotAdministrator ${LANG_SIMPCHINESE} "安装程序需要管理员权限。"
${TEXT} ErrorSystem ${LANG_SIMPCHINESE} "需要 Windows 7 或更高版本。"
${TEXT} ErrorFolderInUse ${LANG_SIMPCHINESE} "文件夹 $INSTDIR 中含有不属于 $(^Name) 的文件。请选择空文件夹或新文件夹。"
${TEXT} ErrorFolderAccess ${LANG_SIMPCHINESE} "无法将文件夹 $INSTDIR 设为仅管理员可写（错误 $ErrorCode）。请选择其他文件夹。"
${TEXT} ErrorExtract ${LANG_SIMPCHINESE} "无法将文件写入 $INSTDIR。磁盘可能已满。未作任何更改。"
${TEXT} ErrorInUse ${LANG_SIMPCHINESE} "$INSTDIR\$FailedPart 中有文件正在使用。请关闭使用 ${PRODUCT_NAME} 的程序后重试。未作任何更改。"
${TEXT} ErrorSwitch ${LANG_SIMPCHINESE} "未知的开关或组件：$BadSwitch"
${TEXT} ErrorUninstallInUse ${LANG_SIMPCHINESE} "$INSTDIR 中有文件正在使用。请关闭使用 ${PRODUCT_NAME} 的程序后重试。"
${TEXT} LinkDocumentation ${LANG_SIMPCHINESE} "${PRODUCT_NAME} 文档"
!undef TEXT
