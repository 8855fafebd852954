#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is what cpack makes a whole package: the right fields, all files and no others, units that systemd takes?
# Expected: it depends on exactly the installed fio; files, owners and modes as listed; nothing names a directory of this machine;
#           `systemd-analyze verify` says nothing, and says something about a unit that is broken on purpose.
# Wrong if: a file is missing or left over, another fio would do, or the timer would start by itself.
. "${SQP_SOURCE:?is set by ctest}/tests/setup/package.lib.sh"
need systemd-analyze

pack "$WORK/out" || { cat "$WORK/cpack" >&2; fail "cpack"; }
root=$WORK/root
mkdir "$root"
{ dpkg-deb -x "$package" "$root" && dpkg-deb -e "$package" "$WORK/control"; } || fail "cannot unpack $package"

# field NAME
field() {
	dpkg-deb -f "$package" "$1"
}

# --- the fields
version=$(sed -nE 's/^project\(sqbench VERSION ([0-9.]+) .*/\1/p' "$SQP_SOURCE/CMakeLists.txt")
is() {
	[ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
}
is Package "$(field Package)" sqbench
is Version "$(field Version)" "${version:?}"
is Architecture "$(field Architecture)" "$(dpkg --print-architecture)"
is Recommends "$(field Recommends)" gnuplot-nox
is 'the dependency on fio' "$(field Depends | tr ',' '\n' | grep -E '^ *fio( |$)')" "fio (= $(dpkg-query -W -f '${Version}' fio))"
for library in libc6 liburing2 libjansson4 libsqlite3-0 libgsl27; do
	grep -q "\b$library (>= " <<<"$(field Depends)" || fail "no dependency on $library: $(field Depends)"
done
is 'the newest version in the changelog' "$(dpkg-parsechangelog -l "$SQP_SOURCE/cmake/package/changelog" -S Version)" "$version"
is conffiles "$(cat "$WORK/control/conffiles")" /etc/default/sqbench-nightly

# --- the files
libs=usr/lib/$(gcc -print-multiarch)
{
	printf '%s\n' "$libs/fio-sqpoll.so" "$libs/sqpoll" usr/bin/sqbench etc/default/sqbench-nightly \
		usr/lib/systemd/system/sqbench-nightly.{service,timer} usr/share/doc/sqbench/{copyright,changelog.gz} \
		usr/share/man/man1/sqbench.1.gz usr/share/man/man7/fio-sqpoll.7.gz
	(cd "$SQP_SOURCE" && printf 'usr/share/sqpoll/%s\n' jobs/*.fio && cd scripts && printf 'usr/share/sqpoll/%s\n' plot/*.gp)
} | sort >"$WORK/expected"
(cd "$root" && find . ! -type d -printf '%P\n') | sort | diff "$WORK/expected" - || fail "files that are missing (<) or too many (>)"
dpkg-deb -c "$package" | awk '{ sub(/^\.\//, "", $6); print $1, $2, $6 }' |
	grep -Ev '^(drwxr-xr-x|-rw-r--r--|lrwxrwxrwx) root/root |^-rwxr-xr-x root/root usr/bin/sqbench$' | grep . && fail "owners or modes"
(cd "$root" && md5sum --quiet -c "$WORK/control/md5sums") || fail "md5sums"
find "$root" -name '*.gz' -exec gzip -t {} + || fail "not gzip"
for path in "$SQP_SOURCE" "$SQP_BUILD" "$WORK"; do
	! grep -rlF -- "$path" "$root" "$WORK/control" || fail "the files above name $path"
done

# --- the units, among those of this system
cp -r /usr/lib/systemd/system/. "$root/usr/lib/systemd/system/"
# verify UNIT: --man=no, because pages are looked for in this machine's own directories
verify() {
	systemd-analyze verify --man=no --root="$root" "$1" >"$WORK/said" 2>&1 && [ ! -s "$WORK/said" ]
}
for unit in sqbench-nightly.service sqbench-nightly.timer; do
	verify "$unit" || fail "$unit: $(cat "$WORK/said")"
done
[ -z "$(find "$root/etc" -name '*.wants')" ] || fail "something is enabled"
units=$root/usr/lib/systemd/system
sed 's/^OnCalendar=.*/OnCalendar=no day/' "$units/sqbench-nightly.timer" >"$units/broken.timer"
cp "$units/sqbench-nightly.service" "$units/broken.service"
! verify broken.timer || fail "a timer for no day passes as well"
sed 's,/usr/bin/sqbench,/usr/bin/sqbanch,' "$units/sqbench-nightly.service" >"$units/broken.service"
! verify broken.service || fail "a service without its program passes as well"
