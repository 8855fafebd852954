#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: do the headers of scripts/fio-source have the struct layouts of the installed fio?
# Expected: every option's offset, the sizes of io_u and thread_data, and values that fio parsed
#           are where the headers say.
# Wrong if: one differs; or a tree that is wrong on purpose is not noticed.
. "$SQP_SOURCE/tests/lib.sh"
need fio "${CC:=cc}"

tree=$("$SQP_SOURCE/scripts/fio-source") || fail "scripts/fio-source gives no tree"

# options.c says of each option its .name and, if it is stored in thread_options, where
awk '/^struct fio_option fio_options\[/ { inside = 1 }
     inside && /\.name[ \t]*=/ { match($0, /"[^"]*"/); name = substr($0, RSTART, RLENGTH) }
     inside && /\.off1[ \t]*=[ \t]*offsetof\(struct thread_options,/ {
             sub(/.*thread_options, */, ""); sub(/\),?[ \t]*$/, "")
             print "OPTION(" name ", " $0 ")"
     }' "$tree/options.c" >"$WORK/options.inc"
[ "$(wc -l <"$WORK/options.inc")" -ge 150 ] || fail "options.c gave only $(wc -l <"$WORK/options.inc") options"

# probe NAME TREE [FLAG...]: compile the probe against TREE, run it in fio, leave NAME.log
probe() {
	local name=$1 headers=$2
	shift 2
	"$CC" -std=gnu11 -O1 -Wall -Wextra -Wno-sign-compare -Werror=implicit-function-declaration -D_GNU_SOURCE -fPIC -shared -include "$headers/config-host.h" "$@" \
		-I"$headers" -I"$WORK" -o "$WORK/$name.so" "$SQP_SOURCE/tests/setup/layout/probe.c" \
		>"$WORK/$name.cc" 2>&1 || fail "cannot compile the probe: $(grep -m 1 error "$WORK/$name.cc")"
	timeout 60 fio --name=layout --ioengine="external:$WORK/$name.so" --thread --numjobs=2 --iodepth=7 \
		--loops=3 --bs=1536 --size=15k --rw=read >"$WORK/$name.out" 2>"$WORK/$name.log"
}

# summary_of NAME: the probe's last line
summary_of() {
	grep -E '^layout: [0-9]+ checks, [0-9]+ differ$' "$WORK/$1.log" | tail -n 1
}

probe true "$tree" || fail "fio failed with the probe: $(tail -n 3 "$WORK/true.log")"
read -r _ checks _ differ _ <<<"$(summary_of true)"
printf 'true tree: %s\n' "$(summary_of true)"
if [ "${checks:-0}" -lt 180 ] || [ "$differ" -ne 0 ]; then
	cat "$WORK/true.log" >&2
	fail "the headers of $tree are not those of the installed fio"
fi

# must_differ NAME PATTERN ...: a wrong tree has to be noticed (fio may also die of it)
must_differ() {
	local name=$1 pattern=$2
	shift 2
	probe "$name" "$@" || true
	grep -Eq "$pattern" "$WORK/$name.log" || fail "the probe does not notice: $name"
	printf '%s: noticed: %s\n' "$name" "$(grep -Em 1 "$pattern" "$WORK/$name.log")"
}

printf '#undef CONFIG_LIBAIO\n#undef CONFIG_POSIXAIO\n' >"$WORK/no-aio.h"
must_differ no-aio '^layout: (io_u|footer)' "$tree" -include "$WORK/no-aio.h"

mkdir "$WORK/shifted"
cp -r "$tree"/. "$WORK/shifted"
sed -i 's/^\tunsigned int iodepth;/\tunsigned int iodepth;\n\tunsigned int one_more[3];/' "$WORK/shifted/thread_options.h"
must_differ shifted '^layout: numjobs is' "$WORK/shifted"
must_differ shifted '^layout: td->o.loops' "$WORK/shifted"
