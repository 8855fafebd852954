#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: does the suite measure on other hosts through fio's client and server, and say of each one that cannot why?
# Expected: results and the engine's statistics of three hosts; one line and a bounded time for a host without the engine, with another program on
#           the port, with nothing there, with a server that hangs, and for one that dies in the middle of a job.
# Wrong if: a client hangs, a dead host is taken for a result, or a file is written on a host.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
. "$SQP_SOURCE/tests/cli/fleet-lib.sh" || exit 1
need jq
fleet_need
tool=$SQP_BUILD/tests/cli/remote-tool
cd "$WORK" || exit 1

# with_its_words PATTERN LIMIT ARGS...: the tool; again where fio's server was gone before its words had been sent, which happens under load
with_its_words() {
	local pattern=$1 limit=$2 rc _
	shift 2
	for _ in 1 2 3; do
		rc=0
		in_hub timeout -k 1 "$limit" "$tool" "$@" >"$WORK/words" 2>&1 || rc=$?
		if [[ $pattern = *'the connection ended'* ]] || ! grep -q 'the connection ended before' "$WORK/words"; then
			break
		fi
	done
	cat "$WORK/words"
	return "$rc"
}

# refused PATTERN SECONDS ARGS...: remote-tool fails with that, within so many seconds
refused() {
	local pattern=$1 limit=$2 start=$SECONDS
	shift 2
	expect_fail "$pattern" with_its_words "$pattern" $((limit + 5)) "$@"
	[ "$(wc -l <"$WORK/expect_fail.out")" -eq 1 ] || fail "$*: more than one line: $(<"$WORK/expect_fail.out")"
	[ $((SECONDS - start)) -le "$limit" ] || fail "$*: took $((SECONDS - start)) s"
	echo "passed: $pattern"
}

check() {
	in_hub "$tool" check "$SQP_ENGINE_DIR" "$(fleet_address "$1")" "$2"
}

for i in 1 2 3 4 5 6 7; do
	fleet_host "$i"
	head -c 1M /dev/zero >"host$i/data"
done
for i in 1 2 3 6; do
	fleet_serve "$i"
done
fleet_serve 4 env -u LD_LIBRARY_PATH

cat >job.fio <<-'END'
	[global]
	ioengine=sqpoll
	stats_file=client:
	sq_thread_idle=1
	idle_probe_ms=0
	filename=data
	size=1m
	bs=4k
	lat_percentiles=1
	[one]
	rw=randread
	iodepth=8
	[two]
	stonewall
	rw=read
END
for i in 1 2 3; do
	in_hub "$tool" run "$(fleet_address "$i")" job.fio "out$i" 30 >"lines$i" || fail "host $i"
	[ "$(jq -c '[.job, .submitted, .results, .ios]' "lines$i" | tr '\n' ' ')" = \
		'["one",256,null,null] ["two",256,null,null] [null,null,2,256] ' ] || fail "host $i: $(<"lines$i")"
	jq -se '.[-1].p50 > 0' "lines$i" >/dev/null || fail "host $i: no distribution of latencies: $(<"lines$i")"
	[ "$(ls "host$i")" = "data
server.log" ] || fail "host $i: something was written there: $(ls "host$i")"
done
echo "passed: three hosts"

check 1 data >env.json || fail "a good host is refused"
jq -e --arg kernel "$(uname -r)" --arg build "$(uname -v)" --arg fio "$(fio --version)" '.schema == "sqbench-env/1" and .kernel == $kernel and
	.kernel_build == $build and .fio == $fio and .hz > 0 and .engine == .sqbench and .target.path == "data" and .target.device and
	.remote == "10.77.0.1" and ([.. | nulls] | length) == (.reasons | length)' env.json >/dev/null || fail "env.json: $(<env.json)"
echo "passed: what is known of a host"

address=$(fleet_address 4)
refused 'there: its fio cannot load ioengine=sqpoll: install' 10 check "$SQP_ENGINE_DIR" "$address" data
refused 'there: the target is not there, or too short' 10 check "$SQP_ENGINE_DIR" "$(fleet_address 2)" no-such-file
[ ! -e host2/no-such-file ] || fail "a check made a file on the host"
printf '[a]\nioengine=sqpoll\nfilename=data\nrw=write\nsize=4k\n' >write.fio
refused 'there: fio: job <a> has write .* read-only' 10 run "$(fleet_address 2)" write.fio out 20
printf '[a]\nioengine=sqpoll\nfilename=data\nrw=read\nsize=4k\nsq_thread_cpu=99999\n' >bad.fio
refused 'there: sqpoll: a: sq_thread_cpu=99999' 10 run "$(fleet_address 2)" bad.fio out 20
refused 'there: no connection to 10.77.0.5: Connection refused: is .* fio --server running' 3 check "$SQP_ENGINE_DIR" "$(fleet_address 5)" data
fleet_cut 7
refused 'there: 10.77.0.7 does not answer within 1 s' 3 connect "$(fleet_address 7)" 1
refused 'there: no-such-host.invalid is not known|does not answer within 2 s' 5 connect no-such-host.invalid 2

# A server that hangs takes connections, because the kernel does. fio's client waits for ever.
fleet_signal 6 STOP
refused "there: fio's client had to be ended after .* hangs" 14 run "$(fleet_address 6)" job.fio out 2
fleet_signal 6 KILL

printf '[long]\nioengine=sqpoll\nstats_file=client:\nfilename=data\nsize=1m\nsq_thread_idle=1\nrw=randread\nrate_iops=100\ntime_based\nruntime=60\n' >long.fio
(
	for ((i = 0; i < 100; i++)); do
		[ "$(ip netns pids "$fleet-3" | wc -l)" -lt 4 ] || break
		sleep 0.1
	done
	sleep 0.5
	fleet_signal 3 KILL
) &
refused 'there: the connection ended before the results came' 20 run "$(fleet_address 3)" long.fio out 40
wait $!
in_hub "$tool" run "$(fleet_address 2)" job.fio out2 30 >lines2 || fail "the others cannot go on"
echo "passed: one dies, others go on"
