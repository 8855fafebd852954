// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobscan.h"

static char *lookup(const char *name)
{
	return strcmp(name, "FILENAME") ? NULL : "/dev/x";
}

static struct jobscan scan(const char *text)
{
	struct jobscan s = { 0 };

	assert_int_equal(jobscan_add(&s, text, lookup), 0);
	return s;
}

static void writes(void **state)
{
	static const char *const yes[] = { "rw=write", " rw = randrw ", "readwrite=rw:8", "[a]\nrw=randread\n[b]\nrw=randtrim",
					   "rw=trimwrite", "rw=randwrite\t" };
	static const char *const no[] = { "rw=read", "rw=randread:4", "# rw=write", "; rw=write", "[rw=write]", "brw=write",
					  "description=rw write", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(scan(yes[i]).writes);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(scan(no[i]).writes);
	assert_true(scan("include other.fio").includes);
}

static void files(void **state)
{
	struct jobscan s = scan("filename=${FILENAME}:a\\:b:${NOTHING}\n[x]\n filename = c d \n");

	(void)state;
	assert_int_equal(s.files, 3);
	assert_string_equal(s.file[0], "/dev/x");
	assert_string_equal(s.file[1], "a:b");
	assert_string_equal(s.file[2], "c d");
	jobscan_free(&s);
}

static void arguments(void **state)
{
	char *split[] = { "--filename", "/dev/y", "--rw", "write", "--name=z", NULL };
	char *joined[] = { "--filename=/dev/y", "--rw=randread", "--time_based", "--runtime=1", NULL };
	struct jobscan s = { 0 };

	(void)state;
	assert_int_equal(jobscan_add_args(&s, split, lookup), 0);
	assert_true(s.writes);
	assert_string_equal(s.file[0], "/dev/y");
	jobscan_free(&s);
	memset(&s, 0, sizeof(s));
	assert_int_equal(jobscan_add_args(&s, joined, lookup), 0);
	assert_false(s.writes);
	assert_string_equal(s.file[0], "/dev/y");
	jobscan_free(&s);
}

static void too_many(void **state)
{
	char text[1024] = "filename=a";
	struct jobscan s;

	(void)state;
	for (int i = 0; i < JOBSCAN_FILES_MAX; i++)
		strcat(text, ":a");
	s = scan(text);
	assert_true(s.too_many);
	jobscan_free(&s);
}

static void stats(void **state)
{
	char *out = jobscan_with_stats("[a]\nioengine=sqpoll\nbs=4k\n[b]\nioengine=io_uring\n[c]\n ioengine = sqpoll", "x.jsonl");

	(void)state;
	assert_string_equal(out, "[a]\nioengine=sqpoll\nstats_file=x.jsonl\nbs=4k\n[b]\nioengine=io_uring\n[c]\n"
				 " ioengine = sqpoll\nstats_file=x.jsonl\n");
	free(out);
	assert_true(scan("ioengine=sqpoll\nstats_file=y").stats_file);
	assert_true(scan("ioengine=external:/lib/fio-sqpoll.so").sqpoll);
	assert_false(scan("ioengine=io_uring").sqpoll);
	assert_true(scan("rate_iops=5").paced && scan("[a]\nread_iolog=x").paced && scan("rate=1m").paced);
	assert_false(scan("thinktime=5\nrate_process=poisson").paced);
	assert_true(scan("thinktime=5").thinks && scan("read_iolog=x").replays && scan("sqthread_poll").sqthread_poll && scan("buffered=0").direct);
	assert_false(scan("thinktime=0").thinks || scan("direct=0").direct || scan("sqthread_poll=0").sqthread_poll || scan("buffered=1").direct);
	assert_int_equal(scan("iodepth=8\n[a]\niodepth=32").iodepth, 32);
	assert_string_equal(scan("ioengine=libaio").engine, "libaio");
}

static void numbers_of_jobs(void **state)
{
	(void)state;
	assert_int_equal(scan("[global]\nbs=4k\n[a]\nrw=read").jobs, 1);
	assert_int_equal(scan("[a]\nnumjobs=3\n[b]\n").jobs, 4);
	assert_int_equal(scan("[global]\nnumjobs=2\n[a]\n[b]\nnumjobs=5\n[global]\nnumjobs=3\n[c]").jobs, 10);
	assert_int_equal(scan("[a]\nnumjobs=3\nnumjobs=1").jobs, 1);
	assert_int_equal(scan("; numjobs=3\n").jobs, 0);
	assert_string_equal(scan("[a]\ncpus_allowed = 0-1").cpus, "0-1");
}

static void other_options(void **state)
{
	static const char *const drop[] = { "ioengine", "runtime", NULL };
	char *out = jobscan_with("; a job\nbs=4k\n[a]\n ioengine = libaio\n#runtime=3\nruntime=9\nruntime_x=1\ntime_based", "ioengine=x\n", drop);

	(void)state;
	assert_string_equal(out, "[global]\nioengine=x\n; a job\nbs=4k\n[a]\n#runtime=3\nruntime_x=1\ntime_based\n");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes),   cmocka_unit_test(files), cmocka_unit_test(arguments),
		cmocka_unit_test(too_many), cmocka_unit_test(stats), cmocka_unit_test(other_options),
		cmocka_unit_test(numbers_of_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
