#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# matrix.sh [idle]: runs in a guest of scripts/lab, see tests/lab/matrix.sh: what seed_probe observes goes to $OUT/rules.kv and
# $OUT/idle.kv; with "idle" only the latter.
set -u

probe=$(cd "$(dirname "$0")/../../.." && pwd)/build/release/tests/lab/seed_probe

interrupts() { awk '/nvme0q[1-9]/ { for (i = 2; i < NF && $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts; }

# polled_reads: with the interrupts they cost the drive, and those of reads that are not polled
polled_reads() {
	local before after
	before=$(interrupts)
	dd if=/dev/nvme0n1 of=/dev/null bs=4k count=53 iflag=direct 2>/dev/null
	after=$(interrupts)
	echo "plain_interrupts=$((after - before))"
	"$probe" /dev/nvme0n1 polled || return 1
	echo "polled_interrupts=$(($(interrupts) - after))"
}

# rules: all rows but the timing
rules() {
	echo "release=$(uname -rv | sed -E 's/.* Debian ([^ ]+) .*/\1/; s/ .*//')"
	"$probe" "$SCRATCH/data" kernel files wake wait affinity hipri exit zero || return 1
	[ ! -b /dev/nvme0n1 ] || polled_reads
}

head -c 65536 /dev/urandom >"$SCRATCH/data"
[ "${1-}" = idle ] || rules >"$OUT/rules.kv" || exit 1
# It gives up on what other work disturbs: then lines are missing.
"$probe" "$SCRATCH/data" kernel idle >"$OUT/idle.kv" || echo "idle: the probe ended with $?"
