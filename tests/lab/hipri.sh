#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# hipri.sh KERNEL: Question: is HIPRI polled, in truth, and is it refused where it cannot be?
# Expected: reads and writes on an NVMe drive, on a file of its ext4 and on null_blk: 0 interrupts of the device (of null_blk:
#           expired timers), more than 0 without hipri; 0 enters after the job's second completion, by the kernel's
#           tracepoints, and before it, for the probe before the run, as many as the engine counts: the wake-up of a new SQ
#           thread, and rechecks (it had not come to run 1 ms after the wake-up and was sent another).
#           One exception, which the test must find as well: 6.12 does not poll direct writes to a file (iomap drops the flag
#           of writes that complete in a workqueue); the statistics line has a note for hipri writes to files.
#           Without poll queues one line, and no I/O, on kernels too that would go on with interrupts and say nothing.
# Wrong if: a polled run interrupts, a control does not, an awake SQ thread is entered, or a refused run touches the device.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
kernel=$1
inside=$SQP_SOURCE/tests/lab/in-guest/hipri.sh

must_in_guest polled "$kernel" --timeout 240 -- bash "$inside" polled
cat "$WORK/polled.log"
must_in_guest refused "$kernel" --timeout 240 --device-model poll=0 \
	--null-blk 'nr_devices=1 poll_queues=0 queue_mode=2 irqmode=2 completion_nsec=10000 submit_queues=1 hw_queue_depth=256' -- \
	bash "$inside" refused
cat "$WORK/refused.log"
