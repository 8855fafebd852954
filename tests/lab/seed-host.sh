#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: which of the seed's rules does this machine's kernel still follow?
# Expected: all but the mandatory fixed files, which IORING_FEAT_SQPOLL_NONFIXED lifts.
# Wrong if: a row of the table says WRONG.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/observations.sh"

head -c 65536 /dev/urandom >"$WORK/data"
timeout 60 "$SQP_BUILD/tests/lab/seed_probe" "$WORK/data" kernel files wake wait affinity hipri exit zero \
	>"$WORK/seen.kv" || fail "the probe ended with $?"
load_observations "$WORK/seen.kv"
observed_everywhere
case ${observation[nonfixed]} in
0) observed plain_res -9 'fixed files are mandatory: EBADF' ;;
1) observed plain_res 4096 'IORING_FEAT_SQPOLL_NONFIXED: a plain descriptor works' ;;
esac
judge "Linux ${observation[kernel]}"
