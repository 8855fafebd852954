#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: does a job for this engine run through fio's client and server as it does alone?
# Expected: the client's JSON is whole, the statistics file is on the server, an error of the engine reaches the
#           client as one line, and the server lives on. With stats_file=client: the statistics come through fio's own
#           connection, whole, and only there.
# Wrong if: the summary gets into the client's output, an error is silent, or the server dies with a job.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio jq timeout

server=''
stop_server() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	[ -z "$server" ] || wait "$server" 2>/dev/null
	rm -rf "$WORK"
}
trap stop_server EXIT

cd "$WORK" || exit 1
mkdir server client

# start_server: in a directory of its own, on a socket of its own
start_server() {
	local i
	(
		cd server || exit 1
		exec "${fio_env[@]}" fio --server=sock:"$WORK/socket" >log 2>&1 </dev/null
	) &
	server=$!
	for ((i = 0; i < 200; i++)); do
		[ ! -S socket ] || return 0
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	cat server/log >&2
	fail "the server did not come up"
}

# ask NAME ARGS...: sends client/NAME.fio to the server; output in client/NAME.out, prints the exit code
ask() {
	local name=$1 rc=0
	shift
	timeout -k 5 60 env LD_LIBRARY_PATH="$SQP_ENGINE_DIR" fio "$@" --client=sock:"$WORK/socket" "client/$name.fio" \
		>"client/$name.out" 2>&1 </dev/null || rc=$?
	echo "$rc"
}

job_file() {
	printf '[global]\nioengine=sqpoll\nsize=1m\nbs=4k\niodepth=8\nfilename=data\n'
	printf '%s\n' "$@"
}

start_server

job_file '[one]' rw=randrw stats_file=stats.jsonl '[two]' stonewall rw=read numjobs=2 thread=1 stats_file=stats.jsonl \
	>client/good.fio
[ "$(ask good --output-format=json --output=client/good.json)" = 0 ] || { cat client/good.*; fail "a good job failed"; }
[ "$(json client/good.json '[.client_stats[] | select(.jobname != "All clients") | .error] | tostring')" = '[0,0,0]' ] ||
	fail "errors: $(json client/good.json '.client_stats[].error')"
[ "$(json client/good.json '[.client_stats[] | select(.jobname != "All clients") | .read.total_ios + .write.total_ios] | tostring')" = '[256,256,256]' ] ||
	fail "totals: $(json client/good.json '.client_stats[] | [.jobname, .read.total_ios, .write.total_ios]')"
! grep -q SQPOLL client/good.json client/good.out || fail "the summary is in the client's output"
[ "$(jq -c '[.job, .submitted, .completed]' server/stats.jsonl | sort | tr '\n' ' ')" = \
	'["one",256,256] ["two",256,256] ["two",256,256] ' ] || fail "the server's statistics: $(<server/stats.jsonl)"
echo "passed: a good job"

[ "$(ask good)" = 0 ] || fail "a good job failed with normal output"
grep -q 'err= 0' client/good.out || fail "no normal output: $(<client/good.out)"
echo "passed: normal output"

# 3000 gaps from 10 us to 30 ms fill many bins: a line much longer than the pieces (1024 bytes) of fio's protocol
job_file rate_process=poisson rate_iops=1000 number_ios=1500 norandommap time_based runtime=1500ms sq_thread_idle=1 stats_file=client: \
	'[long]' rw=randread '[threads]' stonewall rw=randread numjobs=3 thread=1 >client/told.fio
rm -f server/stats.jsonl
[ "$(ask told --output-format=json --output=client/told.json)" = 0 ] || { cat client/told.*; fail "a job that tells its client failed"; }
grep -c '' client/told.out && fail "beside --output: $(<client/told.out)"
sed -n 's/^<[^>]*> sqpoll-stats //p' client/told.json >client/told.jsonl
[ "$(jq -c '[.schema, .job, .submitted == .completed, .submitted > 100, .host.name, .target.path]' client/told.jsonl | sort | uniq -c | tr -s ' ' | tr '\n' ' ')" = \
	" 1 [\"sqpoll-stats/1\",\"long\",true,true,\"$(uname -n)\",\"data\"]  3 [\"sqpoll-stats/1\",\"threads\",true,true,\"$(uname -n)\",\"data\"] " ] ||
	fail "told: $(<client/told.jsonl)"
[ "$(head -n 1 client/told.jsonl | wc -c)" -gt 4096 ] || fail "the line is short: $(<client/told.jsonl)"
json client/told.json '.client_stats[].jobname' | sort | uniq -c >client/jobs || fail "the JSON is damaged: $(<client/told.json)"
[ "$(tr -s ' \n' ' ' <client/jobs)" = ' 1 All clients 1 long 3 threads ' ] || fail "jobs: $(<client/jobs)"
if [ -e server/client: ] || grep -q sqpoll-stats server/log; then
	fail "the statistics are on the server as well"
fi
echo "passed: statistics for the client"

(cd server && expect_fail 'stats_file=client: sends .* this fio is no server' "${fio_env[@]}" fio --name=alone --ioengine=sqpoll --filename=data --size=1m --rw=read --stats_file=client:)
(cd server && "${fio_env[@]}" fio --name=alone --ioengine=sqpoll --filename=data --size=1m --rw=read --stats_file=./client: >"$WORK/alone" 2>&1) ||
	fail "a file named client: is refused: $(<alone)"
[ "$(jq -r .job server/client:)" = alone ] || fail "no file named client:"
echo "passed: without a client there is none to tell"

# refused OPTION PATTERN: the reason reaches the client, once per job
refused() {
	job_file '[bad]' rw=read "$1" >client/bad.fio
	[ "$(ask bad)" != 0 ] || fail "$1: the client ended with 0: $(<client/bad.out)"
	[ "$(grep -Ec -- "sqpoll: bad: $2" client/bad.out)" -eq 1 ] || fail "$1: the client saw: $(<client/bad.out)"
	kill -0 "$server" || fail "$1: the server is gone"
	echo "passed: refused $1"
}
refused sqthread_poll=0 'sqthread_poll=0: this engine is SQPOLL'
refused stats_file=/nonexistent/s 'stats_file=/nonexistent/s cannot be opened'
refused sq_thread_cpu=99999 'sq_thread_cpu=99999'

[ "$(ask good --output-format=json --output=client/good.json)" = 0 ] || fail "a good job failed after the refused ones"
[ "$(jq -s length server/stats.jsonl)" -eq 3 ] || fail "the server's statistics after one more run: $(jq -c .job server/stats.jsonl)"
! grep -q SQPOLL server/log || fail "the server printed a summary"
echo "passed: a good job after them"
