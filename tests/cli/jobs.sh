#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# jobs.sh NAME: does jobs/NAME.fio run under plain fio, with its question asked and every section answered?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

job=$SQP_SOURCE/jobs/$1.fio
for word in Question Expected 'Wrong if' FILENAME; do
	grep -q "^# $word:" "$job" || fail "$1.fio does not say: $word"
done
export FILENAME=$WORK/data APP_CPU=0 SQ_CPU=1
case $1 in
hipri)
	poll=$(cat /sys/block/*/queue/io_poll 2>/dev/null | grep -c 1)
	[ "$poll" -gt 0 ] || skip "no block device has poll queues"
	for queue in /sys/block/*/queue; do
		[ "$(cat "$queue/io_poll")" = 0 ] || FILENAME=/dev/$(basename "$(dirname "$queue")")
	done
	;;
affinity-sweep) taskset -c 0,1 true 2>/dev/null || skip "this needs two CPUs" ;;
esac
# The same job, each section short.
sed 's/^runtime=.*/runtime=300ms/' "$job" >"$WORK/job.fio"
run_fio --output-format=json --output="$WORK/o.json" "$WORK/job.fio" >"$WORK/e" 2>&1 || fail "$1: $(cat "$WORK/e")"
[ "$(json "$WORK/o.json" '[.jobs[] | select(.error != 0 or (.read.total_ios + .write.total_ios == 0 and .read.runtime > 200))] | length')" = 0 ] || fail "$1: a section failed or did nothing"
