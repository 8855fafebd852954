#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: does the installed engine work by its name, and does uninstalling leave nothing?
# Expected: the files of the manifest and no others; every way to load it works with all symbols
#           bound at once; only `ioengine` is exported; nothing collides with fio's own symbols.
# Wrong if: a file is missing, left over or unlisted, a symbol is unresolved or there twice.
. "$SQP_SOURCE/tests/lib.sh"
need fio cmake objdump ldd

stage=$WORK/stage
manifest=$SQP_BUILD/install_manifest.txt

# The build tree's own manifest may be that of a real installation: give it back afterwards.
[ ! -f "$manifest" ] || cp -p "$manifest" "$WORK/kept-manifest"
give_back() {
	if [ -f "$WORK/kept-manifest" ]; then
		mv "$WORK/kept-manifest" "$manifest"
	else
		rm -f "$manifest"
	fi
	rm -rf "$WORK"
}
trap give_back EXIT

files_of() {
	(cd "$1" && find . ! -type d -printf '/%P\n') | sort
}

# --- the files
DESTDIR=$stage cmake --install "$SQP_BUILD" >"$WORK/log" 2>&1 ||
	fail "cmake --install: $(cat "$WORK/log")"
files_of "$stage" >"$WORK/installed"
sort "$manifest" | diff - "$WORK/installed" || fail "the manifest (<) and the installed files (>) differ"
for pattern in '/fio-sqpoll\.so$' '/sqpoll$' '/bin/sqbench$'; do
	grep -q "$pattern" "$WORK/installed" || fail "no installed file is called $pattern"
done
! grep -v '^/usr/' "$WORK/installed" || fail "files outside /usr"

# fio hands the name to dlopen, which looks only into the loader's own directories: ldconfig's
# cache has nothing that is not called lib*.
home=$(dirname "$(grep '/sqpoll$' "$WORK/installed")")
loader=$(ldd "$(command -v fio)" | awk '$1 ~ /\/ld-/ { print $1 }')
"$loader" --list-diagnostics | grep -Fq "=\"$home/\"" || fail "the loader does not search $home"

dir=$stage$home
engine=$stage$(grep '/fio-sqpoll\.so$' "$WORK/installed")

# --- the symbols
# defined_in FILE...: the dynamic symbols that other objects can bind to
defined_in() {
	objdump -T "$@" | awk '$0 !~ /\*UND\*/ && /^[0-9a-f]+ [ gwu]/ && NF > 4 { print $NF }' | sort -u
}
defined_in "$(command -v fio)" >"$WORK/fio-symbols"
[ "$(wc -l <"$WORK/fio-symbols")" -gt 300 ] || fail "cannot read the symbols of fio"

exported=$(nm -D --defined-only "$engine" | awk '{ print $NF }')
[ "$exported" = ioengine ] || fail "exported is not just ioengine but: $exported"

unresolved=$(ldd -r "$engine" 2>&1 | sed -nE 's/^undefined symbol: ([^[:space:],]+).*/\1/p' | sort -u |
	comm -23 - "$WORK/fio-symbols")
[ -z "$unresolved" ] || fail "neither fio nor a library of the engine has: $unresolved"
! ldd "$engine" | grep 'not found' || fail "a library of the engine is missing"

libraries=$(ldd "$engine" | awk '$3 ~ /^\// && $1 ~ /^lib(jansson|uring|numa|hwloc)/ { print $3 }')
[ -n "$libraries" ] || fail "the engine links none of its libraries"
for library in $libraries; do
	both=$(defined_in "$library" | comm -12 - "$WORK/fio-symbols")
	[ -z "$both" ] || fail "$(basename "$library") and fio both export: $both"
done

# --- the ways to load it
head -c 1048576 /dev/urandom >"$WORK/data"
installed_fio() {
	LD_BIND_NOW=1 LD_LIBRARY_PATH=$dir timeout -k 5 60 \
		env ${SQP_PRELOAD:+LD_PRELOAD="$SQP_PRELOAD"} fio "$@"
}
read_job() {
	installed_fio --name=read --filename="$WORK/data" --rw=randread --bs=4k --size=1m --iodepth=8 \
		--output-format=json --output="$WORK/json" --ioengine="$1" >"$WORK/log" 2>&1 ||
		fail "a read job with --ioengine=$1: $(tail -n 2 "$WORK/log" "$WORK/json")"
	[ "$(json "$WORK/json" '.jobs[0].read.total_ios')" = 256 ] || fail "--ioengine=$1 did not read 256 blocks"
}
read_job sqpoll
read_job "external:$engine"
read_job "external:$dir/sqpoll"
installed_fio --enghelp=sqpoll >"$WORK/help" 2>&1 || fail "--enghelp=sqpoll: $(tail -n 2 "$WORK/help")"
grep -q '^sq_thread_idle' "$WORK/help" || fail "--enghelp=sqpoll does not list sq_thread_idle"

# --- gone again
DESTDIR=$stage cmake --build "$SQP_BUILD" --target uninstall >"$WORK/log" 2>&1 ||
	fail "uninstall: $(cat "$WORK/log")"
[ ! -d "$stage" ] || [ -z "$(find "$stage" -mindepth 1)" ] || fail "uninstall left: $(find "$stage" -mindepth 1)"
[ ! -f "$manifest" ] || fail "uninstall left its manifest"
