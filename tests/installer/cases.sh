# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Cases of setup_test.sh, which says what their commands may use. A name with amd64 or arm64 in it runs on a system of
# 64 bits, any other on one of 32.
# shellcheck disable=SC2034

# ---- What is installed ----

case_install_silent_puts_files_registry_shortcut='
run $current /S; expect_code 0
for f in bin/wintun.dll bin/amd64/wintun.dll bin/x86/wintun.dll bin/arm64/wintun.dll bin/arm/wintun.dll include/wintun.h lib/x86/wintun.lib example/example.c docs/index.html README.md LICENSE.txt uninstall.exe; do expect_file "$P/$f"; done
cmp "$P/bin/wintun.dll" "$P/bin/x86/wintun.dll" || fail "bin/wintun.dll is not the one of this machine"
expect_none "$P/~new"; expect_none "$P/~old"; expect_none "$P/~lock"
expect_value DisplayVersion "$version"
expect_value DisplayName "$product"
expect_value InstallLocation "C:\\Program Files\\$product"
expect_value UninstallString "\"C:\\Program Files\\$product\\uninstall.exe\""
expect_value QuietUninstallString "\"C:\\Program Files\\$product\\uninstall.exe\" /S"
[ -n "$(value Publisher)" ] || fail "no publisher"
size=$(find "$P" -type f -printf "%s\n" | awk "{ sum += \$1 } END { print int(sum / 1024) }")
[ $(($(value EstimatedSize) - size)) -ge -2 ] && [ $(($(value EstimatedSize) - size)) -le 2 ] || fail "size $(value EstimatedSize), expected about $size"
[ "$(find "$C/ProgramData" -name "*.lnk" | wc -l)" = 1 ] || fail "no shortcut for all users"
[ -z "$(find "$C/users" -name "*.lnk")" ] || fail "a shortcut of one user"
'
# Setup and zip are made of the same files, and the setup forgets none.
case_installs_what_the_zip_has='
run $current /S; expect_code 0
(cd "$P" && find . -type f ! -path ./bin/wintun.dll ! -name uninstall.exe ! -name "*-setup.txt" | sort | xargs -d "\n" sha256sum) >installed
(cd zip/* && find . -type f ! -name SHA256SUMS | sort | xargs -d "\n" sha256sum) >zipped
diff zipped installed || fail "setup and zip differ"
'
case_components_none_installs_library_alone='
run $current /S /COMPONENTS=none; expect_code 0
expect_file "$P/bin/wintun.dll"; expect_none "$P/bin/arm64"; expect_none "$P/include"; expect_none "$P/docs"; expect_none "$P/example"
[ -z "$(find "$C/ProgramData" -name "*.lnk")" ] || fail "a shortcut without documentation"
run $current /S /COMPONENTS=sdk,docs; expect_code 0
expect_file "$P/include/wintun.h"; expect_file "$P/docs/index.html"; expect_none "$P/bin/arm64"; expect_none "$P/example"
'
case_unknown_component_refused='
snapshot >before
run $current /S /COMPONENTS=sdk,nonsense; expect_code 3
snapshot >after; diff before after || fail "something was changed"
'

# ---- Machines ----

# The machine is Wine of 64 bits, where the x86 setup runs as it would on amd64: redirected folders, two registries.
on_machine='
run $as $newer /S; expect_code 0
run $as $current /S; expect_code 4
run $as "C:\\Program Files\\$product\\uninstall.exe" /S; expect_code 0
for second in 1 2 3 4 5 6 7 8 9 10; do [ ! -e "$P" ] || sleep 1; done
run $as $current /S "/LOG=C:\\l.txt"; expect_code 0
log l.txt | grep -q "installed .* ($machine) into C:.Program Files.$product" || fail "another machine: $(log l.txt)"
cmp "$P/bin/wintun.dll" "$P/bin/$machine/wintun.dll" || fail "bin/wintun.dll is not the one of this machine"
wine reg query "$KEY" /v DisplayVersion /reg:64 >/dev/null || fail "no entry among those of 64 bits"
! wine reg query "$KEY" /v DisplayVersion /reg:32 2>/dev/null || fail "an entry among those of 32 bits"
[ -z "$(find "$C/Program Files (x86)" -name "*wintun*")" ] || fail "files among those of 32 bits"
run $as "C:\\Program Files\\$product\\uninstall.exe" /S; expect_code 0
for second in 1 2 3 4 5 6 7 8 9 10; do [ ! -e "$P" ] || sleep 1; done
! wine reg query "$KEY" /reg:64 2>/dev/null || fail "the entry is still there"
rm "$C/l.txt"
snapshot >after
diff before after || fail "the uninstaller left or took something"
'
case_amd64_gets_its_library="snapshot >before; machine=amd64 as=$on_machine"
case_amd64_before_windows_10_gets_its_library="snapshot >before; machine=amd64 as='as_machine.exe old'$on_machine"
case_arm64_gets_its_library="snapshot >before; machine=arm64 as='as_machine.exe arm64'$on_machine"

# ---- Upgrade, repair, downgrade ----

case_upgrade_replaces_older='
run $older /S; expect_code 0; expect_value DisplayVersion 0.0.1
expect_file "$P/docs/only-in-0.0.1.html"
run $current /S; expect_code 0
expect_none "$P/docs/only-in-0.0.1.html"; expect_file "$P/bin/wintun.dll"
expect_value DisplayVersion "$version"
'
case_upgrade_and_uninstall_keep_foreign_files='
run $older /S; expect_code 0
mkdir -p "$P/example/build/deep" "$P/bin/mine"
for f in mine.txt bin/mine/m.dll docs/notes.html example/build/deep/o.obj; do echo mine >"$P/$f"; done
run $current /S; expect_code 0
for f in mine.txt bin/mine/m.dll docs/notes.html example/build/deep/o.obj; do expect_file "$P/$f"; done
expect_file "$P/docs/index.html"; expect_none "$P/docs/only-in-0.0.1.html"; expect_none "$P/~old"; expect_none "$P/~new"
uninstall "$P" ""
(cd "$P" && find . -type f | sort) >left
printf "%s\n" ./bin/mine/m.dll ./docs/notes.html ./example/build/deep/o.obj ./mine.txt | diff - left || fail "not just the foreign files are left"
expect_none "$P/lib"
[ -z "$(value DisplayVersion)" ] || fail "the entry is still there"
'
case_repair_restores_changed_file='
run $current /S; expect_code 0
sums "$P" >before
echo changed >"$P/bin/wintun.dll"; rm "$P/include/wintun.h"; chmod a-w "$P/README.md"; rm -r "$P/docs"
run $current /S; expect_code 0
sums "$P" >after; diff before after || fail "not repaired"
'
# A setup that was killed between moving the old parts aside and putting in the new ones.
case_killed_setup_is_repaired='
run $current /S; expect_code 0
sums "$P" >before
mkdir "$P/~old" "$P/~new"; mv "$P/bin" "$P/~old/bin"; mv "$P/docs" "$P/~new/docs"; echo mine >"$P/~old/bin/mine.txt"
run $current /S; expect_code 0
expect_file "$P/bin/mine.txt"; rm "$P/bin/mine.txt"
sums "$P" >after; diff before after || fail "not repaired"
expect_none "$P/~old"; expect_none "$P/~new"
'
case_downgrade_refused='
run $newer /S; expect_code 0
sums "$P" >before
run $current /S "/LOG=C:\\l.txt"; expect_code 4
log l.txt | grep -q 9.9.9 || fail "the log does not name the newer version"
sums "$P" >after; diff before after || fail "the newer version was changed"
expect_value DisplayVersion 9.9.9
'
# Whoever deletes the folder by hand can install again, an older version too.
case_entry_without_files_is_no_installation='
run $newer /S "/D=C:\\gone"; expect_code 0
rm -r "$C/gone"
run $current /S; expect_code 0
expect_file "$P/bin/wintun.dll"; expect_none "$C/gone"; expect_value DisplayVersion "$version"
'

# ---- The folder ----

case_folder_with_foreign_files_refused='
mkdir "$C/mine"; echo mine >"$C/mine/file"
snapshot >before
run $current /S "/D=C:\\mine"; expect_code 5
snapshot >after; diff before after || fail "something was changed"
'
# A mark that somebody else made is no installation: its list would name what the next setup removes.
case_folder_with_forged_mark_refused='
mkdir "$C/mine"; echo mine >"$C/mine/file"; printf "\377\376f\000i\000l\000e\000\r\000\n\000" >"$C/mine/'$file'-setup.txt"
snapshot >before
run $current /S "/D=C:\\mine"; expect_code 5
snapshot >after; diff before after || fail "something was changed"
'
case_folder_below_writable_one_refused='
mkdir -p "$C/open/inner"; chmod 777 "$C/open"
snapshot >before
run $current /S "/LOG=C:\\l.txt" "/D=C:\\open\\inner\\target"; expect_code 5
log l.txt | grep -q "C:.open can be renamed" || fail "the log does not name the folder: $(log l.txt)"
rm "$C/l.txt"
run $current /S "/D=C:\\open\\target"; expect_code 5
snapshot >after; diff before after || fail "something was changed"
chmod 755 "$C/open"; chown 1000 "$C/open"
run $current /S "/D=C:\\open\\target"; expect_code 5
chown 0 "$C/open"
run $current /S "/D=C:\\open\\inner\\target"; expect_code 0
expect_file "$C/open/inner/target/bin/wintun.dll"
'
case_folder_that_is_a_link_refused='
mkdir "$C/open" "$C/real" "$C/open/real"; ln -s real "$C/link"; ln -s open/real "$C/through"; chmod 777 "$C/open"
snapshot >before
run $current /S "/D=C:\\link"; expect_code 5
run $current /S "/D=C:\\through\\target"; expect_code 5
snapshot >after; diff before after || fail "something was changed"
'
case_folder_open_to_all_is_closed='
wineserver -w; umask 0
mkdir "$C/target"
run $current /S "/D=C:\\target"; expect_code 0
[ -z "$(find "$C/target" -maxdepth 0 -perm /002)" ] || fail "others can write"
chmod 777 "$C/target"
run $current /S; expect_code 0
[ -z "$(find "$C/target" -maxdepth 0 -perm /002)" ] || fail "others can write after the repair"
'
case_folder_is_named_in_full='
run cmd /c "setup-current.exe /S /D=C:\\Program Files\\..\\he re\\"; expect_code 0
expect_value InstallLocation "C:\\he re"
expect_value UninstallString "\"C:\\he re\\uninstall.exe\""
uninstall "$C/he re" ""
expect_none "$C/he re"
'
case_second_folder_refused='
mkdir "$C/elsewhere"
run $current /S; expect_code 0
snapshot >before
run $current /S "/D=C:\\elsewhere"; expect_code 5
snapshot >after; diff before after || fail "something was changed"
'
# Wine says that a temporary file was made also where none can be, so NSIS cannot be brought to fall back by itself.
case_temporary_folder_of_low_integrity_refused='
mkdir -p "$C/t/Low"
for v in TEMP TMP; do wine reg add "HKCU\\Environment" /v $v /d "C:\\t\\Low" /f >/dev/null; done
run $current /S "/LOG=C:\\l.txt"; expect_code 6
log l.txt | grep -q "C:.t.Low" || fail "the log does not name the folder"
expect_none "$P"
[ -z "$(find "$C/t/Low" -name "*.dll")" ] || fail "plug-ins were put there"
'

# ---- Failures ----

case_disk_full_rolls_back='
mkdir "$C/small"; mount -t tmpfs -o size=100k,mode=755 tmpfs "$C/small"
snapshot >before
run $current /S "/D=C:\\small\\target"; expect_code 2
snapshot >after; diff before after || fail "something was left"
'
case_upgrade_disk_full_keeps_older='
mkdir "$C/small"; mount -t tmpfs -o size=64m,mode=755 tmpfs "$C/small"
run $older /S "/D=C:\\small\\target"; expect_code 0
sums "$C/small/target" >before
dd if=/dev/zero of="$C/small/filler" bs=64k 2>/dev/null || true
run $current /S; expect_code 2
sums "$C/small/target" >after; diff before after || fail "the older version was changed"
expect_value DisplayVersion 0.0.1
'
# A program has the library loaded: neither upgrade nor removal touches anything, and both work when it has ended.
case_library_in_use_changes_nothing='
run $older /S "/D=C:\\target"; expect_code 0
mkfifo input
wine as_machine.exe hold C:\\target\\bin\\wintun.dll <input >/dev/null 2>&1 &
exec 8>input
wait_for_holder "$C/target/bin/wintun.dll"
sums "$C/target" >before
run $current /S "/LOG=C:\\l.txt"; expect_code 7
log l.txt | grep -q "bin.wintun.dll" || fail "the log does not name the file"
run "C:\\target\\uninstall.exe" /S "_?=C:\\target"; expect_code 7
sums "$C/target" >after; diff before after || fail "the older version was changed"
expect_value DisplayVersion 0.0.1
exec 8>&-
wait
run $current /S; expect_code 0
expect_value DisplayVersion "$version"
'
case_file_in_use_changes_nothing='
run $older /S "/D=C:\\target"; expect_code 0
# cmd holds the file open for writing as long as its input lasts.
mkfifo input
wine cmd /c "pause >> C:\\target\\docs\\index.html" <input >/dev/null 2>&1 &
exec 8>input
wait_for_holder "$C/target/docs/index.html"
sums "$C/target" >before
run $current /S "/LOG=C:\\l.txt"; expect_code 7
log l.txt | grep -q "docs.index.html" || fail "the log does not name the file"
sums "$C/target" >after; diff before after || fail "the older version was changed"
expect_value DisplayVersion 0.0.1
exec 8>&-
wait
'
# A folder that cannot be moved although no file in it is held: the exchange stops half way and goes back.
case_part_that_cannot_be_moved_rolls_back='
run $older /S "/D=C:\\target"; expect_code 0
sums "$C/target" >before
mount --bind "$C/target/docs" "$C/target/docs"
run $current /S "/LOG=C:\\l.txt"; expect_code 7
log l.txt | grep -q "docs is in use" || fail "the log does not name the folder"
sums "$C/target" >after; diff before after || fail "the older version was changed by the setup"
expect_none "$C/target/~old"
run "C:\\target\\uninstall.exe" /S "_?=C:\\target"; expect_code 7
sums "$C/target" >after; diff before after || fail "the older version was changed"
expect_value DisplayVersion 0.0.1
umount "$C/target/docs"
'
case_two_setups_take_turns='
run $current /S "/D=C:\\target"; expect_code 0
mkfifo input
wine cmd /c "pause >> C:\\target\\~lock" <input >/dev/null 2>&1 &
exec 8>input
wait_for_holder "$C/target/~lock"
sums "$C/target" >before
run $current /S "/LOG=C:\\l.txt"; expect_code 7
log l.txt | grep -q "already running" || fail "the log does not say why"
run "C:\\target\\uninstall.exe" /S "_?=C:\\target"; expect_code 7
sums "$C/target" >after; diff before after || fail "something was changed"
exec 8>&-
wait
'

# ---- Uninstalling, the log, languages ----

case_uninstall_leaves_nothing='
snapshot >before
run $current /S; expect_code 0
uninstall "$P" ""
snapshot >after
diff before after || fail "the uninstaller left or took something"
'
case_uninstaller_of_no_installation_refuses='
run $current /S; expect_code 0
mkdir "$C/other" "$C/other/bin"; echo mine >"$C/other/bin/file"; cp "$P/uninstall.exe" "$C/other/"
run "C:\\other\\uninstall.exe" /S "_?=C:\\other"; expect_code 5
expect_file "$C/other/bin/file"; expect_file "$P/bin/wintun.dll"
'
case_log_says_what_was_done='
run $current /S "/LOG=C:\\l.txt"; expect_code 0
log l.txt | grep -q "installed .* (x86) into C:" || fail "no line about the installation"
uninstall "$P" "/LOG=C:\\u.txt"
log u.txt | grep -q "^uninstalled" || fail "no line about the removal"
'
case_unwritable_log_is_no_failure='
run $current /S "/LOG=C:\\no\\such\\folder\\l.txt"; expect_code 0
expect_file "$P/bin/wintun.dll"
'
# What setup says before its first page is in the system'"'"'s language.
case_language_is_chosen='
mkdir "$C/mine"; echo mine >"$C/mine/file"
run $current /S /LANG=2052 "/LOG=C:\\l.txt" "/D=C:\\mine"; expect_code 5
log l.txt | grep -q "不属于" || fail "the error is not in Chinese"
run $current /S /LANG=1033 "/LOG=C:\\l.txt" "/D=C:\\mine"; expect_code 5
log l.txt | grep -q "not part of" || fail "the error is not in English"
run $current /S /LANG=7; expect_code 3
run $current /S /LANG=2052; expect_code 0
mkdir "$P/~lock"
uninstall "$P" "/LOG=C:\\l.txt"
log l.txt | grep -q "正在运行" || fail "the uninstaller is not in Chinese"
'
case_uninstaller_is_signed='
run $current /S; expect_code 0
cp "$P/uninstall.exe" .
'
# The user looks at the first pages and cancels; the question whether he means it is answered with yes.
case_cancelled_changes_nothing='
snapshot >before
code=0; timeout 90 wine $current >/dev/null 2>&1 || code=$?
expect_code 1
snapshot >after; diff before after || fail "something was left"
'
