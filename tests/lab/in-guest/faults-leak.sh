#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# faults-leak.sh FILE: run by fio between a job thread that failed and the next one: rings and SQ threads which that has left
# in the process, within a second.
for try in $(seq 50); do
	rings=$(readlink /proc/$PPID/fd/* | grep -c 'io_uring')
	threads=$(cat /proc/$PPID/task/*/comm | grep -c '^iou-sqp-')
	[ $((rings + threads)) -gt 0 ] || break
	sleep 0.02
done
devices=$(readlink /proc/$PPID/fd/* | grep -Ec '^/(dev/(nvme|nullb|memory|bad|victim|mapper|sd|dm-)|scratch|run/small)')
echo "$rings rings $threads threads $devices files ($try)" >"$1"
