#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: are files that come and go (late, often, many, odd ones) registered and given back as they should be?
# Expected: every row below gives the totals that io_uring gives; no descriptor is left over in a process that runs
#           job after job.
# Wrong if: a request goes to another file, a slot or a descriptor leaks, a reopened file fails with EBADF.
. "$SQP_SOURCE/tests/engine/rows.sh" || exit 1

# descriptors_stay KIND: 40 jobs one after the other in one process, 64 descriptors allowed; KIND names the options
# that the jobs take in turn
descriptors_stay() {
	local kind=$1 i options
	mkdir -p "$WORK/fds"
	cd "$WORK/fds" || exit 1
	rm -f ./*
	{
		printf '[global]\nioengine=sqpoll\nstats_file=stats.jsonl\nthread=1\nrw=randread\nfilesize=16k\nnrfiles=6\n'
		# shellcheck disable=SC2016 # for the shell that fio starts
		printf 'filename_format=f.$filenum\niodepth=4\nstonewall\nexec_prerun=ls /proc/$PPID/fd | wc -l\n'
		for ((i = 0; i < 40; i++)); do
			mapfile -t options < <(tr ',' '\n' <<<"$kind")
			printf '[job%u]\n%s\n' "$i" "$(tr ' ' '\n' <<<"${options[i % ${#options[@]}]}")"
		done
	} >jobs.fio
	bounded_fio jobs.fio >out 2>&1 </dev/null || echo $? >rc
	# fio sends what it starts to files, in order of their numbers
	for ((i = 0; i < 40; i++)); do
		[ ! -e "job$i.prerun.txt" ] || cat "job$i.prerun.txt"
	done >count
}

# same_counts PERIOD: jobs of one kind begin with the same number of descriptors, however many ran before
same_counts() {
	awk -v period="$1" '
		NR <= period { first[NR % period] = $1 }
		$1 != first[NR % period] { exit 1 }' "$WORK/fds/count" ||
		fail "descriptors at the start of each job: $(tr '\n' ' ' <"$WORK/fds/count")"
}

test_descriptors_after_good_jobs() {
	(
		ulimit -n 64
		descriptors_stay 'openfiles=6,openfiles=2,openfiles=1 rw=randwrite,fixedbufs=1,create_on_open=1,rw=write verify=crc32c'
	)
	[ ! -e "$WORK/fds/rc" ] || { tail -n 5 "$WORK/fds/out" >&2; fail "jobs one after the other end with an error"; }
	[ "$(wc -l <"$WORK/fds/count")" -eq 40 ] || fail "only $(wc -l <"$WORK/fds/count") of 40 jobs ran"
	same_counts 6
	[ "$(jq -s 'map(select(.submitted == .completed and .error == 0)) | length' "$WORK/fds/stats.jsonl")" -eq 40 ] ||
		fail "not all of 40 statistics lines say that all is well"
	echo "passed descriptors_after_good_jobs"
}

# What a refused job had opened has to be closed as well.
test_descriptors_after_refused_jobs() {
	(
		ulimit -n 64
		descriptors_stay 'sqthread_poll=0,hipri=1,stats_file=/nonexistent/s,sq_thread_cpu=99999,cmdprio_percentage=5 cmdprio_bssplit=4k/1,registerfiles=0,rw=write,openfiles=1'
	)
	[ -e "$WORK/fds/rc" ] || fail "jobs that had to be refused were not"
	[ "$(jq -s 'map(select(.submitted == .completed and .submitted > 0 and .error == 0)) | length' "$WORK/fds/stats.jsonl")" -eq 10 ] ||
		fail "not all of the 10 good jobs among 30 refused ones ran: $(grep -m 3 sqpoll: "$WORK/fds/out")"
	same_counts 2
	! grep -q 'no file descriptor left\|Too many open files' "$WORK/fds/out" || fail "descriptors ran out"
	echo "passed descriptors_after_refused_jobs"
}

for engine in io_uring sqpoll; do
	head -c 8M /dev/urandom >"$WORK/$engine.disk"
	make_loop "$engine" "$WORK/$engine.disk"
done
test_descriptors_after_good_jobs
test_descriptors_after_refused_jobs

rows '' <<'END'
# several files
four        | | --nrfiles=4 --rw=randread           | total("read") == 1024 and opt("nrfiles") == 4
four_write  | | --nrfiles=4 --rw=randwrite --verify=crc32c | total("read") == 1024
joined      | | --filename=a:b:c --rw=randread --filesize=1m --size=3m | total("read") == 768
joined_verify | | --filename=a:b:c --rw=write --filesize=1m --size=3m --verify=crc32c --fixedbufs=1 | total("read") == 768
sequential  | | --nrfiles=5 --filesize=256k --size=1280k --file_service_type=sequential --rw=read | total("read") == 320
roundrobin  | | --nrfiles=5 --filesize=256k --size=1280k --file_service_type=roundrobin:3 --rw=randrw | total("read") + total("write") == 320
random      | | --nrfiles=5 --filesize=256k --size=1280k --file_service_type=random:2 --rw=randwrite --verify=md5 | total("read") == 320
zipf        | | --nrfiles=5 --file_service_type=zipf:1.1 --rw=randread | total("read") > 0
format      | | --nrfiles=3 --filename_format=x.$jobnum.$filenum --numjobs=2 --rw=write --filesize=128k --size=384k ;; !test -s x.1.2 | total("write") == 192
directory   | | !mkdir d e ;; --nrfiles=2 --directory=d:e --numjobs=2 --rw=write --size=512k ;; !test -n "$(ls e)" | total("write") == 256
opendir     | | !mkdir d; cp data d/1; cp data d/2 ;; --nrfiles=1 --opendir=d --rw=randread --size=16m | total("read") == 4096
sizes       | | --nrfiles=20 --filesize=4k-64k --size=640k --rw=randread | total("read") > 0
shared      | | --nrfiles=4 --filename_format=s.$filenum --rw=write --filesize=256k --size=1m ;; --nrfiles=4 --filename_format=s.$filenum --numjobs=3 --thread=1 --rw=randread --filesize=256k --size=1m | total("read") >= 256
locked      | | --filename=data --numjobs=2 --thread=1 --lockfile=exclusive --rw=randrw --openfiles=1 --size=256k | total("read") + total("write") == 128
# fewer open than there are
open3of10   | | --nrfiles=10 --openfiles=3 --filesize=128k --size=1280k --rw=randread --file_service_type=sequential | total("read") == 320
open1of10   | | --nrfiles=10 --openfiles=1 --filesize=64k --size=640k --rw=write --file_service_type=sequential --verify=crc32c | total("read") == 160
open2of6    | | --nrfiles=6 --openfiles=2 --filesize=128k --size=768k --rw=randwrite --file_service_type=roundrobin --verify=crc32c | total("read") == 192
open2random | | --nrfiles=6 --openfiles=2 --filesize=128k --size=768k --rw=randread --file_service_type=random | total("read") == 192
open3loops  | | --nrfiles=7 --openfiles=3 --filesize=64k --size=448k --rw=randread --loops=4 | total("read") == 448
open3fsync  | timed | --nrfiles=6 --openfiles=3 --filesize=128k --size=768k --rw=randwrite --fsync=8 | total("sync") > 0
open2fixed  | | --nrfiles=6 --openfiles=2 --filesize=128k --size=768k --rw=randwrite --fixedbufs=1 --verify=sha1 | total("read") == 192
open2time   | timed | --nrfiles=6 --openfiles=2 --filesize=16k --size=96k --rw=randread --file_service_type=sequential --time_based --runtime=1 | total("read") > 24
open1depth1 | | --nrfiles=6 --openfiles=1 --filesize=16k --size=96k --rw=randread --iodepth=1 | total("read") == 24
open2threads | | --nrfiles=6 --openfiles=2 --filesize=64k --size=384k --rw=randread --numjobs=4 --thread=1 | total("read") == 384
many500     | | --nrfiles=500 --openfiles=10 --filesize=8k --size=4000k --rw=randread | total("read") == 1000 and opt("nrfiles") == 500
many500open | | --nrfiles=500 --filesize=8k --size=4000k --rw=randread | total("read") == 1000
# files that come and go
unlink      | | --filename=gone --rw=write --unlink=1 ;; !test ! -e gone | total("write") == 1024
unlink_loop | | --filename=gone --rw=write --unlink_each_loop=1 --loops=3 --size=1m | total("write") == 768
create_on_open | | --nrfiles=5 --create_on_open=1 --rw=write --filesize=64k --size=320k | total("write") == 80
create_open2 | | --nrfiles=5 --openfiles=2 --create_on_open=1 --rw=write --filesize=64k --size=320k --file_service_type=sequential | total("write") == 80
create_only | noted,other | --nrfiles=3 --filesize=64k --rw=write --create_only=1 | errors == [0] and sub == 0
layout_later | | --filename=late --create_serialize=0 --rw=randread --size=1m | total("read") == 256
append      | | --filename=grow --rw=write --size=1m --file_append=1 ;; --filename=grow --rw=write --size=1m --file_append=1 ;; !test "$(stat -c %s grow)" = 2097152 | total("write") == 512
truncates   | | --filename=data --rw=write --overwrite=1 --size=1m | total("write") == 256
# odd files
null        | | --filename=/dev/null --rw=write --size=4m | total("write") == 1024
zero        | | --filename=/dev/zero --rw=read --size=4m | total("read") == 1024
read_only   | | !chmod 444 data ;; --filename=data --readonly --rw=randread | total("read") == 1024
block       | needs-loop | --filename=@LOOP@ --rw=randread | total("read") == 1024
block_write | needs-loop | --filename=@LOOP@ --rw=randwrite --verify=crc32c --direct=1 | total("read") == 1024
block_both  | needs-loop | --filename=@LOOP@:data --rw=randread --size=8m | total("read") == 2048
symlink     | | !ln -s data link ;; --filename=link --rw=randread | total("read") == 1024
not_there   | fails,other | --filename=missing --allow_file_create=0 --rw=read | sub == 0
one_missing | fails,other | --filename=data:missing --allow_file_create=0 --rw=read | sub == 0
END
