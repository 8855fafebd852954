#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is every misuse answered with exit code 2 and one clear line, before anything is written?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1

# usage_error PATTERN ARGS...
usage_error() {
	local pattern=$1 rc=0
	shift
	"$SQP_BENCH" "$@" --out "$WORK/out" >"$WORK/o" 2>"$WORK/e" </dev/null || rc=$?
	[ "$rc" -eq 2 ] || fail "sqbench $*: exit $rc, not 2: $(cat "$WORK/e")"
	grep -Eq -- "$pattern" "$WORK/e" || fail "sqbench $*: said: $(cat "$WORK/e")"
	[ ! -s "$WORK/o" ] || fail "sqbench $*: an error is no output"
	[ ! -e "$WORK/out" ] || fail "sqbench $*: wrote something"
}

for command in preflight run list tune affinity predict report versus compare ring change gate history nightly; do
	"$SQP_BENCH" "$command" --help >"$WORK/help" || fail "$command --help"
	grep -q -- --json "$WORK/help" || fail "$command --help does not name --json"
done
"$SQP_BENCH" --help | grep -q tune || fail "--help"
"$SQP_BENCH" --version | grep -Eq '^sqbench [0-9.]+$' || fail "--version"
expect_fail 'no command .frob' "$SQP_BENCH" frob
expect_fail 'Usage' "$SQP_BENCH"

printf '[a]\nrw=randread\nsize=1m\n' >"$WORK/a.fio"
truncate -s 2M "$WORK/data"
usage_error 'one argument too many' list more
usage_error 'name a job file' run
usage_error 'name A and B' compare
usage_error 'name A and B' compare one
usage_error 'one argument too many' compare one two three
usage_error '--worth' compare one two --worth none
usage_error 'neither a directory nor a run of' compare one two
usage_error 'no-such' run no-such.fio
usage_error "fio's own arguments follow" run "$WORK/a.fio" extra
usage_error 'NAME=VALUE' run -D nothing "$WORK/a.fio"
usage_error 'exclude each other' tune --file "$WORK/data" --device /dev/null
usage_error 'not a block device' tune --device "$WORK/data"
usage_error 'not a regular file' tune --file /dev/null
usage_error 'No such file' tune --file "$WORK/nothing"
usage_error 'smaller than' tune --file "$WORK/a.fio"
usage_error '--hipri' tune --hipri maybe
usage_error 'name a run' report
usage_error 'one argument too many' report a b
usage_error 'is not in' report 20260101T000000Z-tune-0000
usage_error 'No such file' report "$WORK/nothing"
usage_error 'not a run of sqbench tune' report "$WORK/"
usage_error '1 to 10000000' tune --rates 0
usage_error 'the law is one of' tune --rates sometimes:5
usage_error 'not a number of milliseconds' tune --idles 4,x
usage_error '--budget' tune --budget soon
usage_error '--cpu-price' tune --cpu-price -1
usage_error 'may not use that CPU' tune --sq-cpu 4000
