#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: does this engine do what stock io_uring does, feature by feature?
# Expected: every row below gives the totals that io_uring gives, and what its last column says.
# Wrong if: a total differs, a request is lost, or an error passes as success.
. "$SQP_SOURCE/tests/engine/rows.sh" || exit 1

can_small_fs() {
	[ -n "${target[sqpoll.SMALL]:-}" ] && return
	echo "no small file system could be mounted here: $mount_why"
	return 1
}

can_uncached() {
	local json=$WORK/uncached.json
	run_fio --output="$json" --output-format=json --ioengine=sqpoll --uncached=1 --name=probe --rw=read \
		--filename="$WORK/data" --size=4k --bs=4k >/dev/null 2>&1 && return
	[ "$(json "$json" '.jobs[0].error')" = 95 ] || return 0
	echo "this kernel or file system has no RWF_DONTCACHE (EOPNOTSUPP)"
	return 1
}

# can_atomic_fio: fio 3.38 gave atomic=1 the meaning that Linux has
can_atomic_fio() {
	local version
	version=$(fio --version)
	version=${version#fio-3.}
	[ "${version%%[!0-9]*}" -ge 38 ] && return
	echo "fio-3.$version asks for O_ATOMIC, which Linux does not have"
	return 1
}

can_atomic() {
	local json=$WORK/atomic.json
	can_atomic_fio || return 1
	run_fio --output="$json" --output-format=json --ioengine=io_uring --atomic=1 --direct=1 --name=probe --rw=write \
		--filename="$WORK/data" --size=4k --bs=4k >/dev/null 2>&1 && return
	[ "$(json "$json" '.jobs[0].error')" = 95 ] || return 0
	echo "this file system or device has no atomic writes (EOPNOTSUPP)"
	return 1
}

can_old_atomic_fio() {
	can_atomic_fio >/dev/null || return 0
	echo "this fio knows RWF_ATOMIC"
	return 1
}

can_hugepages() {
	local free
	free=$(awk '$1 == "HugePages_Free:" { print $2 }' /proc/meminfo)
	[ "${free:-0}" -ge 4 ] && return
	echo "no free huge pages (vm.nr_hugepages)"
	return 1
}

for engine in io_uring sqpoll; do
	truncate -s 16M "$WORK/$engine.disk"
	make_loop "$engine" "$WORK/$engine.disk"
	mkdir "$WORK/$engine.small"
	mount_why=$(mount -t tmpfs -o size=2m sqpoll-test "$WORK/$engine.small" 2>&1) &&
		target[$engine.SMALL]=$WORK/$engine.small
done

rows "${1:-}" <<'END'
= transfers
# data directions
read        | | --rw=read                           | total("read") == 1024 and bytes("read") == 4194304
write       | | --rw=write                          | total("write") == 1024 and bytes("write") == 4194304
randread    | | --rw=randread                       | total("read") == 1024
randwrite   | | --rw=randwrite                      | total("write") == 1024
readwrite   | | --rw=rw                             | total("read") + total("write") == 1024
randrw      | | --rw=randrw --rwmixread=70          | total("read") + total("write") == 1024 and total("read") > total("write")
backwards   | | --rw=read:-8k --bs=4k               | total("read") > 0
skip        | | --rw=write:4k                       | total("write") > 0
sequencer   | | --rw=randread:4 --rw_sequencer=identical | total("read") > 0
prime       | | --rw=randread --number_ios=977      | total("read") == 977 and sub == 977
# syncs
# (at depth, how many syncs fio makes depends on when the last one ends)
fsync       | | --size=512k --rw=write --fsync=8 --iodepth=1    | total("sync") == 15
fsync_depth | timed | --size=512k --rw=write --fsync=8          | total("sync") >= 15
fdatasync   | other | --size=512k --rw=randwrite --fdatasync=16 --iodepth=1 | sub == 128 + 7
fdatasync_depth | timed,other | --size=512k --rw=randwrite --fdatasync=16 | sub >= 128 + 7
sync_file_range | other | --size=512k --rw=write --sync_file_range=write:8 --iodepth=1 | sub == 128 + 15
sync_file_range3 | timed,other | --size=512k --rw=write --sync_file_range=wait_before,write,wait_after:8 | sub >= 128 + 15
end_fsync   | other | --rw=write --end_fsync=1      | total("write") == 1024
fsync_on_close | other | --rw=write --fsync_on_close=1 | total("write") == 1024
fsync_fixed | timed | --size=512k --rw=write --fsync=8 --fixedbufs=1  | total("sync") >= 15
sync_flag   | | --rw=write --sync=1 --size=64k     | total("write") == 16
dsync_flag  | | --rw=write --sync=dsync --size=64k | total("write") == 16
# trims: in the ring on a block device, else synchronous
trim        | other,needs-loop | --filename=@LOOP@ --rw=trim      | total("trim") == 1024
randtrim    | other,needs-loop | --filename=@LOOP@ --rw=randtrim  | total("trim") == 1024
trimwrite   | other,needs-loop | --filename=@LOOP@ --rw=trimwrite | total("trim") > 0 and total("trim") == total("write")
trim_fixed  | alone,other,needs-loop | --filename=@LOOP@ --rw=trim --fixedbufs=1 | total("trim") == 1024
trim_zeroes | other,needs-loop | !head -c 1M /dev/urandom >@LOOP@; sync @LOOP@ ;; --filename=@LOOP@ --rw=trim --size=1m ;; !cmp -n 1048576 @LOOP@ /dev/zero | total("trim") == 256
trim_file   | other,fails | --rw=trim               | errors != [0]
= contents
# verification
verify      | | --rw=write --verify=crc32c          | total("write") == 1024 and total("read") == 1024
verify_rand | | --rw=randwrite --verify=sha256      | total("read") == 1024
verify_fixed | | --rw=randwrite --verify=crc32c --fixedbufs=1 | total("read") == 1024 and opt("fixedbufs") == 1
verify_vectored | | --rw=randwrite --verify=crc32c --nonvectored=0 | total("read") == 1024 and opt("nonvectored") == 0
verify_range | | --rw=randwrite --verify=md5 --bsrange=512-8k --ba=512 --fixedbufs=1 | bytes("read") == 4194304
verify_pattern | | --rw=write --verify=pattern --verify_pattern=0xdeadbeef | total("read") == 1024
verify_direct | | --rw=randwrite --verify=crc32c --direct=1 | total("read") == 1024
verify_async_flag | | --rw=randwrite --verify=crc32c --force_async=3 | total("read") == 1024
verify_later | other | --rw=randwrite --verify=crc32c --do_verify=0 ;; --rw=randwrite --verify=crc32c --verify_only=1 | sub == 2048
verify_read | | --rw=write --verify=crc32c --do_verify=0 ;; --rw=read --verify=crc32c | total("read") == 1024
verify_backlog | | --rw=randwrite --verify=crc32c --verify_backlog=32 | total("read") == 1024
verify_backlog_batch | | --rw=write --verify=crc32c --verify_backlog=64 --verify_backlog_batch=16 | total("read") == 1024
verify_threads | | --rw=randwrite --verify=crc32c --verify_async=1 | total("read") == 1024
verify_finds | fails | --rw=write --verify=crc32c --do_verify=0 ;; !dd if=/dev/zero of=data bs=1 seek=1000000 count=64 conv=notrunc status=none ;; --rw=read --verify=crc32c --verify_fatal=1 | errors == [0, 84]
verify_state | | --rw=write --verify=crc32c --loops=2 --verify_state_save=1 | total("write") == 2048
= pace
# arrival
rate        | | --rw=read --rate=16m                | total("read") == 1024
rate_iops   | | --rw=randread --rate_iops=4000      | total("read") == 1024
poisson     | | --rw=randread --rate_iops=4000 --rate_process=poisson | total("read") == 1024
rate_min    | fails,timed,other | --rw=randread --rate_iops=99999999 --rate_iops_min=99999998 --ratecycle=100 --time_based --runtime=3 | errors != [0]
thinktime   | | --rw=read --size=512k --thinktime=500 | total("read") == 128
thinktime_spin | | --rw=read --size=64k --thinktime=20000 --thinktime_spin=100 | total("read") == 16
thinktime_blocks | | --rw=read --thinktime=2000 --thinktime_blocks=64 | total("read") == 1024
thinktime_issue | | --rw=read --thinktime=2000 --thinktime_blocks=64 --thinktime_blocks_type=issue | total("read") == 1024
sleepy      | alone | --rw=randread --number_ios=20 --iodepth=1 --thinktime=20000 --sq_thread_idle=1 | total("read") == 20 and ($sq[0].wakeups >= 15)
# depth and batches
depth1      | | --rw=randread --iodepth=1           | total("read") == 1024 and opt("sq_entries") == 1
depth_odd   | | --rw=randread --iodepth=100         | total("read") == 1024 and opt("sq_entries") == 128
depth4096   | | --rw=randread --iodepth=4096        | total("read") == 1024
depth_max   | | --rw=randread --iodepth=32768 --bs=512 --size=8m | total("read") == 16384
batch       | | --rw=randread --iodepth_batch=4     | total("read") == 1024
batch_one   | | --rw=randread --iodepth_batch=1     | total("read") == 1024
batch_complete | | --rw=randread --iodepth_batch_complete_min=4 --iodepth_batch_complete_max=8 | total("read") == 1024
batch_all   | | --rw=randread --iodepth_batch=16 --iodepth_batch_complete_min=16 | total("read") == 1024
batch_none  | | --rw=randread --iodepth_batch_complete=0 | total("read") == 1024
depth_low   | | --rw=randread --iodepth_low=2 --iodepth_batch=8 | total("read") == 1024
batch_sync  | timed | --rw=randwrite --iodepth_batch=16 --fsync=5 --iodepth_batch_complete_min=8 | total("sync") > 0
batch_trim  | other,needs-loop | --filename=@LOOP@ --rw=trimwrite --iodepth_batch=8 --iodepth_batch_complete_min=8 | total("trim") > 0
overlap     | | --rw=randwrite --norandommap --serialize_overlap=1 --size=64k --io_size=4m | total("write") == 1024
overlap_verify | | --rw=randwrite --norandommap --serialize_overlap=1 --size=64k --io_size=1m --verify=crc32c | total("write") == 256
offload     | fails | --rw=randread --io_submit_mode=offload | sub == 0
= jobs
# jobs
processes   | | --rw=randread --numjobs=3           | total("read") == 3072 and ([$sq[].thread] | sort) == [1, 2, 3] and ([$sq[].pid] | unique | length) == 3
threads     | | --rw=randread --numjobs=3 --thread=1 | total("read") == 3072 and ([$sq[].pid] | unique | length) == 1 and ([$sq[].sq_thread.tid] | all(. == null) or (unique | length) == 3)
group       | | --rw=randread --numjobs=3 --group_reporting | total("read") == 3072 and (jobs | length) == 1 and ($sq | length) == 3
group_threads | | --rw=randwrite --numjobs=3 --thread=1 --group_reporting --size=1m | total("write") == 768
stonewall   | | --rw=read --name=second --stonewall --rw=write --name=third --stonewall --rw=randread | (jobs | length) == 3 and ([$sq[].job] | sort) == ["second", "stonewall", "third"]
wait_for    | | --rw=read --name=second --wait_for=wait_for --rw=randread | ($sq | length) == 2
mixed       | other | --rw=read --name=other --ioengine=psync --rw=write | ($sq | length) == 1
# how a request is made
nonvectored0 | | --rw=randrw --nonvectored=0        | opt("nonvectored") == 0
nonvectored1 | | --rw=randrw --nonvectored=1        | opt("nonvectored") == 1
nonvectored_default | | --rw=randrw --nonvectored=-1 | opt("nonvectored") == 1
fixedbufs   | | --rw=randrw --fixedbufs=1           | opt("fixedbufs") == 1
fixedbufs_direct | | --rw=randrw --fixedbufs=1 --direct=1 | opt("fixedbufs") == 1
nowait      | | --rw=read --nowait=1 --invalidate=0 --pre_read=1 | opt("nowait") == 1
uncached    | alone,needs-uncached | --rw=randrw --uncached=1 | opt("uncached") == 1
force_async1 | | --rw=randrw --force_async=1        | opt("force_async") == 1
force_async7 | | --rw=randrw --force_async=7        | opt("force_async") == 7
direct      | | --rw=randrw --direct=1              | total("read") + total("write") == 1024
buffered    | | --rw=randrw --direct=0              | total("read") + total("write") == 1024
old_atomic  | alone,fails,needs-old_atomic_fio | --rw=write --atomic=1 --direct=1 | ($sq | length) == 0
atomic      | needs-atomic | --rw=write --atomic=1 --direct=1 --size=64k | errors == [0]
sqthread    | | --rw=randread --sqthread_poll=1 --registerfiles=1 | total("read") == 1024
sqthread_cpu | | --rw=randread --sqthread_poll=1 --sqthread_poll_cpu=0 | opt("sq_thread_cpu") == 0
foreign_options | alone | --rw=randread --readfua=0 --writefua=0 --write_mode=write --verify_mode=read --deac=0 --md_per_io_size=0 --pi_act=1 --apptag=1 --apptag_mask=1 | $sq[0].notes == []
# priorities
prio        | | --rw=randread --prio=7 --prioclass=2 | total("read") == 1024
prio_idle   | | --rw=randread --prioclass=3         | total("read") == 1024
cmdprio_percentage | | --rw=randread --cmdprio_percentage=50 --direct=1 | total("read") == 1024
cmdprio_class | | --rw=randread --cmdprio_percentage=30 --cmdprio_class=2 --cmdprio=3 --direct=1 | total("read") == 1024
cmdprio_bssplit | | --rw=randread --bssplit=4k/50:8k/50 --cmdprio_bssplit=4k/10:8k/50 --direct=1 | bytes("read") == 4194304
cmdprio_split | | --rw=randrw --cmdprio_percentage=20,80 --direct=1 | total("read") + total("write") == 1024
cmdprio_both | fails | --rw=randread --cmdprio_percentage=50 --cmdprio_bssplit=4k/10 | ($sq | length) == 0
# recorded I/O
# (at depth, fio 3.33 forgets what is in flight at the end of a log: the ring must not)
iolog       | | --rw=randrw --write_iolog=log ;; --iodepth=1 --read_iolog=log | total("read") + total("write") == 2048
iolog_depth | timed | --rw=randrw --write_iolog=log ;; --read_iolog=log | total("read") + total("write") == 2048
iolog_nostall | timed | --rw=randrw --write_iolog=log ;; --read_iolog=log --replay_no_stall=1 | total("read") + total("write") == 2048
iolog_chunked | timed | --rw=randrw --write_iolog=log ;; --read_iolog=log --read_iolog_chunked=1 | total("read") + total("write") == 2048
iolog_redirect | timed | --rw=randread --write_iolog=log ;; --read_iolog=log --replay_redirect=data | total("read") == 2048
iolog_fsync | | --rw=write --fsync=16 --iodepth=1 --size=1m --write_iolog=log ;; --iodepth=1 --read_iolog=log | total("write") == 512
iolog_files | timed | --rw=randread --nrfiles=3 --filename=a:b:c --size=3m --write_iolog=log ;; --read_iolog=log | total("read") == 1536
= amounts
# amounts
loops       | | --rw=randread --loops=3             | total("read") == 3072
io_size     | | --rw=randread --io_size=2m          | total("read") == 512
io_size_over | | --rw=write --io_size=6m            | total("write") == 1536
offset      | | --rw=read --offset=1m --size=1m     | total("read") == 256
offset_increment | | --rw=read --numjobs=2 --offset_increment=2m --size=1m | total("read") == 512
percent     | | --rw=read --size=25%                | total("read") == 512
bsrange     | | --rw=randread --bsrange=1k-16k --bs_unaligned=1 | bytes("read") > 4000000
bssplit     | | --rw=randrw --bssplit=4k/60:64k/40  | bytes("read") + bytes("write") > 4000000
bs_each     | | --rw=rw --bs=4k,16k                 | bytes("write") == total("write") * 16384
large       | | --rw=write --bs=1m --iodepth=4      | total("write") == 4
odd         | | --rw=read --bs=1000                 | total("read") > 4190
strided     | | --rw=read --zonemode=strided --zonesize=64k --zoneskip=64k --size=8m --io_size=2m | total("read") == 512
zbd         | | --rw=randwrite --zonemode=zbd --zonesize=1m --size=4m | total("write") > 0
runtime     | timed | --rw=randread --runtime=1 --time_based | total("read") > 0
ramp        | timed,other | --rw=randread --ramp_time=1 --runtime=1 --time_based | total("read") > 0 and sub >= ios
time_short  | | --rw=randread --runtime=50          | total("read") == 1024
steadystate | timed | --rw=randread --runtime=30 --time_based --steadystate=iops:1000% --steadystate_duration=1 | jobs[0].steadystate.attained == 1
latency_target | timed,other | --rw=randread --latency_target=10s --latency_window=200ms --latency_percentile=90 --runtime=2 --time_based | total("read") > 0
# memory and clocks
mem_mmap    | | --rw=randrw --mem=mmap              | errors == [0]
mem_shm     | | --rw=randrw --mem=shm --fixedbufs=1 | errors == [0]
mem_file    | | !truncate -s 1m buffers ;; --rw=randrw --mem=mmapshared:buffers | errors == [0]
mem_shmhuge | needs-hugepages | --rw=randrw --mem=shmhuge --fixedbufs=1 | errors == [0]
mem_align   | | --rw=randrw --iomem_align=512 --direct=1 | errors == [0]
gtod_reduce | | --rw=randread --gtod_reduce=1       | $sq[0].gap_ns.n == 0 and ($sq[0].reasons.gap_ns | length) > 0
gtod_cpu    | | --rw=randread --gtod_cpu=0          | total("read") == 1024
disable_lat | | --rw=randread --disable_lat=1 --disable_clat=1 --disable_slat=1 | total("read") == 1024
clock_gtod  | | --rw=randread --clocksource=gettimeofday | total("read") == 1024
clock_cpu   | | --rw=randread --clocksource=cpu     | total("read") == 1024
logs        | | --rw=randread --write_lat_log=l --write_bw_log=b --write_iops_log=i --log_avg_msec=10 | total("read") == 1024
log_offset  | | --rw=randread --write_lat_log=l --log_offset=1 --log_prio=1 ;; !test "$(wc -l <l_clat.1.log)" = 1024 | total("read") == 1024
unified     | timed,other | --rw=randrw --unified_rw_reporting=1 | jobs[0].mixed.total_ios == 1024
max_latency | fails,timed,other | --rw=randread --max_latency=1ns | errors == [110]
= errors
# errors
truncated   | | !echo truncate -s 1m data >cut ;; --rw=read --exec_prerun=sh<cut | bytes("read") == 1048576
short_tail  | other | !echo truncate -s 1050000 data >cut ;; --rw=read --exec_prerun=sh<cut | bytes("read") == 1048576 and jobs[0].read.short_ios == 1
verify_errors | noted | --rw=write --verify=crc32c --do_verify=0 ;; !dd if=/dev/zero of=data bs=4k seek=100 count=17 conv=notrunc status=none ;; --rw=read --verify=crc32c --continue_on_error=verify | jobs[1].total_err == 17 and total("read") == 1024
ignored     | noted,needs-small_fs | !rm -f @SMALL@/* ;; --rw=write --filename=@SMALL@/f --fallocate=none --ignore_error=,ENOSPC | total("write") == 1024 and jobs[0].total_err == 512
no_space    | fails,timed,other,needs-small_fs | !rm -f @SMALL@/* ;; --rw=write --filename=@SMALL@/f --size=16m --fallocate=none --file_append=1 | errors == [28]
fill_device | timed,other,needs-small_fs | !rm -f @SMALL@/* ;; --rw=write --filename=@SMALL@/f --size=16m --fallocate=none --fill_device=1 | bytes("write") > 1000000
no_file     | fails,other | --rw=read --filename=missing --allow_file_create=0 | ($sq | length) == 0
END
