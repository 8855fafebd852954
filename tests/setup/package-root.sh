#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does the package work on a Debian that has never seen this tree, and go again without a trace?
# Expected: in a fresh root apt installs it with its fio, engine and commands work, another fio is refused on either side, and
#           after the purge only /var/lib/sqbench is left (in-root/package.sh). Packed twice it is the same, byte by byte; for
#           a fio that is no package, and with sanitizers, it is refused in one line.
# Wrong if: a file is left, a result is lost, or apt lets another fio beside the engine.
. "${SQP_SOURCE:?is set by ctest}/tests/setup/package.lib.sh"
need debootstrap unshare git
[ "$(id -u)" -eq 0 ] || skip "a new root needs root's rights"

# refused NAME PATTERN OPTION...: a build tree configured so gives no package
refused() {
	local name=$1 pattern=$2
	shift 2
	cmake -S "$SQP_SOURCE" -B "$WORK/$name" -DSQP_TESTS=OFF "$@" >"$WORK/log" 2>&1 || fail "$name: $(cat "$WORK/log")"
	! pack "$WORK/none" "$WORK/$name" || fail "$name: $package was made"
	grep -Eq "no package: $pattern" "$WORK/cpack" || { cat "$WORK/cpack" >&2; fail "$name: not refused with: $pattern"; }
	rm -rf "${WORK:?}/$name"
}
refused foreign 'the engine is built for fio-.*: configure without FIO_SOURCE_DIR$' -DFIO_SOURCE_DIR="$("$SQP_SOURCE/scripts/fio-source")"
refused sanitized 'this build has sanitizers.*: package the preset release$' -DSQP_SANITIZE=ON
refused elsewhere 'the prefix is /opt, .*: configure with -DCMAKE_INSTALL_PREFIX=/usr$' -DCMAKE_INSTALL_PREFIX=/opt

export SOURCE_DATE_EPOCH=1000000000
pack "$WORK/again" || { cat "$WORK/cpack" >&2; fail "cpack"; }
again=$package
mkdir "$WORK/given"
pack "$WORK/given" || { cat "$WORK/cpack" >&2; fail "cpack"; }
cmp "$again" "$package" || fail "packed twice, two packages"
! TZ=UTC dpkg-deb -c "$package" | grep -v ' 2001-09-09 01:46 ' || fail "dates that SOURCE_DATE_EPOCH does not give"
rm -rf "$WORK/given/_CPack_Packages"
cp "$SQP_SOURCE/tests/setup/in-root/package.sh" "$WORK/given/"

"$SQP_SOURCE/scripts/clean-root" --limit 600 --add "$WORK/given" \
	bash ../given/package.sh "../given/${package##*/}" "$(dpkg-query -W -f '${Version}' fio)" || fail "in a fresh root"
