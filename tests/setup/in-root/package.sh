#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# package.sh PACKAGE.deb FIO-VERSION: runs in a fresh root made by scripts/clean-root, see tests/setup/package-root.sh.
set -u
package=$(realpath "$1")
fio_version=$2
work=$(mktemp -d)
results=/var/lib/sqbench

fail() {
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

# apt ARGS...: what it said is in $work/log
apt() {
	echo "apt-get $*"
	apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >"$work/log" 2>&1 </dev/null
}

must() {
	"$@" || { cat "$work/log" >&2; fail "$*"; }
}

# files: all of this root but what apt and dpkg keep for themselves
files() {
	find / -xdev \( -path "$work" -o -path /home -o -path /run -o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path '/var/lib/dpkg/*-old' \
		-o -path /var/lib/dpkg/triggers \) -prune -o -printf '%p\n' | sort
}

# other_fio VERSION: a package of that name and version, in $work/fio.deb
other_fio() {
	rm -rf "$work/fio"
	mkdir -p "$work/fio/DEBIAN"
	printf '%s\n' 'Package: fio' "Version: $1" 'Architecture: all' 'Maintainer: nobody <root@localhost>' 'Description: another fio' \
		>"$work/fio/DEBIAN/control"
	dpkg-deb -b "$work/fio" "$work/fio.deb" >"$work/log"
}

# systemd is installed, but does not run; what it makes when it does
must apt update
must apt install systemd
mkdir -p /var/lib/systemd/timers
files >"$work/before"

# --- installed
must apt install "$package"
[ "$(dpkg-query -W -f '${Version}' fio)" = "$fio_version" ] || fail "fio is $(dpkg-query -W fio)"
[ "$(systemctl is-enabled sqbench-nightly.timer)" = disabled ] || fail "the timer is enabled by installing"
for unit in sqbench-nightly.service sqbench-nightly.timer; do
	said=$(systemd-analyze verify --man=no "$unit" 2>&1) || fail "$unit: $said"
	[ -z "$said" ] || fail "$unit: $said"
done
sqbench --version || fail "sqbench --version"
fio --enghelp=sqpoll >"$work/log" || fail "fio --enghelp=sqpoll"
grep -q '^sq_thread_idle' "$work/log" || fail "fio does not know the engine's options: $(cat "$work/log")"
for page in man1/sqbench.1 man7/fio-sqpoll.7; do
	zcat "/usr/share/man/$page.gz" | grep -q '^\.TH ' || fail "no man page $page"
done

# --- used
sqbench run --out "$results" -D FILENAME="$work/smoke.dat" /usr/share/sqpoll/jobs/smoke.fio >"$work/log" 2>&1 || { cat "$work/log"; fail "sqbench run"; }
sqbench list --out "$results" | grep smoke || fail "the run was not kept"
systemctl --quiet enable sqbench-nightly.timer || fail "the timer cannot be enabled"
touch /var/lib/systemd/timers/stamp-sqbench-nightly.timer

# --- another fio, when ours is installed and when it is not
other_fio "$fio_version+other"
! apt install --no-remove "$work/fio.deb" || fail "apt put another fio beside the engine"
grep -E 'Packages need to be removed|fio \(= ' "$work/log" || { cat "$work/log"; fail "apt does not say why"; }
dpkg --audit | grep . && fail "half-installed packages"

# --- gone again
find "$results" | sort >"$work/kept"
must apt remove sqbench
[ -f /etc/default/sqbench-nightly ] || fail "removing took the conffile"
[ -z "$(find /etc/systemd -name 'sqbench*')" ] || fail "the timer is still enabled"
must apt purge sqbench
grep -F "results in $results are kept" "$work/log" || { cat "$work/log"; fail "the purge does not say what it keeps"; }
find "$results" | sort | diff "$work/kept" - || fail "the purge took results"
must apt autopurge
files | diff "$work/before" - >"$work/diff"
grep '^<' "$work/diff" && fail "files above are gone"
grep '^>' "$work/diff" | sed 's/^> //' | grep -Ev "^$results(/|$)" && fail "files above are left"

must apt install "$work/fio.deb"
! apt install "$package" || fail "apt installs the package beside another fio"
grep -F "fio (= $fio_version)" "$work/log" || { cat "$work/log"; fail "apt does not say why"; }
