#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: does a job for this engine run through fio's client and server as it does alone?
# Expected: the client's JSON is whole, the statistics file is on the server, an error of the engine reaches the
#           client as one line, and the server lives on.
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
[ "$(jq -s length server/stats.jsonl)" -eq 9 ] || fail "the server's statistics after three runs: $(jq -c .job server/stats.jsonl)"
! grep -q SQPOLL server/log || fail "the server printed a summary"
echo "passed: a good job after them"
